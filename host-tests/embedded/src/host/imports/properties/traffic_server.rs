//! Traffic Server's properties. Reading one that it doesn't know gives an empty value, and setting one does nothing.

use crate::host::header_map;
use crate::host::memory::Guest;
use crate::host::message::Headers;
use crate::host::stream::Stream;

use super::{joined, split};

/// The segment of a path that the name of a header follows.
const HEADERS: &[u8] = b"headers";

pub(super) fn get(guest: &mut Guest, parts: &[&[u8]]) -> Vec<u8> {
    let settings = &guest.state().plugin.settings;
    match parts {
        [b"plugin_name"] => settings.plugin_name.clone().into_bytes(),
        [b"plugin_root_id"] => settings.root_id.clone().into_bytes(),
        [b"plugin_vm_id"] => settings.vm_id.clone().into_bytes(),
        // Outside a request too.
        [b"connection", b"mtls"] => {
            let presented = guest.stream().is_some_and(|stream| stream.connection.certificate.is_some());
            vec![presented.into()]
        }
        _ => guest.stream().and_then(|stream| of_stream(stream, parts)).unwrap_or_default(),
    }
}

pub(super) fn set(guest: &mut Guest, parts: &[&[u8]], value: &[u8]) {
    let Some(stream) = guest.stream() else { return };
    let (side, name) = match parts {
        [b"request", b"url_path" | b"query" | b"method" | b"host" | b"scheme"] => {
            (&mut stream.request, parts[1])
        }
        [b"response", b"code"] => (&mut stream.response, parts[1]),
        _ => return,
    };
    let Some(head) = &mut side.headers else { return };
    let target = header_map::get(head, b":path").unwrap_or_default().to_vec();
    let (path, query) = split(&target);
    match name {
        b"url_path" => put(head, b":path", &join(value, query)),
        b"query" => put(head, b":path", &join(path, value)),
        b"method" => put(head, b":method", value),
        b"code" => {
            let code = value.first_chunk().map_or(0, |code| i64::from_le_bytes(*code));
            put(head, b":status", code.to_string().as_bytes());
        }
        // The URL's host and scheme aren't where the request goes here.
        _ => {}
    }
}

fn of_stream(stream: &Stream, parts: &[&[u8]]) -> Option<Vec<u8>> {
    let connection = &stream.connection;
    let of_request = |name: &[u8]| Some(header_map::get(stream.request.headers.as_ref()?, name)?.to_vec());
    match parts {
        [b"source", b"address"] => Some(address(&connection.source)),
        [b"destination", b"address"] => Some(address(&connection.destination)),
        [b"source", b"port"] => Some(i64::from(connection.source.port().to_be()).to_le_bytes().to_vec()),
        [b"connection", b"tls_version"] => {
            Some(connection.tls_version.as_deref().unwrap_or("-").as_bytes().to_vec())
        }
        [b"connection", b"requested_server_name"] => connection.sni.clone().map(String::into_bytes),
        [b"connection", field] => {
            let certificate = connection.certificate.as_ref()?;
            let text = match *field {
                b"subject_peer_certificate" => certificate.subject.clone(),
                b"uri_san_peer_certificate" => certificate.uri_san.clone(),
                b"dns_san_peer_certificate" => certificate.dns_san.clone(),
                _ => None,
            };
            text.map(String::into_bytes)
        }
        // The name follows without a zero, and its last byte is cut off.
        [b"request", field, b""] if field.starts_with(HEADERS) => {
            joined(stream.request.headers.as_ref()?, &field[HEADERS.len()..])
        }
        [b"response", field, b""] if field.starts_with(HEADERS) => {
            joined(stream.response.headers.as_ref()?, &field[HEADERS.len()..])
        }
        [b"request", b"path"] => of_request(b":path"),
        [b"request", b"url_path"] => of_request(b":path").map(|path| split(&path).0.to_vec()),
        [b"request", b"query"] => of_request(b":path").map(|path| split(&path).1.to_vec()),
        [b"request", b"host"] => of_request(b"host"),
        [b"request", b"scheme"] => of_request(b":scheme"),
        [b"request", b"method"] => of_request(b":method"),
        [b"request", b"referer"] => of_request(b"referer"),
        [b"request", b"useragent"] => of_request(b"user-agent"),
        [b"response", b"code"] => {
            let status = header_map::get(stream.response.headers.as_ref()?, b":status")?;
            let code: i32 = std::str::from_utf8(status).ok()?.parse().ok()?;
            Some(code.to_le_bytes().to_vec())
        }
        _ => None,
    }
}

/// Returns an address with its port, whose bytes Traffic Server doesn't put in order.
fn address(address: &std::net::SocketAddr) -> Vec<u8> {
    format!("{}:{}", address.ip(), address.port().to_be()).into_bytes()
}

/// Joins a path, to which a slash is added where it begins with none, and a query.
fn join(path: &[u8], query: &[u8]) -> Vec<u8> {
    let slash: &[u8] = if path.starts_with(b"/") { b"" } else { b"/" };
    let mark: &[u8] = if query.is_empty() { b"" } else { b"?" };
    [slash, path, mark, query].concat()
}

fn put(head: &mut Headers, name: &[u8], value: &[u8]) {
    header_map::replace(header_map::MapKind::Separate, head, name, value);
}
