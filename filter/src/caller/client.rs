//! The client's connection as the proxy's listener writes it into a header of each request, which spares asking the host.
//! A client can say such a header too, so it counts only where the configuration declares that the listener writes it,
//! and the shell compares it with what the host says (`threats.md` H7).

use super::source::Source;
use crate::target::headers::Headers;
use crate::target::headers::name::Name;
use crate::target::origin::UrlScheme;

/// The header that the listener writes: the client's address, one space, and the version of TLS, if there is one.
pub const CLIENT_HEADER: &str = "x-promward-client";

/// Headers that the listener and the proxy write, and that the routes remove. The filter leaves them alone where the
/// listener is declared to write the client.
const WRITTEN_BY_PROXY: [Name; 3] =
    [Name::XPromwardClient, Name::XEnvoyExternalAddress, Name::XEnvoyInternal];

/// The place where the filter learns of a client's scheme and address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientFrom {
    /// The properties of the host.
    Host,
    /// The header that the listener writes.
    Listener,
}

impl ClientFrom {
    /// Returns `true` if the routes remove this header, in its usual spelling, so that the filter needn't.
    pub fn leaves(self, name: Name) -> bool {
        self == Self::Listener && WRITTEN_BY_PROXY.contains(&name)
    }
}

/// The connection that a request came by, as the listener describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client<'a> {
    /// The scheme of the connection.
    pub scheme: UrlScheme,
    address: &'a [u8],
}

impl<'a> Client<'a> {
    /// Reads what the listener has written, or returns `None` if it hasn't.
    pub fn written(headers: &'a Headers) -> Option<Self> {
        let value = headers.only(Name::XPromwardClient)?;
        let space = value.iter().position(|&byte| byte == b' ')?;
        let (address, version) = value.split_at_checked(space)?;
        // A plain connection has no version. Formatters write nothing for it, or a hyphen.
        let scheme = match version {
            b" " | b" -" => UrlScheme::Http,
            _ => UrlScheme::Https,
        };
        Some(Self { scheme, address })
    }

    /// Returns the address that the request comes from, if it is an IP address.
    pub fn source(&self) -> Option<Source> {
        Source::parse(self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(pairs: &[(&str, &str)]) -> Option<(UrlScheme, Option<Source>)> {
        let headers = pairs.iter().copied().collect();
        Client::written(&headers).map(|client| (client.scheme, client.source()))
    }

    #[test]
    fn address_and_scheme_are_read() {
        let (v4, v6) = (Source::parse(b"192.0.2.1"), Source::parse(b"2001:db8::1"));
        for (value, expected) in [
            ("192.0.2.1 TLSv1.3", (UrlScheme::Https, v4)),
            ("2001:db8::1 TLSv1.2", (UrlScheme::Https, v6)),
            ("192.0.2.1 ", (UrlScheme::Http, v4)),
            ("192.0.2.1 -", (UrlScheme::Http, v4)),
            ("/run/socket ", (UrlScheme::Http, None)),
            (" TLSv1.3", (UrlScheme::Https, None)),
        ] {
            assert_eq!(written(&[(CLIENT_HEADER, value)]), Some(expected), "{value}");
        }
    }

    #[test]
    fn what_no_listener_writes_is_nothing() {
        let (one, other) = ((CLIENT_HEADER, "192.0.2.1 TLSv1.3"), (CLIENT_HEADER, "192.0.2.2 TLSv1.3"));
        for pairs in [
            &[][..],
            &[one, one],
            &[one, other],
            &[("x_promward_client", "192.0.2.1 TLSv1.3")],
            &[(CLIENT_HEADER, "192.0.2.1")],
            &[(CLIENT_HEADER, "")],
        ] {
            assert_eq!(written(pairs), None, "{pairs:?}");
        }
    }

    #[test]
    fn only_what_the_routes_remove_is_left_alone() {
        for name in WRITTEN_BY_PROXY {
            assert!(ClientFrom::Listener.leaves(name), "{name:?}");
            assert!(!ClientFrom::Host.leaves(name), "{name:?}");
        }
        for name in [Name::XPromwardCluster, Name::OfEnvoy, Name::XForwardedProto, Name::Other] {
            assert!(!ClientFrom::Listener.leaves(name), "{name:?}");
        }
    }
}
