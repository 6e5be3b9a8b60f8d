//! Request headers: which of them a client may not set, and how the filter reads the rest. The names are compared
//! without case and with `_` as `-`, because servers in CGI's tradition take both for one (`threats.md` H1).

/// A header map as the host gives it, with `:method`, `:path` and `:authority` or `:status` among the names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(pub Vec<(Vec<u8>, Vec<u8>)>);

impl<'a> FromIterator<(&'a str, &'a str)> for Headers {
    /// A map of these names and values, in their order.
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl Headers {
    /// Every value under this name, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let is_it = move |(known, _): &&(Vec<u8>, Vec<u8>)| known.eq_ignore_ascii_case(name.as_bytes());
        self.0.iter().filter(is_it).map(|(_, value)| value.as_slice())
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
        let is_held_back = |name: &&Vec<u8>| self.covers(name) || ours.iter().any(|ours| spelled(name, ours));
        headers.0.iter().map(|(name, _)| name).filter(is_held_back).cloned().collect()
    }

    /// Whether a header of this name is held back.
    pub fn covers(self, name: &[u8]) -> bool {
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
