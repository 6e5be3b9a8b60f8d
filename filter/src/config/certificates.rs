//! Reads `callers.certificates`, the client certificates that are known.

use super::credentials::{Keys, fingerprint};
use super::error::ConfigError;
use super::field::Field;
use super::object::object;
use crate::caller::certificates::{CertificateMark, Certificates};
use crate::json::Tree;

object! {
    /// A name that the certificate gives itself: one of these fields.
    pub(super) CertificateConfig, read as CertificateObject {
        /// The first subject alternative name that is a URI.
        uri_san: Option<String>,
        /// The first subject alternative name that is a host name.
        dns_san: Option<String>,
        /// The subject in the form of RFC 2253, like `CN=reader,O=Example`.
        subject: Option<String>,
    }
}

/// A certificate, by the SHA-256 of its DER form or by a name that it gives itself.
#[cfg(feature = "schema")]
#[derive(schemars::JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code, reason = "only its schema is used")]
pub(super) enum Certificate {
    Sha256(String),
    Says(CertificateConfig),
}

/// Compiles every certificate. `vouched` is the field that says whether the listener validates chains.
pub(super) fn compile(section: &Field<'_>, vouched: &Field<'_>) -> Result<Certificates, ConfigError> {
    let is_vouched = vouched.is_true()?;
    let mut keys = Keys::new(section, "certificate");
    let mut need_a_chain = false;
    keys.read(None, &mut |keys, field| {
        let mark = mark(field)?;
        if !matches!(mark, CertificateMark::Sha256(_)) {
            need_a_chain = true;
            if !is_vouched {
                return Err(field.refuse(UNVOUCHED));
            }
        }
        keys.add(field, &mark.key())
    })?;
    if is_vouched && !need_a_chain {
        let message = "this vouches for nothing: no certificate is known by uri_san, dns_san or subject";
        return Err(vouched.refuse(message));
    }
    Ok(Certificates::new(keys.keyring, need_a_chain))
}

const UNVOUCHED: &str = "anybody can make a certificate that says this: give its sha256, or have the listener validate \
     the chain and say so with \"certificates_validated_by_listener\": true";

/// Reads the property by which a certificate is known.
fn mark<'a>(field: &'a Field<'a>) -> Result<CertificateMark<'a>, ConfigError> {
    if let Tree::Text(text) = field.tree()? {
        let wanted = "this must be sha256: and 64 hexadecimal digits, the SHA-256 of the DER certificate, or an object \
             with uri_san, dns_san or subject";
        return fingerprint(text.as_str()).map(CertificateMark::Sha256).ok_or_else(|| field.refuse(wanted));
    }
    let certificate = CertificateObject::read(field)?;
    let uri_san = certificate.uri_san().optional_text()?;
    let dns_san = certificate.dns_san().optional_text()?;
    let subject = certificate.subject().optional_text()?;
    match (uri_san, dns_san, subject) {
        (Some(uri), None, None) if !uri.is_empty() => Ok(CertificateMark::UriSan(uri)),
        (None, Some(name), None) if !name.is_empty() => Ok(CertificateMark::DnsSan(name)),
        (None, None, Some(subject)) if !subject.is_empty() => Ok(CertificateMark::Subject(subject)),
        _ => Err(field.refuse("this must have one of uri_san, dns_san and subject, and not an empty one")),
    }
}
