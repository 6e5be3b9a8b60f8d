//! Offers to switch to another protocol. Any server may ignore one (RFC 9110 §7.8), and a server that took it would make
//! the proxy pass on bytes that nobody has read (`threats.md` H6).

use super::headers::Headers;
use super::headers::name::{Name, NameSet};
use super::method::Method;

/// The headers of an offer. Connection options are about this connection alone, so all of them go with it.
static OFFER: NameSet = NameSet::of(&[Name::Upgrade, Name::Connection, Name::Http2Settings]);

/// Returns `true` if a request offers to switch to another protocol.
pub fn is_offered(headers: &Headers) -> bool {
    headers.has(Name::Upgrade)
}

/// Returns the names of the headers by which a request offers to switch to another protocol, as the client spelled
/// them. Without these it is a request like any other.
pub fn offer(headers: &Headers) -> Vec<Vec<u8>> {
    headers.spelled(&OFFER)
}

/// Returns `true` if a request is the handshake of a WebSocket (RFC 6455 §4.1): a `GET` that offers this protocol and no
/// other, once, with `Upgrade` among its connection options. Beside it may stand `keep-alive`, as Firefox has it, and
/// nothing else: these options go on to the server, and one that is the name of a header makes a proxy there remove that
/// header, such as the one with the caller's name.
pub fn is_websocket(headers: &Headers, method: Method) -> bool {
    let is = |option: &[u8], name: &str| option.trim_ascii().eq_ignore_ascii_case(name.as_bytes());
    let options = || headers.all(Name::Connection).flat_map(|value| value.split(|&byte| byte == b','));
    method == Method::Get
        && switches_to_websocket(headers)
        && options().any(|option| is(option, "upgrade"))
        && options().all(|option| is(option, "upgrade") || is(option, "keep-alive"))
}

/// Returns `true` if `Upgrade` is there once, and names WebSocket and nothing else.
pub fn switches_to_websocket(headers: &Headers) -> bool {
    headers.only(Name::Upgrade).is_some_and(|protocol| protocol.eq_ignore_ascii_case(b"websocket"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_goes_with_all_its_headers() {
        let headers = Headers::from_iter([
            ("Connection", "Upgrade, HTTP2-Settings"),
            ("upgrade", "h2c"),
            ("HTTP2_Settings", "AAMAAABkAARAAAAAAAIAAAAA"),
            ("upgrade-insecure-requests", "1"),
        ]);
        assert!(is_offered(&headers));
        assert_eq!(
            offer(&headers),
            ["Connection", "upgrade", "HTTP2_Settings"].map(|name| name.as_bytes().to_vec())
        );
    }

    #[test]
    fn a_handshake_offers_a_websocket_and_nothing_else() {
        let is = |method, headers: &[(&str, &str)]| is_websocket(&headers.iter().copied().collect(), method);
        for headers in [
            &[("connection", "Upgrade"), ("upgrade", "websocket")][..],
            &[("Connection", "keep-alive, upgrade"), ("Upgrade", "WebSocket")],
            &[("connection", "keep-alive"), ("connection", "upgrade"), ("upgrade", "websocket")],
        ] {
            assert!(is(Method::Get, headers), "{headers:?}");
            assert!(!is(Method::Post, headers) && !is(Method::Head, headers), "{headers:?}");
        }
        for headers in [
            &[("upgrade", "websocket")][..],
            &[("connection", "upgrade")],
            &[("connection", "x-upgrade"), ("upgrade", "websocket")],
            &[("connection", "upgrade, x-forwarded-user"), ("upgrade", "websocket")],
            &[("connection", "x-scope-orgid"), ("connection", "upgrade"), ("upgrade", "websocket")],
            &[("connection", "upgrade"), ("upgrade", "h2c")],
            &[("connection", "upgrade"), ("upgrade", "websocket, h2c")],
            &[("connection", "upgrade"), ("upgrade", "websocket"), ("upgrade", "websocket")],
            &[("connection", "upgrade"), ("upgrade", "websocket/13")],
            &[("connection", "upgrade"), ("upgrade", " websocket")],
            &[("connection", "upgrade"), ("upgrade", "")],
        ] {
            assert!(!is(Method::Get, headers), "{headers:?}");
        }
    }
}
