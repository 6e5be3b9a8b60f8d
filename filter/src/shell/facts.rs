//! Reads the facts about a request that aren't in its headers, from the host's properties and its clock.

use super::host::{self, HostError, Property};
use crate::caller::certificates::Presented;
use crate::caller::facts::Facts;
use crate::caller::source::Source;
use crate::decision::{Clock, Needs};
use crate::target::origin::UrlScheme;

/// Reads the facts that are needed of the current stream.
pub(crate) fn read(needs: Needs) -> Result<Facts, HostError> {
    let source = || host::property(Property("source\0address"));
    let metadata = || found(host::property(Property("metadata")));
    Ok(Facts {
        source: if needs.source { found(source())?.and_then(|text| Source::parse(&text)) } else { None },
        certificate: if needs.certificate { certificate()? } else { None },
        metadata: if needs.metadata { metadata()?.unwrap_or_default() } else { Vec::new() },
        now: match needs.now {
            Clock::Needed => Some(host::now()?),
            Clock::Useful => host::now().ok(),
            Clock::Unused => None,
        },
    })
}

/// Returns the scheme of the client's connection. A host that doesn't know of TLS has none.
pub(crate) fn scheme() -> UrlScheme {
    match host::property(Property("connection\0tls_version")) {
        Ok(version) if !version.is_empty() => UrlScheme::Https,
        _ => UrlScheme::Http,
    }
}

/// Turns a missing or empty value into `None`, since it is no failure.
fn found(result: Result<Vec<u8>, HostError>) -> Result<Option<Vec<u8>>, HostError> {
    match result {
        Ok(bytes) if bytes.is_empty() => Ok(None),
        Ok(bytes) => Ok(Some(bytes)),
        Err(HostError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads the client's certificate. A field that is not UTF-8 counts as missing.
fn certificate() -> Result<Option<Presented>, HostError> {
    let text = |property| Ok(found(host::property(property))?.and_then(|text| String::from_utf8(text).ok()));
    let Some(sha256) = text(Property("connection\0sha256_peer_certificate_digest"))? else { return Ok(None) };
    Ok(Some(Presented {
        sha256,
        uri_san: text(Property("connection\0uri_san_peer_certificate"))?,
        dns_san: text(Property("connection\0dns_san_peer_certificate"))?,
        subject: text(Property("connection\0subject_peer_certificate"))?,
    }))
}
