//! A request and the server's answer to it, as frames.

use promward_embedded::host::{Connection, Frame, Headers};
use std::sync::Arc;

/// The address that the requests come from, as Envoy writes it into `x-forwarded-for`.
const SOURCE: &str = "192.0.2.7";

/// A request and the server's answer, as the module sees them.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    /// The case or the number of the generated request.
    pub(super) name: String,
    pub(super) connection: Arc<Connection>,
    /// The head of the request as the client sent it.
    pub(super) sent: Headers,
    pub(super) request: Vec<Frame>,
    pub(super) answer: Vec<Frame>,
    /// Is set if the answer begins before the request has ended.
    pub(super) answers_early: bool,
}

impl Exchange {
    /// Returns the request on one line.
    pub(super) fn shown(&self) -> String {
        let mut shown = format!("{}:", self.name);
        for frame in &self.request {
            match frame {
                Frame::Headers(fields, _) | Frame::Trailers(fields) => {
                    for (name, value) in fields {
                        shown += &format!(" {}: {};", name.escape_ascii(), value.escape_ascii());
                    }
                }
                Frame::Data(bytes, _) => shown += &format!(" [{}]", bytes.escape_ascii()),
            }
        }
        shown.chars().take(1_000).collect()
    }
}

/// Returns a connection of https from the usual client.
pub(super) fn connection() -> Connection {
    let source = format!("{SOURCE}:50000").parse().expect("an address");
    let destination = "192.0.2.1:443".parse().expect("an address");
    Connection { tls_version: Some("TLSv1.3".to_owned()), ..Connection::plain(1, source, destination) }
}

/// Brings fields into the order in which Envoy shows them, with what it adds itself: pseudo headers stand first, `host`
/// is one of them, what only Envoy says is removed, and the scheme and the client's address are its own words, also in the header that the shipped file
/// writes for the filter.
pub(super) fn head(fields: Headers, connection: &Connection) -> Headers {
    let scheme: &[u8] = if connection.tls_version.is_some() { b"https" } else { b"http" };
    let (mut head, mut rest): (Headers, Headers) = (Headers::new(), Headers::new());
    for (name, value) in fields {
        match name.to_ascii_lowercase().as_slice() {
            b"host" => {
                head.retain(|(name, _)| name != b":authority");
                head.push((b":authority".to_vec(), value));
            }
            b"x-forwarded-proto" | b"x-promward-client" => {}
            b"x-envoy-external-address" | b"x-envoy-internal" => {}
            pseudo if pseudo.starts_with(b":") => head.push((name, value)),
            _ => rest.push((name, value)),
        }
    }
    let order = |name: &[u8]| {
        [b":authority".as_slice(), b":path", b":method"].iter().position(|other| *other == name)
    };
    head.sort_by_key(|(name, _)| order(name).unwrap_or(usize::MAX));
    let address = connection.source.ip().to_string().into_bytes();
    let version = connection.tls_version.as_deref().unwrap_or_default().as_bytes();
    rest.push((b"x-promward-client".to_vec(), [&address[..], b" ", version].concat()));
    rest.push((b"x-forwarded-for".to_vec(), address));
    rest.push((b"x-forwarded-proto".to_vec(), scheme.to_vec()));
    rest.push((b"x-request-id".to_vec(), b"4b4e7c5e-6e0c-9a3c-8f0e-3d0a4a1f9a57".to_vec()));
    head.extend(rest);
    head
}

/// Returns the frames of a message.
pub(super) fn frames(head: Headers, pieces: Vec<Vec<u8>>, trailers: Headers) -> Vec<Frame> {
    let whole = pieces.is_empty() && trailers.is_empty();
    let mut frames = vec![Frame::Headers(head, whole)];
    let last = pieces.len().saturating_sub(1);
    for (number, piece) in pieces.into_iter().enumerate() {
        frames.push(Frame::Data(piece.into(), number == last && trailers.is_empty()));
    }
    if !trailers.is_empty() {
        frames.push(Frame::Trailers(trailers));
    }
    frames
}
