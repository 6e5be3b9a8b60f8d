//! Credentials that an example needs and that must not be in a repository: client certificates, and the key of a token
//! issuer.

use super::parts::CLIENTS;
use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use promward_harness::certificates::Authority;
use promward_harness::tools::{self, Program};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// A client certificate to make.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientCertificate {
    /// The URI in it, such as `spiffe://example.com/reader`.
    uri: Option<String>,
}

/// Makes an authority for clients and their certificates in this directory. Returns the configuration with their
/// digests in place of the zeros that stand for them.
///
/// # Errors
///
/// Returns an error if a certificate can't be made or written.
pub(super) fn client_certificates(
    certificates: &BTreeMap<String, ClientCertificate>,
    directory: &Path,
    mut configuration: String,
) -> Result<String> {
    let authority = Authority::new("Clients of Prometheus")?;
    authority.write(&directory.join(CLIENTS))?;
    for (name, certificate) in certificates {
        let identity = authority.client(name, certificate.uri.as_deref())?;
        identity.write(directory, name)?;
        let digest = |digits: &str| format!("{name:?}: \"sha256:{digits}\"");
        configuration = configuration.replace(&digest(&"0".repeat(64)), &digest(&identity.sha256()));
    }
    Ok(configuration)
}

/// Makes the key of an issuer, with which a script can sign tokens, and returns its public half as a JSON Web Key Set.
///
/// # Errors
///
/// Returns an error if OpenSSL is not available, or the key can't be made or written.
pub(super) fn issuer(key: &Path) -> Result<String> {
    let openssl = tools::find(Program::Openssl)?;
    let private = tools::run(openssl.command().args(["genrsa", "2048"]))?;
    if key.exists() {
        fs::remove_file(key).with_context(|| format!("cannot replace {}", key.display()))?;
    }
    let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(key);
    created
        .and_then(|mut file| file.write_all(private.as_bytes()))
        .with_context(|| format!("cannot write {}", key.display()))?;
    let modulus = tools::run(openssl.command().args(["rsa", "-noout", "-modulus", "-in"]).arg(key))?;
    let modulus = modulus.trim().strip_prefix("Modulus=").and_then(from_hexadecimal);
    let modulus = modulus.context("OpenSSL doesn't tell the modulus of a key")?;
    // The exponent is 65537, as OpenSSL chooses it.
    let key = json!({ "kty": "RSA", "alg": "RS256", "use": "sig", "kid": "example",
                      "n": URL_SAFE_NO_PAD.encode(modulus), "e": "AQAB" });
    Ok(json!({ "keys": [key] }).to_string())
}

fn from_hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    digits?.chunks(2).map(|pair| u8::try_from(pair.first()? * 16 + pair.get(1)?).ok()).collect()
}
