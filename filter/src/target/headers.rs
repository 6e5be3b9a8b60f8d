//! The headers of a request: a map as the host gives it, and the rules for those that a client may not set. Names are
//! compared without case and with `_` as `-`, because servers in CGI's tradition treat both as the same name
//! (`threats.md` H1).

use super::escape::Octets;
use std::ops::Range;

/// A header map as the host gives it, with `:method`, `:path` and `:authority` or `:status` among the names. It keeps
/// the received bytes and the position of each text in them.
#[derive(Clone, Debug, Default)]
pub struct Headers {
    bytes: Vec<u8>,
    spans: Vec<HeaderSpan>,
}

/// The positions of a header's name and value in the bytes of the map.
#[derive(Clone, Debug)]
pub(crate) struct HeaderSpan {
    pub(crate) name: Range<usize>,
    pub(crate) value: Range<usize>,
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> FromIterator<(N, V)> for Headers {
    /// Creates a map with these names and values, in their order.
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut headers = Self::default();
        for (name, value) in pairs {
            let (name, value) = (headers.hold(name.as_ref()), headers.hold(value.as_ref()));
            headers.spans.push(HeaderSpan { name, value });
        }
        headers
    }
}

impl PartialEq for Headers {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Headers {}

impl Headers {
    /// Creates a map from bytes and the positions of the texts in them.
    #[cfg(any(test, target_arch = "wasm32"))]
    pub(crate) fn within(bytes: Vec<u8>, spans: Vec<HeaderSpan>) -> Self {
        Self { bytes, spans }
    }

    fn hold(&mut self, text: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(text);
        start..self.bytes.len()
    }

    /// Returns every name with its value, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.spans.iter().map(|span| (self.text(&span.name), self.text(&span.value)))
    }

    fn text(&self, range: &Range<usize>) -> &[u8] {
        self.bytes.get(range.clone()).unwrap_or_default()
    }

    /// Returns the names for which `is_like` is true, in order.
    pub(crate) fn names(&self, is_like: impl Fn(&[u8]) -> bool) -> Vec<Vec<u8>> {
        self.iter().map(|(name, _)| name).filter(|name| is_like(name)).map(<[u8]>::to_vec).collect()
    }

    /// Returns every value of this name, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        // Of most headers only the length of the name is looked at.
        let is_named = |span: &&HeaderSpan| {
            span.name.len() == name.len() && self.text(&span.name).eq_ignore_ascii_case(name.as_bytes())
        };
        self.spans.iter().filter(is_named).map(|span| self.text(&span.value))
    }

    /// Returns the first value of this name.
    pub fn first<'a>(&'a self, name: &'a str) -> Option<&'a [u8]> {
        self.all(name).next()
    }

    /// Returns the only value of this name, or `None` if there are two.
    pub fn only<'a>(&'a self, name: &'a str) -> Option<&'a [u8]> {
        let mut values = self.all(name);
        let first = values.next();
        if values.next().is_some() { None } else { first }
    }

    /// Returns `true` if there is a header with this name.
    pub fn has(&self, name: &str) -> bool {
        self.first(name).is_some()
    }
}

/// Headers that the filter or a server behind it trusts, so that no client may set them.
const TRUSTED: &[&str] = &[
    "accountid",
    "forwarded",
    "front-end-https",
    "projectid",
    "thanos-tenant",
    "true-client-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-forwarded",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-real-ip",
    "x-rewrite-url",
    "x-scope-orgid",
];

/// The prefixes of further trusted headers.
const TRUSTED_PREFIXES: &[&str] = &[
    "remote-",
    "x-auth-request-",
    "x-envoy-",
    "x-forwarded-",
    "x-original-",
    "x-promward-",
    "x-remote-",
    "x-webauth-",
];

/// The one header of its family that stays, in exactly this spelling: the proxy appends the address that it sees to it.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// Headers that tell the filter, or a server with sessions of its own, who the caller is (`threats.md` H3).
const CREDENTIALS: &[&str] = &["authorization", "proxy-authorization", "cookie"];

/// The octets with which these names begin, in both cases. Most headers are none of these, and their first octet shows
/// it. No name begins with a hyphen, which would have a second spelling.
static FIRST: Octets = Octets::NONE.with_first(TRUSTED).with_first(TRUSTED_PREFIXES).with_first(CREDENTIALS);

/// The headers of a request that don't go upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strip {
    /// Headers that only the filter may set, and some of the caller's credentials.
    TrustedAnd(Credentials),
    /// Headers that only the filter sets: for the proxy's own routes (`x-promward-*`), and about the caller. For
    /// requests outside every mount.
    OursOnly,
}

/// The credentials among the headers of a request that don't go upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// No credential at all.
    None,
    /// The header `Proxy-Authorization` alone.
    ForProxies,
    /// The headers `Authorization` and `Proxy-Authorization`.
    Logins,
    /// The headers `Authorization`, `Proxy-Authorization` and `Cookie`.
    All,
}

impl Credentials {
    fn cover(self, name: &[u8]) -> bool {
        let is = |known: &str| spelled(name, known);
        match self {
            Self::None => false,
            Self::ForProxies => is("proxy-authorization"),
            Self::Logins => is("authorization") || is("proxy-authorization"),
            Self::All => CREDENTIALS.iter().any(|known| is(known)),
        }
    }
}

