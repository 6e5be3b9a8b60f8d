//! Request methods and sets of them. Names are compared exactly: HTTP/2 lets a lower-case `get` through, and a server
//! may take it for another method than the filter does (`threats.md` T5).

use super::headers::Headers;
use super::headers::name::Name;
use std::fmt;

/// A method that the filter forwards to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Method {
    /// The method `GET` of RFC 9110 §9.3.1.
    Get = 1,
    /// The method `HEAD` of RFC 9110 §9.3.2.
    Head = 1 << 1,
    /// The method `POST` of RFC 9110 §9.3.3.
    Post = 1 << 2,
    /// The method `PUT` of RFC 9110 §9.3.4.
    Put = 1 << 3,
    /// The method `DELETE` of RFC 9110 §9.3.5.
    Delete = 1 << 4,
    /// The method `PATCH` of RFC 5789.
    Patch = 1 << 5,
    /// The method `OPTIONS` of RFC 9110 §9.3.7.
    Options = 1 << 6,
}

const NAMES: [(Method, &str); 7] = [
    (Method::Get, "GET"),
    (Method::Head, "HEAD"),
    (Method::Post, "POST"),
    (Method::Put, "PUT"),
    (Method::Delete, "DELETE"),
    (Method::Patch, "PATCH"),
    (Method::Options, "OPTIONS"),
];

impl Method {
    /// Returns the method of a request, or `None` if it isn't one of these.
    pub fn of(headers: &Headers) -> Option<Self> {
        Self::parse(headers.only(Name::Method).unwrap_or_default())
    }

    /// Returns `true` if a body means something in a request with this method.
    pub fn may_have_a_body(self) -> bool {
        matches!(self, Self::Post | Self::Put | Self::Patch)
    }

    /// Parses the exact name of a method.
    pub fn parse(name: &[u8]) -> Option<Self> {
        NAMES.iter().find(|(_, known)| known.as_bytes() == name).map(|&(method, _)| method)
    }
}

/// A set of methods. `Display` writes it as the value of an `Allow` header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Methods(u8);

impl Methods {
    /// The set of all known methods.
    pub const ALL: Self = Self(0x7f);

    /// The set of `OPTIONS` alone, which asks for the methods of a path.
    pub const OPTIONS: Self = Self::of(&[Method::Options]);

    /// Returns the set of the given methods.
    pub const fn of(methods: &[Method]) -> Self {
        let mut bits = 0;
        let mut rest = methods;
        while let [method, others @ ..] = rest {
            bits |= *method as u8;
            rest = others;
        }
        Self(bits)
    }

    /// Returns `true` if the set contains the method.
    pub fn contains(self, method: Method) -> bool {
        self.0 & method as u8 != 0
    }

    /// Returns the methods that are in either set.
    #[must_use]
    pub fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }
}

impl fmt::Display for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (_, name) in NAMES.iter().filter(|&&(method, _)| self.contains(method)) {
            write!(f, "{separator}{name}")?;
            separator = ", ";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_compared_exactly() {
        assert_eq!(Method::parse(b"GET"), Some(Method::Get));
        assert_eq!(Method::parse(b"get"), None);
        assert_eq!(Method::parse(b"CONNECT"), None);
    }

    #[test]
    fn a_set_prints_as_an_allow_header() {
        assert_eq!(Methods::of(&[Method::Post, Method::Get]).to_string(), "GET, POST");
    }

    #[test]
    fn what_is_in_two_sets_is_in_both_together() {
        let [one, other] =
            [&[Method::Get, Method::Post][..], &[Method::Post, Method::Options]].map(Methods::of);
        assert_eq!(one.with(other).to_string(), "GET, POST, OPTIONS");
    }
}
