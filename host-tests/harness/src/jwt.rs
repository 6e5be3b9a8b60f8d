//! An identity provider for tests: a new key each time, its JSON Web Key Set, and tokens that it signs with ES256.
//! Issuer and audience are those of the shipped `envoy/fragments/jwt.yaml`.

mod metadata;

use anyhow::{Context, Result, anyhow};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
pub use metadata::{metadata, metadata_under};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// The issuer in `envoy/fragments/jwt.yaml`.
pub const ISSUER: &str = "https://id.example.com";

/// The audience that `envoy/fragments/jwt.yaml` requires of a token.
pub const AUDIENCE: &str = "promward";

/// The name that every issuer here gives its key. So a second issuer is a forger: the name is right, and the key is
/// wrong.
const KEY_ID: &str = "test";

/// The time for which [`claims`] are good, in seconds.
const LIFETIME: u64 = 3600;

/// An issuer that signs tokens. Two of them have different keys.
pub struct Issuer {
    key: EcdsaKeyPair,
    random: SystemRandom,
}

impl Issuer {
    /// Creates an issuer with a key of its own.
    ///
    /// # Errors
    ///
    /// Returns an error if the system has no randomness for a key.
    pub fn new() -> Result<Self> {
        let random = SystemRandom::new();
        let made = |_| anyhow!("cannot make a key that signs tokens");
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).map_err(made)?;
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random)
            .map_err(|error| anyhow!("cannot use a key that was made just now: {error}"))?;
        Ok(Self { key, random })
    }

    /// Returns the public key as a JSON Web Key Set.
    #[must_use]
    pub fn jwks(&self) -> String {
        // The key is an uncompressed point: a byte that marks this form, then both coordinates.
        let (x, y) = self.key.public_key().as_ref()[1..].split_at(32);
        json!({ "keys": [{
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": KEY_ID,
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
        }] })
        .to_string()
    }

    /// Signs a token with these claims.
    ///
    /// # Errors
    ///
    /// Returns an error if the system has no randomness for a signature.
    pub fn sign(&self, claims: &Value) -> Result<String> {
        let header = json!({ "alg": "ES256", "typ": "JWT", "kid": KEY_ID });
        let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", encode(&header), encode(claims));
        let signature = self.key.sign(&self.random, signed.as_bytes());
        let signature = signature.map_err(|_| anyhow!("cannot sign a token"))?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// Signs a token of the shipped issuer that is good for an hour, for this subject. `more` are further claims.
    ///
    /// # Errors
    ///
    /// Returns an error where [`Issuer::sign`] does.
    pub fn token(&self, subject: &str, more: &Value) -> Result<String> {
        self.sign(&claims(subject, more)?)
    }
}

/// Returns the claims of a token that `envoy/fragments/jwt.yaml` accepts for an hour. The claims in `more` are added, or replace
/// those of the same name.
///
/// # Errors
///
/// Returns an error if the clock is before 1970.
pub fn claims(subject: &str, more: &Value) -> Result<Value> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?.as_secs();
    let mut claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": subject, "iat": now, "exp": now + LIFETIME,
    });
    if let Some(more) = more.as_object() {
        claims.as_object_mut().expect("claims are an object").extend(more.clone());
    }
    Ok(claims)
}
