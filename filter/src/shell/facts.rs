//! Tells the core the facts about a request that aren't in its headers, from the host's properties and its clock. What
//! nobody asks for costs no call.

use super::host::{self, HostError, Property};
use super::host_kind::HostKind;
use crate::caller::certificates::Presented;
use crate::caller::client::Client;
use crate::caller::facts::{HostFacts, Untold};
use crate::caller::source::Source;
use crate::target::origin::UrlScheme;
use crate::time::instant::Instant;
use std::cell::OnceCell;

/// The facts about the current stream, which the host is asked for when they are needed.
#[derive(Debug)]
pub(crate) struct StreamFacts<'a> {
    kind: &'static HostKind,
    client: Option<Client<'a>>,
    source: OnceCell<Result<Option<Source>, Untold>>,
    now: OnceCell<Result<Instant, Untold>>,
    pub(crate) scheme: UrlScheme,
}

impl<'a> StreamFacts<'a> {
    /// Creates the facts of the current stream. `client` is what its listener has written, if that counts.
    pub(crate) fn new(kind: &'static HostKind, client: Option<Client<'a>>) -> Self {
        let scheme = client.map_or_else(scheme, |client| client.scheme);
        Self { kind, client, source: OnceCell::new(), now: OnceCell::new(), scheme }
    }
}

impl HostFacts for StreamFacts<'_> {
    fn source(&self) -> Result<Option<Source>, Untold> {
        let asked = || match &self.client {
            Some(client) => Ok(client.source()),
            None => source(self.kind).map_err(untold),
        };
        *self.source.get_or_init(asked)
    }

    fn certificate(&self) -> Result<Option<Presented>, Untold> {
        certificate().map_err(untold)
    }

    fn metadata(&self) -> Result<Vec<u8>, Untold> {
        Ok(found(host::property(Property("metadata"))).map_err(untold)?.unwrap_or_default())
    }

    fn now(&self) -> Result<Instant, Untold> {
        *self.now.get_or_init(|| host::now().map_err(untold))
    }
}

/// Checks that the host says the same of the current stream as its listener has written.
pub(crate) fn confirm(kind: &HostKind, client: &Client<'_>) -> bool {
    scheme() == client.scheme && source(kind) == Ok(client.source())
}

#[cold]
fn untold(error: HostError) -> Untold {
    log::error!("promward: the host doesn't say what a request needs: {error:?}");
    Untold
}

fn source(kind: &HostKind) -> Result<Option<Source>, HostError> {
    let Some(mut text) = found(host::property(Property("source\0address")))? else { return Ok(None) };
    if kind.has_bare_ports
        && let Some(colon) = text.iter().rposition(|&byte| byte == b':')
    {
        text.truncate(colon);
    }
    Ok(Source::parse(&text))
}

/// Returns the scheme of the client's connection. A host that doesn't know of TLS has none.
fn scheme() -> UrlScheme {
    match host::property(Property("connection\0tls_version")) {
        Ok(version) if !version.is_empty() && version != b"-" => UrlScheme::Https,
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
