//! The ends of bodies, as the callbacks of a host show them.

use super::headers::Headers;
use super::headers::name::Name;
use super::method::Method;

/// The presence of a request body, as the end of the headers shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// The request ends with its headers.
    None,
    /// Something follows the headers, even if it is only an empty piece or trailers.
    Follows,
}

impl Body {
    /// Returns the presence of a body as the headers alone announce it, for hosts that don't say. Any byte that comes
    /// without an announcement has to be refused.
    pub fn announced(headers: &Headers) -> Self {
        let may_have_one = || Method::of(headers).is_none_or(Method::may_have_a_body);
        let follows = match headers.first(Name::ContentLength) {
            _ if headers.has(Name::TransferEncoding) => true,
            Some(length) => length != b"0",
            None => may_have_one(),
        };
        if follows { Self::Follows } else { Self::None }
    }
}

/// The position of a piece in its body: the last one or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Nothing follows this piece.
    Here,
    /// More pieces may follow.
    Later,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_announced_by_its_length_its_encoding_or_its_method() {
        for (pairs, expected) in [
            (&[(":method", "GET")][..], Body::None),
            (&[(":method", "DELETE"), ("content-length", "0")], Body::None),
            (&[(":method", "POST"), ("Content-Length", "0")], Body::None),
            (&[(":method", "POST")], Body::Follows),
            (&[(":method", "get")], Body::Follows),
            (&[(":method", "GET"), ("content-length", "1")], Body::Follows),
            (&[(":method", "GET"), ("content-length", "00")], Body::Follows),
            (&[(":method", "GET"), ("Transfer-Encoding", "chunked")], Body::Follows),
            (&[(":method", "GET"), ("content-length", "0"), ("transfer-encoding", "x")], Body::Follows),
        ] {
            assert_eq!(Body::announced(&pairs.iter().copied().collect()), expected, "{pairs:?}");
        }
    }
}
