//! Origins: the scheme, host and port that `Origin` and `Location` name (RFC 6454 §4).

use std::fmt;

/// A scheme, a host and a port, in lower case. The default port of the scheme is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: UrlScheme,
    authority: String,
}

/// The schemes of the web.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlScheme {
    /// The scheme `http`, without encryption.
    Http,
    /// The scheme `https`, over TLS.
    Https,
}

impl UrlScheme {
    /// Returns the scheme as it is written before `://`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    fn port(self) -> &'static str {
        match self {
            Self::Http => ":80",
            Self::Https => ":443",
        }
    }
}

impl Origin {
    /// Parses `https://host` or `https://host:port`, with nothing after it.
    pub fn parse(text: &str) -> Option<Self> {
        let (origin, rest) = Self::split(text)?;
        rest.is_empty().then_some(origin)
    }

    /// Parses the origin at the beginning of an absolute URL, and returns it with the rest of the URL.
    pub fn split(url: &str) -> Option<(Self, &str)> {
        let (scheme, rest) = url.split_once(':')?;
        let rest = rest.strip_prefix("//")?;
        let scheme = [UrlScheme::Http, UrlScheme::Https]
            .into_iter()
            .find(|known| scheme.eq_ignore_ascii_case(known.as_str()))?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at_checked(end)?;
        Some((Self::new(scheme, authority)?, rest))
    }

    /// Creates the origin of a scheme and an authority, as `Host` has it.
    pub fn new(scheme: UrlScheme, authority: &str) -> Option<Self> {
        if !is_authority(authority) {
            return None;
        }
        let authority = authority.to_ascii_lowercase();
        let authority = authority.strip_suffix(scheme.port()).unwrap_or(&authority).to_owned();
        Some(Self { scheme, authority })
    }

    /// Returns `true` if this is the same host and port under either scheme.
    pub fn is_host(&self, authority: &str) -> bool {
        [UrlScheme::Http, UrlScheme::Https].iter().any(|&scheme| {
            Self::new(scheme, authority).is_some_and(|other| other.authority == self.authority)
        })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.as_str(), self.authority)
    }
}

/// Returns `true` if a text is a host, perhaps with a port: without a user, without a list, and without anything that
/// could end a header.
pub fn is_authority(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (text, None),
    };
    let name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_host = match address {
        Some(address) => {
            address.contains(':')
                && address.bytes().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'))
        }
        None => host.bytes().all(name),
    };
    !host.is_empty() && is_host && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|number| number > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_printed_in_one_spelling() {
        for (text, printed) in [
            ("https://Example.com", "https://example.com"),
            ("HTTPS://example.com:443", "https://example.com"),
            ("http://localhost:9090", "http://localhost:9090"),
            ("http://[::1]:80", "http://[::1]"),
            ("https://[2001:DB8::1]", "https://[2001:db8::1]"),
        ] {
            assert_eq!(Origin::parse(text).map(|origin| origin.to_string()).as_deref(), Some(printed));
        }
    }

    #[test]
    fn what_is_more_or_less_than_an_origin_is_none() {
        for text in [
            "",
            "null",
            "*",
            "example.com",
            "ftp://a",
            "https://",
            "https://a/",
            "https://a@b",
            "https://a,b",
            "https://a:x",
            "https://a:0",
            "https://a:70000",
            "https://[::1",
            "https://[::1,a:2]",
            "https://[1.2.3.4]",
        ] {
            assert_eq!(Origin::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_host_is_compared_with_its_port() {
        let origin = Origin::parse("https://example.com").unwrap();
        assert!(origin.is_host("EXAMPLE.com:443") && origin.is_host("example.com"));
        assert!(!origin.is_host("example.com:8443") && !origin.is_host("example.com.evil"));
    }
}
