//! `callers.certificates`: client certificates, by what is known of them.

use super::ConfigError;
use super::callers::{Unique, digest, identity, one_or_many};
use super::tree::Tree;
use crate::caller::callers::Group;
use crate::caller::certificates::{Certificates, Mark};
use crate::caller::identity::Scheme;
use serde::Deserialize;

/// What a certificate says of itself: one of these.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct CertificateConfig {
    /// Its first alternative name that is a URI.
    uri_san: Option<String>,
    /// Its first alternative name that is a host's.
    dns_san: Option<String>,
    /// Its subject, as RFC 2253 writes it: `CN=reader,O=Example`.
    subject: Option<String>,
}

/// Compiles every certificate. `vouched`: the listener validates chains.
pub(super) fn compile(
    section: Vec<(String, Tree)>,
    vouched: bool,
    groups: &[Group],
) -> Result<Certificates, ConfigError> {
    let mut unique = Unique::default();
    let mut need_a_chain = false;
    for (name, tree) in section {
        let path = format!("callers.certificates.{name}");
        let identity = identity(Scheme::Certificate, &name, groups);
        for (path, tree) in one_or_many(tree, &path)? {
            let (key, needs_a_chain) = mark(tree, &path)?;
            if needs_a_chain && !vouched {
                return Err(ConfigError::new(&path, UNVOUCHED));
            }
            need_a_chain |= needs_a_chain;
            unique.push(path, key, &identity);
        }
    }
    if vouched && !need_a_chain {
        let message = "this vouches for nothing: no certificate is known by uri_san, dns_san or subject";
        return Err(ConfigError::new("callers.certificates_validated_by_listener", message));
    }
    let (marks, identities) = unique.finish("certificate")?;
    Ok(Certificates::new(marks, identities, need_a_chain))
}

const UNVOUCHED: &str = "anybody can make a certificate that says this: give its sha256, or have the listener validate \
     the chain and say so with \"certificates_validated_by_listener\": true";

/// What a certificate is known by, and whether that can be believed only where the listener validates chains.
fn mark(tree: Tree, path: &str) -> Result<(Vec<u8>, bool), ConfigError> {
    if let Tree::Text(text) = &tree {
        let digits = text.strip_prefix("sha256:").filter(|_| digest(text).is_some());
        let wanted = "this must be sha256: and 64 hexadecimal digits, the SHA-256 of the DER certificate, or an object \
             with uri_san, dns_san or subject";
        let digits = digits.ok_or_else(|| ConfigError::new(path, wanted))?;
        return Ok((Mark::Sha256(digits).key(), false));
    }
    let CertificateConfig { uri_san, dns_san, subject } =
        CertificateConfig::deserialize(tree).map_err(|error| error.in_field(path))?;
    let mark = match (&uri_san, &dns_san, &subject) {
        (Some(uri), None, None) if !uri.is_empty() => Mark::UriSan(uri),
        (None, Some(name), None) if !name.is_empty() => Mark::DnsSan(name),
        (None, None, Some(subject)) if !subject.is_empty() => Mark::Subject(subject),
        _ => {
            let message = "this must have one of uri_san, dns_san and subject, and not an empty one";
            return Err(ConfigError::new(path, message));
        }
    };
    Ok((mark.key(), true))
}
