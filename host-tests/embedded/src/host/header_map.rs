//! Header maps that behave as Envoy's: names are in lower case, pseudo headers stand first, and a second value of a
//! header that Envoy knows is joined to the first one.

use super::message::{Headers, Way};

/// The name under which the front keeps the target of a request as the client wrote it, for a host that shows another.
/// No map shows it.
pub const TARGET: &[u8] = b":target";

/// The name of entries that name headers which don't go up, where replacing one of several loses all. No map shows it.
pub(super) const LOST: &[u8] = b":lost";

/// The kind of a header map. The kinds differ in the headers that Envoy knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MapKind {
    Headers(Way),
    Trailers(Way),
    /// Any map of a host that joins no values, and keeps names as they are written.
    Separate,
}

/// Brings headers that the front received into Envoy's form.
pub(super) fn received(kind: MapKind, headers: Headers) -> Headers {
    let mut map = Headers::with_capacity(headers.len());
    for (name, value) in headers {
        add(kind, &mut map, &name, &value);
    }
    map
}

/// Returns the headers of a request or an answer as Envoy shows them to a filter.
#[must_use]
pub fn shown(way: Way, headers: Headers) -> Headers {
    received(MapKind::Headers(way), headers)
}

/// Returns the first value of a header.
pub(super) fn get<'a>(map: &'a Headers, name: &[u8]) -> Option<&'a [u8]> {
    map.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_slice())
}

/// Adds a value. If Envoy keeps one entry of this name, the value is joined to the entry that exists, after a comma.
/// Else it becomes a new entry.
pub(super) fn add(kind: MapKind, map: &mut Headers, name: &[u8], value: &[u8]) {
    let name = kind.written(name);
    let same = map.iter_mut().find(|(other, _)| other.eq_ignore_ascii_case(&name));
    if let Some((_, existing)) = same.filter(|_| kind.joins(&name)) {
        existing.push(b',');
        existing.extend(value);
    } else if name.starts_with(b":") {
        let place = map.iter().take_while(|(other, _)| other.starts_with(b":")).count();
        map.insert(place, (name, value.to_vec()));
    } else {
        map.push((name, value.to_vec()));
    }
}

/// Leaves one entry of this name, with this value.
pub(super) fn replace(kind: MapKind, map: &mut Headers, name: &[u8], value: &[u8]) {
    let name = kind.written(name);
    let mut found = false;
    map.retain_mut(|(other, existing)| {
        if !other.eq_ignore_ascii_case(&name) {
            return true;
        }
        other.clone_from(&name);
        *existing = value.to_vec();
        !std::mem::replace(&mut found, true)
    });
    if !found {
        add(kind, map, &name, value);
    }
}

/// Removes every entry of this name.
pub(super) fn remove(map: &mut Headers, name: &[u8]) {
    map.retain(|(other, value)| {
        let named = if other == LOST { value } else { other };
        !named.eq_ignore_ascii_case(name)
    });
}

/// Returns the number of values of a header.
pub(super) fn count(map: &Headers, name: &[u8]) -> usize {
    map.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name)).count()
}

/// Returns the number of bytes of all names and values.
pub(super) fn byte_size(map: &Headers) -> usize {
    map.iter().map(|(name, value)| name.len() + value.len()).sum()
}

impl MapKind {
    /// Returns a name as the map keeps it.
    fn written(self, name: &[u8]) -> Vec<u8> {
        if self == MapKind::Separate { name.to_vec() } else { name.to_ascii_lowercase() }
    }

    /// Returns `true` if Envoy keeps one entry of this name.
    fn joins(self, name: &[u8]) -> bool {
        let known = match self {
            MapKind::Headers(Way::Request) => KNOWN_IN_REQUESTS,
            MapKind::Headers(Way::Response) => KNOWN_IN_RESPONSES,
            MapKind::Trailers(Way::Request) | MapKind::Separate => "",
            MapKind::Trailers(Way::Response) => "grpc-message grpc-status",
        };
        known.split_ascii_whitespace().any(|other| other.as_bytes() == name)
    }
}

/// The request headers that Envoy knows. Envoy 1.40 prints this list and the next one at its start, as "HTTP header map
/// info".
const KNOWN_IN_REQUESTS: &str = "\
    :authority :method :path :protocol :scheme accept accept-encoding access-control-request-headers \
    access-control-request-method access-control-request-private-network authentication authorization \
    cache-control cdn-loop connection content-encoding content-length content-type expect \
    grpc-accept-encoding grpc-timeout if-match if-modified-since if-none-match if-range if-unmodified-since \
    keep-alive origin pragma proxy-connection proxy-status referer te transfer-encoding upgrade user-agent \
    via x-client-trace-id x-envoy-attempt-count x-envoy-decorator-operation \
    x-envoy-downstream-service-cluster x-envoy-downstream-service-node x-envoy-expected-rq-timeout-ms \
    x-envoy-external-address x-envoy-force-trace x-envoy-hedge-on-per-try-timeout x-envoy-internal \
    x-envoy-ip-tags x-envoy-is-timeout-retry x-envoy-max-retries x-envoy-original-host x-envoy-original-path \
    x-envoy-original-url x-envoy-retriable-header-names x-envoy-retriable-status-codes x-envoy-retry-grpc-on \
    x-envoy-retry-on x-envoy-upstream-alt-stat-name x-envoy-upstream-rq-per-try-timeout-ms \
    x-envoy-upstream-rq-timeout-alt-response x-envoy-upstream-rq-timeout-ms \
    x-envoy-upstream-stream-duration-ms x-forwarded-client-cert x-forwarded-for x-forwarded-host \
    x-forwarded-port x-forwarded-proto x-request-id";

const KNOWN_IN_RESPONSES: &str = "\
    :status access-control-allow-credentials access-control-allow-headers access-control-allow-methods \
    access-control-allow-origin access-control-allow-private-network access-control-expose-headers \
    access-control-max-age age cache-control connection content-encoding content-length content-type date \
    etag expires grpc-message grpc-status keep-alive last-modified location proxy-connection proxy-status \
    server transfer-encoding upgrade vary via x-envoy-attempt-count x-envoy-decorator-operation \
    x-envoy-degraded x-envoy-immediate-health-check-fail x-envoy-ratelimited x-envoy-upstream-canary \
    x-envoy-upstream-healthchecked-cluster x-envoy-upstream-service-time x-request-id";

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: MapKind = MapKind::Headers(Way::Request);

    fn map(pairs: &[(&str, &str)]) -> Headers {
        pairs.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec())).collect()
    }

    #[test]
    fn only_known_headers_are_joined() {
        let two = map(&[("Accept", "a"), ("x", "1"), ("accept", "b"), ("x", "2")]);
        assert_eq!(received(REQUEST, two), map(&[("accept", "a,b"), ("x", "1"), ("x", "2")]));
    }

    #[test]
    fn pseudo_headers_stand_first() {
        let mut headers = map(&[(":path", "/"), ("x", "1")]);
        replace(REQUEST, &mut headers, b":method", b"GET");
        assert_eq!(headers, map(&[(":path", "/"), (":method", "GET"), ("x", "1")]));
    }

    #[test]
    fn a_replaced_header_has_one_entry_where_the_first_was() {
        let mut headers = map(&[("x", "1"), ("y", "2"), ("x", "3")]);
        replace(REQUEST, &mut headers, b"X", b"4");
        assert_eq!(headers, map(&[("x", "4"), ("y", "2")]));
        remove(&mut headers, b"X");
        assert_eq!(headers, map(&[("y", "2")]));
    }
}