impl Strip {
    /// Returns the names of a request's headers that are removed, as the client spelled them. `ours` are further
    /// headers that the filter sets, in lower case.
    pub fn held_back(self, headers: &Headers, ours: &[&str]) -> Vec<Vec<u8>> {
        headers.names(|name| self.covers(name) || ours.iter().any(|ours| spelled(name, ours)))
    }

    /// Returns `true` if a header with this name is removed.
    pub fn covers(self, name: &[u8]) -> bool {
        if !name.first().is_some_and(|&first| FIRST.has(first)) {
            return false;
        }
        let is = |known: &str| spelled(name, known);
        let begins = |prefix: &&str| name.get(..prefix.len()).is_some_and(|start| spelled(start, prefix));
        match self {
            Self::OursOnly => begins(&"x-promward-"),
            Self::TrustedAnd(_) if name.eq_ignore_ascii_case(FORWARDED_FOR.as_bytes()) => false,
            Self::TrustedAnd(credentials) => {
                TRUSTED.iter().any(|known| is(known))
                    || TRUSTED_PREFIXES.iter().any(begins)
                    || credentials.cover(name)
            }
        }
    }
}

/// Returns `true` if `name` is a spelling of `known`, which is in lower case with hyphens.
pub(crate) fn spelled(name: &[u8], known: &str) -> bool {
    let normal = |byte: &u8| {
        if *byte == b'_' { b'-' } else { byte.to_ascii_lowercase() }
    };
    // From the end, since many of these names begin alike.
    name.len() == known.len() && name.iter().rev().map(normal).eq(known.bytes().rev())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRUSTED_ONLY: Strip = Strip::TrustedAnd(Credentials::None);
    const ALL: Strip = Strip::TrustedAnd(Credentials::All);

    #[test]
    fn every_name_that_is_listed_is_held_back() {
        for name in [TRUSTED, CREDENTIALS].concat() {
            for spelling in [name.to_owned(), name.to_uppercase(), name.replace('-', "_")] {
                assert!(ALL.covers(spelling.as_bytes()), "{spelling}");
            }
        }
        for prefix in TRUSTED_PREFIXES.iter().map(|prefix| format!("{prefix}x")) {
            for spelling in [prefix.clone(), prefix.to_uppercase(), prefix.replace('-', "_")] {
                assert!(TRUSTED_ONLY.covers(spelling.as_bytes()), "{spelling}");
            }
        }
    }

    #[test]
    fn a_trusted_header_is_held_back_in_any_spelling() {
        for name in [
            "X-Scope-OrgID",
            "x_scope_orgid",
            "X_FORWARDED-Host",
            "x-envoy-original-path",
            "X_Promward_Cluster",
            "X_Forwarded_For",
            "X-Forwarded-Proto",
            "x-forwarded-access-token",
            "X-WEBAUTH-Role",
            "x-remote-group",
            "Remote_User",
            "x-original-method",
            "x-forwarded",
            "AccountID",
            "Forwarded",
            "Front-End-Https",
            "ProjectID",
            "Thanos-Tenant",
            "True-Client-IP",
            "X-Client-IP",
            "X-Cluster-Client-IP",
            "X-HTTP-Method",
            "X-HTTP-Method-Override",
            "X-Method-Override",
            "X-Real-IP",
            "X-Rewrite-URL",
            "X-Auth-Request-Email",
        ] {
            assert!(TRUSTED_ONLY.covers(name.as_bytes()), "{name}");
        }
        for name in ["x-forwarded-for", "X-Forwarded-For", "accept", "x-envo", "xscopeorgid", "authorization"]
        {
            assert!(!TRUSTED_ONLY.covers(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn the_headers_that_name_caller_and_tenant_are_held_back_in_any_spelling() {
        let names = ["X-Caller", "x_caller", "x-caller", "X_Tenant", "x-callers", "accept"];
        let headers = Headers::from_iter(names.map(|name| (name, "user:admin")));
        for strip in [TRUSTED_ONLY, ALL, Strip::OursOnly] {
            let held_back = strip.held_back(&headers, &["x-caller", "x-tenant"]);
            let expected = ["X-Caller", "x_caller", "x-caller", "X_Tenant"];
            assert_eq!(held_back, expected.map(|name| name.as_bytes().to_vec()));
            assert!(strip.held_back(&headers, &[]).is_empty());
        }
    }

    #[test]
    fn credentials_are_held_back_where_the_mount_does_not_pass_them() {
        for (name, from_logins_on) in
            [("Authorization", true), ("Cookie", false), ("proxy_authorization", true)]
        {
            assert!(ALL.covers(name.as_bytes()), "{name}");
            assert!(!TRUSTED_ONLY.covers(name.as_bytes()), "{name}");
            assert_eq!(
                Strip::TrustedAnd(Credentials::Logins).covers(name.as_bytes()),
                from_logins_on,
                "{name}"
            );
            let is_for_proxies = name.starts_with("proxy");
            let covers = Strip::TrustedAnd(Credentials::ForProxies).covers(name.as_bytes());
            assert_eq!(covers, is_for_proxies, "{name}");
        }
    }

    #[test]
    fn outside_the_mounts_only_our_own_routing_is_held_back() {
        assert!(Strip::OursOnly.covers(b"x-promward-cluster"));
        assert!(!Strip::OursOnly.covers(b"x-real-ip"));
    }

    #[test]
    fn two_values_are_not_one() {
        let headers = Headers::from_iter([("Origin", "a"), ("origin", "b")]);
        assert_eq!((headers.first("origin"), headers.only("origin")), (Some(&b"a"[..]), None));
    }
}
