//! The hosts that the stub answers as, as far as the filter knows them by it.

use super::{State, read};
use wasmtime::Caller;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Envoy,
    Nginx,
    TrafficServer,
    /// A host that has every property, but no value for any.
    LikeTrafficServer,
    /// A host that knows no property.
    Nobody,
}

/// The status of a host that refuses a question.
const INTERNAL_FAILURE: i32 = 10;

/// Returns what this host answers to the question for a property: its value, or a status.
pub(super) fn property(caller: &mut Caller<'_, State>, address: i32, length: i32) -> Result<Vec<u8>, i32> {
    let path = read(caller, address, length);
    let State { kind, in_stream, request, .. } = caller.data();
    let header =
        |name: &[u8]| request.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone());
    match (*kind, path.as_slice()) {
        (Kind::Nginx, b"ngx\0request_uri") if *in_stream => Ok(header(b":path").unwrap()),
        (Kind::Nginx, b"source\0address") if *in_stream => Ok(b"192.0.2.1".to_vec()),
        (Kind::Nginx, path) if !in_stream && path.contains(&0) => Err(INTERNAL_FAILURE),
        (Kind::TrafficServer, b"connection\0mtls") => Ok(vec![0]),
        (Kind::TrafficServer, b"request\0path") => Ok(header(b":path").unwrap()),
        (Kind::TrafficServer, b"request\0method") => Ok(header(b":method").unwrap()),
        (Kind::TrafficServer, b"response\0code") => Ok(200_u32.to_le_bytes().to_vec()),
        (Kind::TrafficServer, b"source\0address") => Ok(b"2001:db8::1:443".to_vec()),
        (Kind::TrafficServer, path) => {
            // As that host does: no zero before the name, and its last byte cut off.
            let name = path.strip_prefix(b"request\0headers").and_then(|rest| rest.split_last());
            Ok(name.and_then(|(_, name)| header(name)).unwrap_or_default())
        }
        (Kind::LikeTrafficServer, _) => Ok(Vec::new()),
        _ => Err(super::NOT_FOUND),
    }
}

/// Returns a line for a call that changes something of a stream.
pub(super) fn change(
    caller: &mut Caller<'_, State>,
    name: &str,
    number: &dyn Fn(usize) -> i32,
) -> Option<String> {
    let mut text = |at: usize| String::from_utf8(read(caller, number(at), number(at + 1))).unwrap();
    Some(match name {
        "proxy_add_header_map_value" => format!("add {}: {}", text(1), text(3)),
        "proxy_replace_header_map_value" => format!("set {}: {}", text(1), text(3)),
        "proxy_remove_header_map_value" => format!("remove {}", text(1)),
        "proxy_set_property" => format!("property {}: {}", text(0).replace('\0', "."), text(2)),
        "proxy_set_buffer_bytes" => format!("body of {}: {}", number(2), text(3)),
        "proxy_send_local_response" => format!("reply {} {:?}: {}", number(0), text(1), text(3)),
        "proxy_close_stream" => "close".to_owned(),
        _ => return None,
    })
}
