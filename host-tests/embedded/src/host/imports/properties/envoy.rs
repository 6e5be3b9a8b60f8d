//! Envoy's properties: text as it is, numbers as eight bytes (little-endian),
//! booleans as one byte, maps in the form of header maps. An unknown property is `NotFound`.

use std::time::UNIX_EPOCH;

use crate::host::connection::{Connection, PeerCertificate};
use crate::host::memory::Guest;
use crate::host::message::Headers;
use crate::host::pairs;
use crate::host::status::Status;
use crate::host::stream::{Side, Stream};

use super::{joined, split};

/// Returns a property. The filter state of [`set`](super::set) is one, too. The root context has none.
pub(super) fn get(guest: &mut Guest, parts: &[&[u8]]) -> Result<Vec<u8>, Status> {
    if parts.concat().is_empty() {
        return Err(Status::SerializationFailure);
    }
    of_plugin(guest, parts)
        .or_else(|| of_stream(guest.stream()?, parts))
        .or_else(|| guest.stream()?.filter_state.get(parts[0]).cloned())
        .ok_or(Status::NotFound)
}

fn of_plugin(guest: &mut Guest, parts: &[&[u8]]) -> Option<Vec<u8>> {
    let settings = &guest.state().plugin.settings;
    match parts {
        // The root context has no metadata.
        [b"metadata"] => guest.stream().is_some().then(|| guest.state().plugin.settings.metadata.clone()),
        [b"xds", b"node", b"user_agent_name"] => text(&settings.host_name),
        [b"plugin_name"] => text(&settings.plugin_name),
        [b"plugin_root_id"] => text(&settings.root_id),
        [b"plugin_vm_id"] => text(&settings.vm_id),
        _ => None,
    }
}

fn of_stream(stream: &Stream, parts: &[&[u8]]) -> Option<Vec<u8>> {
    match parts {
        [b"connection_id"] => number(stream.connection.id),
        [b"source", field] => of_peer(&stream.connection.source, field),
        [b"destination", field] => of_peer(&stream.connection.destination, field),
        [b"connection", field] => of_connection(&stream.connection, field),
        [b"request", rest @ ..] => of_request(stream, rest),
        [b"response", rest @ ..] => of_response(stream, rest),
        _ => None,
    }
}

fn of_peer(address: &std::net::SocketAddr, field: &[u8]) -> Option<Vec<u8>> {
    match field {
        b"address" => text(&address.to_string()),
        b"port" => number(address.port().into()),
        _ => None,
    }
}

fn of_connection(connection: &Connection, field: &[u8]) -> Option<Vec<u8>> {
    match field {
        b"id" => number(connection.id),
        b"mtls" => Some(vec![connection.certificate.is_some().into()]),
        b"tls_version" => text(connection.tls_version.as_ref()?),
        b"requested_server_name" => text(connection.sni.as_deref().unwrap_or_default()),
        field => of_certificate(connection.certificate.as_ref()?, field),
    }
}

fn of_certificate(certificate: &PeerCertificate, field: &[u8]) -> Option<Vec<u8>> {
    match field {
        b"sha256_peer_certificate_digest" => text(&certificate.sha256),
        b"subject_peer_certificate" => text(certificate.subject.as_ref()?),
        b"uri_san_peer_certificate" => text(certificate.uri_san.as_ref()?),
        b"dns_san_peer_certificate" => text(certificate.dns_san.as_ref()?),
        _ => None,
    }
}

fn of_request(stream: &Stream, parts: &[&[u8]]) -> Option<Vec<u8>> {
    let headers = visible(stream, &stream.request);
    match parts {
        [b"size"] => number(stream.request.size),
        [b"time"] => number(nanoseconds(stream)),
        [b"headers"] => Some(pairs::encode(headers?)),
        [b"headers", name] => joined(headers?, name),
        [b"path"] => joined(headers?, b":path"),
        [b"url_path"] => joined(headers?, b":path").map(|path| split(&path).0.to_vec()),
        [b"query"] => joined(headers?, b":path").map(|path| split(&path).1.to_vec()),
        [b"host"] => joined(headers?, b":authority"),
        [b"scheme"] => joined(headers?, b":scheme"),
        [b"method"] => joined(headers?, b":method"),
        [b"referer"] => joined(headers?, b"referer"),
        [b"useragent"] => joined(headers?, b"user-agent"),
        [b"id"] => joined(headers?, b"x-request-id"),
        _ => None,
    }
}

fn of_response(stream: &Stream, parts: &[&[u8]]) -> Option<Vec<u8>> {
    let headers = visible(stream, &stream.response);
    match parts {
        [b"size"] => number(stream.response.size),
        [b"code"] => {
            let status = joined(stream.response.headers.as_ref()?, b":status")?;
            number(std::str::from_utf8(&status).ok()?.parse().ok()?)
        }
        [b"headers"] => Some(pairs::encode(headers?)),
        [b"headers", name] => joined(headers?, name),
        _ => None,
    }
}

fn visible<'a>(stream: &Stream, side: &'a Side) -> Option<&'a Headers> {
    side.headers.as_ref().filter(|_| stream.logging || side.shows_headers)
}

fn nanoseconds(stream: &Stream) -> u64 {
    let since = stream.started.duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_nanos() as u64
}

fn number(number: u64) -> Option<Vec<u8>> {
    Some(number.to_le_bytes().to_vec())
}

fn text(text: &str) -> Option<Vec<u8>> {
    Some(text.as_bytes().to_vec())
}
