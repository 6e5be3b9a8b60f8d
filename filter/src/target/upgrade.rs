//! Offers to switch to another protocol. Any server may ignore one (RFC 9110 §7.8), and a server that took it would make
//! the proxy pass on bytes that nobody has read (`threats.md` H6).

use super::headers::{Headers, spelled};

/// The headers of an offer. Connection options are about this connection alone, so all of them go with it.
const OFFER: [&str; 3] = [UPGRADE, "connection", "http2-settings"];

const UPGRADE: &str = "upgrade";

/// Returns `true` if a request offers to switch to another protocol.
pub fn is_offered(headers: &Headers) -> bool {
    headers.has(UPGRADE)
}

/// Returns the names of the headers by which a request offers to switch to another protocol, as the client spelled
/// them. Without these it is a request like any other.
pub fn offer(headers: &Headers) -> Vec<Vec<u8>> {
    headers.names(|name| OFFER.iter().any(|known| spelled(name, known)))
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
}
