//! The request as Envoy shows it to the filter: what its listener changes is in the explanation too.

use super::exchange::Exchange;
use crate::attacks::setting::Setting;
use promward_embedded::host::{Frame, Headers};

/// The name that the shipped file gives to a request of HTTP/1.0 without one.
const NAMELESS: &[u8] = b"none.invalid";

/// Returns a request with the changes that Envoy makes before it asks the filter. `path` is the path as it comes to the
/// filter, if the listener has normalised it.
pub(super) fn by_envoy(exchange: &Exchange, setting: Setting, path: Option<&str>) -> Exchange {
    let mut exchange = exchange.clone();
    let Some(Frame::Headers(head, _)) = exchange.request.first_mut() else { return exchange };
    if let Some(path) = path {
        replace_path(head, path);
    }
    remove_named_by_connection(head);
    // An empty value isn't added to one that is there.
    let is_credential = |name: &[u8]| name.eq_ignore_ascii_case(b"authorization");
    if head.iter().any(|(name, value)| is_credential(name) && !value.is_empty()) {
        head.retain(|(name, value)| !is_credential(name) || !value.is_empty());
    }
    if setting != Setting::Bare {
        // The shipped file takes no offer of another protocol, and takes the dot from the end of a name.
        head.retain(|(name, _)| !name.eq_ignore_ascii_case(b"upgrade"));
        for (_, value) in head.iter_mut().filter(|(name, _)| name == b":authority") {
            value.truncate(value.strip_suffix(b".").map_or(value.len(), <[u8]>::len));
        }
    }
    if !head.iter().any(|(name, _)| name == b":authority") {
        head.insert(0, (b":authority".to_vec(), NAMELESS.to_vec()));
    }
    exchange
}

/// Replaces the path, and leaves the query string.
fn replace_path(head: &mut Headers, path: &str) {
    for (_, value) in head.iter_mut().filter(|(name, _)| name == b":path") {
        let query = value.iter().position(|byte| *byte == b'?').unwrap_or(value.len());
        value.splice(..query, path.bytes());
    }
}

/// Removes the headers that are for the next hop alone (RFC 9110, section 7.6.1).
fn remove_named_by_connection(head: &mut Headers) {
    let values = head.iter().filter(|(name, _)| name.eq_ignore_ascii_case(b"connection"));
    let named: Vec<_> = values
        .flat_map(|(_, value)| value.split(|byte| *byte == b','))
        .map(|name| name.trim_ascii().to_ascii_lowercase())
        // What becomes of an offer of another protocol is the listener's to say.
        .filter(|name| name != b"upgrade")
        .collect();
    head.retain(|(name, _)| !named.contains(&name.to_ascii_lowercase()));
}
