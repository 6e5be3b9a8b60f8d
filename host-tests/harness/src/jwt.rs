//! An identity provider for tests: a key made anew each time, its JSON Web Key Set, and tokens that it signs with ES256.
//! Everything is made for the shipped `envoy/fragments/jwt.yaml`: that issuer, that audience.

mod metadata;

use anyhow::{Context, Result, anyhow};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
pub use metadata::metadata;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// The issuer that `envoy/fragments/jwt.yaml` names.
pub const ISSUER: &str = "https://id.example.com";

/// The audience that it wants a token to be for.
pub const AUDIENCE: &str = "promward";

/// What every issuer here calls its key, so that a second one is a forger: the name is right, and the key isn't.
const KEY_ID: &str = "test";

/// How long [`claims`] are good, in seconds.
const LIFETIME: u64 = 3600;

/// Signs tokens. Two of them have different keys.
pub struct Issuer {
    key: EcdsaKeyPair,
    random: SystemRandom,
}

impl Issuer {
    /// An issuer with a key of its own.
    ///
    /// # Errors
    ///
    /// When the system has no randomness for a key.
    pub fn new() -> Result<Self> {
        let random = SystemRandom::new();
        let made = |_| anyhow!("cannot make a key that signs tokens");
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).map_err(made)?;
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random)
            .map_err(|error| anyhow!("cannot use a key that was made just now: {error}"))?;
        Ok(Self { key, random })
    }

    /// The public key, as a JSON Web Key Set.
    #[must_use]
    pub fn jwks(&self) -> String {
        // An uncompressed point: a byte that says so, then both coordinates.
        let (x, y) = self.key.public_key().as_ref()[1..].split_at(32);
        json!({ "keys": [{
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": KEY_ID,
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
        }] })
        .to_string()
    }

    /// A token with these claims, signed.
    ///
    /// # Errors
    ///
    /// When the system has no randomness for a signature.
    pub fn sign(&self, claims: &Value) -> Result<String> {
        let header = json!({ "alg": "ES256", "typ": "JWT", "kid": KEY_ID });
        let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", encode(&header), encode(claims));
        let signature = self.key.sign(&self.random, signed.as_bytes());
        let signature = signature.map_err(|_| anyhow!("cannot sign a token"))?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// A token that is good for an hour: the shipped issuer's, for this subject, with these claims more.
    ///
    /// # Errors
    ///
    /// As [`Issuer::sign`].
    pub fn token(&self, subject: &str, more: &Value) -> Result<String> {
        self.sign(&claims(subject, more)?)
    }
}

/// The claims of a token that `envoy/fragments/jwt.yaml` takes for an hour, and these ones more (or in place of those).
///
/// # Errors
///
/// When the clock is before 1970.
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
