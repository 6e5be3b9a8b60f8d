//! Request headers: which of them a client may not set, and how the filter reads the rest. The names are compared
//! without case and with `_` as `-`, because servers in CGI's tradition take both for one (`threats.md` H1).

use super::escape::Octets;
use std::ops::Range;

/// A header map as the host gives it, with `:method`, `:path` and `:authority` or `:status` among the names: the bytes that
/// came, and where in them each text stands.
#[derive(Clone, Debug, Default)]
pub struct Headers {
    bytes: Vec<u8>,
    spans: Vec<HeaderSpan>,
}

/// Where a header stands.
#[derive(Clone, Debug)]
pub(crate) struct HeaderSpan {
    pub(crate) name: Range<usize>,
    pub(crate) value: Range<usize>,
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> FromIterator<(N, V)> for Headers {
    /// A map of these names and values, in their order.
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
    /// A map whose texts stand at these places.
    #[cfg(any(test, target_arch = "wasm32"))]
    pub(crate) fn within(bytes: Vec<u8>, spans: Vec<HeaderSpan>) -> Self {
        Self { bytes, spans }
    }

    fn hold(&mut self, text: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(text);
        start..self.bytes.len()
    }

    /// Every name with its value, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let text = |range: &Range<usize>| self.bytes.get(range.clone()).unwrap_or_default();
        self.spans.iter().map(move |span| (text(&span.name), text(&span.value)))
    }

    /// The names that are like this, in order.
    pub(crate) fn names(&self, is_like: impl Fn(&[u8]) -> bool) -> Vec<Vec<u8>> {
        self.iter().map(|(name, _)| name).filter(|name| is_like(name)).map(<[u8]>::to_vec).collect()
    }

    /// Every value under this name, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| value)
    }

    /// The first value under this name.
    pub fn first<'a>(&'a self, name: &'a str) -> Option<&'a [u8]> {
        self.all(name).next()
    }

    /// The only value under this name; none if there are two.
    pub fn only<'a>(&'a self, name: &'a str) -> Option<&'a [u8]> {
        let mut values = self.all(name);
        let first = values.next();
        if values.next().is_some() { None } else { first }
    }

    /// Whether there is one of this name.
    pub fn has(&self, name: &str) -> bool {
        self.first(name).is_some()
    }
}

/// What the filter or a server behind it believes, so that no client may say it.
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

/// Families of such headers.
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

/// The one of its family that stays, in just this spelling: the proxy puts the address that it sees at its end.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// What says who the caller is, for the filter and not for the server (`threats.md` H3).
const CREDENTIALS: &[&str] = &["authorization", "cookie", "proxy-authorization"];

/// What all of these begin with, in both cases: most headers are none of them, and are told by that. None begins with a
/// hyphen, which would have a second spelling.
static FIRST: Octets = Octets::NONE.with_first(TRUSTED).with_first(TRUSTED_PREFIXES).with_first(CREDENTIALS);

/// Headers of a request that don't go upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strip {
    /// Those that nobody but the filter may set.
    Trusted,
    /// Those, and the caller's credentials.
    TrustedAndCredentials,
    /// Only what the filter says itself, to the proxy's own routes (`x-promward-*`) and of the caller: for requests
    /// outside every mount.
    OursOnly,
}

impl Strip {
    /// The names of a request's headers that are held back, as the client spelled them; `ours`, in lower case, are
    /// more that the filter sets.
    pub fn held_back(self, headers: &Headers, ours: &[&str]) -> Vec<Vec<u8>> {
        headers.names(|name| self.covers(name) || ours.iter().any(|ours| spelled(name, ours)))
    }

    /// Whether a header of this name is held back.
    pub fn covers(self, name: &[u8]) -> bool {
        if !name.first().is_some_and(|&first| FIRST.has(first)) {
            return false;
        }
        let is = |known: &str| spelled(name, known);
        let begins = |prefix: &&str| name.get(..prefix.len()).is_some_and(|start| spelled(start, prefix));
        match self {
            Self::OursOnly => begins(&"x-promward-"),
            Self::Trusted if name.eq_ignore_ascii_case(FORWARDED_FOR.as_bytes()) => false,
            Self::Trusted => TRUSTED.iter().any(|known| is(known)) || TRUSTED_PREFIXES.iter().any(begins),
            Self::TrustedAndCredentials => {
                Self::Trusted.covers(name) || CREDENTIALS.iter().any(|known| is(known))
            }
        }
    }
}

/// Whether `name` is a spelling of the lower-case, hyphenated `known`.
pub(crate) fn spelled(name: &[u8], known: &str) -> bool {
    let normal = |byte: &u8| {
        if *byte == b'_' { b'-' } else { byte.to_ascii_lowercase() }
    };
    name.len() == known.len() && name.iter().map(normal).eq(known.bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_that_is_listed_is_held_back() {
        for name in [TRUSTED, CREDENTIALS].concat() {
            for spelling in [name.to_owned(), name.to_uppercase(), name.replace('-', "_")] {
                assert!(Strip::TrustedAndCredentials.covers(spelling.as_bytes()), "{spelling}");
            }
        }
        for prefix in TRUSTED_PREFIXES.iter().map(|prefix| format!("{prefix}x")) {
            for spelling in [prefix.clone(), prefix.to_uppercase(), prefix.replace('-', "_")] {
                assert!(Strip::Trusted.covers(spelling.as_bytes()), "{spelling}");
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
            assert!(Strip::Trusted.covers(name.as_bytes()), "{name}");
        }
        for name in ["x-forwarded-for", "X-Forwarded-For", "accept", "x-envo", "xscopeorgid", "authorization"]
        {
            assert!(!Strip::Trusted.covers(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn the_headers_that_name_caller_and_tenant_are_held_back_in_any_spelling() {
        let names = ["X-Caller", "x_caller", "x-caller", "X_Tenant", "x-callers", "accept"];
        let headers = Headers::from_iter(names.map(|name| (name, "user:admin")));
        for strip in [Strip::Trusted, Strip::TrustedAndCredentials, Strip::OursOnly] {
            let held_back = strip.held_back(&headers, &["x-caller", "x-tenant"]);
            let expected = ["X-Caller", "x_caller", "x-caller", "X_Tenant"];
            assert_eq!(held_back, expected.map(|name| name.as_bytes().to_vec()));
            assert!(strip.held_back(&headers, &[]).is_empty());
        }
    }

    #[test]
    fn credentials_are_held_back_where_the_mount_does_not_pass_them() {
        for name in ["Authorization", "Cookie", "proxy_authorization"] {
            assert!(Strip::TrustedAndCredentials.covers(name.as_bytes()), "{name}");
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
