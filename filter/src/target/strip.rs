//! The headers of a request that don't go upstream: those that no client may set, and credentials. Names are compared
//! without case and with `_` as `-`, because servers in CGI's tradition treat both as the same name (`threats.md` H1).

use super::headers::Headers;
use super::headers::name::{Name, NameSet, Spelling, is_spelling};

/// Headers that the filter or a server behind it trusts, so that no client may set them.
const TRUSTED: NameSet = NameSet::of(&[
    Name::AccountId,
    Name::Forwarded,
    Name::FrontEndHttps,
    Name::ProjectId,
    Name::ThanosTenant,
    Name::TrueClientIp,
    Name::XClientIp,
    Name::XClusterClientIp,
    Name::XForwarded,
    Name::XHttpMethod,
    Name::XHttpMethodOverride,
    Name::XMethodOverride,
    Name::XRealIp,
    Name::XRewriteUrl,
    Name::XScopeOrgId,
    Name::OfRemote,
    Name::OfAuthRequest,
    Name::OfEnvoy,
    Name::OfForwarded,
    Name::OfOriginal,
    Name::OfPromward,
    Name::OfXRemote,
    Name::OfWebauth,
])
.without(FORWARDED_FOR);

/// The one header of its family that stays, in exactly this spelling: the proxy appends the address that it sees to it.
const FORWARDED_FOR: Name = Name::XForwardedFor;

/// The headers of a request that don't go upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strip {
    /// Headers that only the filter may set, and some of the caller's credentials.
    TrustedAnd(Credentials),
    /// Headers that only the filter sets: for the proxy's own routes (`x-promward-*`), and about the caller. For
    /// requests outside every mount.
    OursOnly,
}

/// The credentials among the headers of a request that don't go upstream. They tell the filter, or a server with sessions
/// of its own, who the caller is (`threats.md` H3).
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

impl Strip {
    /// Returns the names of a request's headers that are removed, as the client spelled them. `ours` are further
    /// headers that the filter sets, in lower case. What `is_kept` says of a header in its usual spelling goes before.
    pub fn held_back(self, headers: &Headers, ours: &[&str], is_kept: impl Fn(Name) -> bool) -> Vec<Vec<u8>> {
        let set = self.set();
        let is_ours = |name: &[u8]| ours.iter().any(|ours| is_spelling(name, ours.as_bytes()));
        headers.names(|known, spelling, name| {
            let is_held = set.has(known)
                || known == FORWARDED_FOR && self.covers_underscored(spelling)
                || is_ours(name);
            is_held && !(spelling == Spelling::Usual && is_kept(known))
        })
    }

    fn covers_underscored(self, spelling: Spelling) -> bool {
        matches!(self, Self::TrustedAnd(_)) && spelling == Spelling::Underscored
    }

    /// Returns the headers that are removed in any spelling.
    fn set(self) -> &'static NameSet {
        static OURS: NameSet = NameSet::of(&[Name::OfPromward]);
        static ALONE: NameSet = TRUSTED;
        static AND_FOR_PROXIES: NameSet = TRUSTED.with(&[Name::ProxyAuthorization]);
        static AND_LOGINS: NameSet = TRUSTED.with(&[Name::Authorization, Name::ProxyAuthorization]);
        static AND_ALL: NameSet =
            TRUSTED.with(&[Name::Authorization, Name::ProxyAuthorization, Name::Cookie]);
        match self {
            Self::OursOnly => &OURS,
            Self::TrustedAnd(Credentials::None) => &ALONE,
            Self::TrustedAnd(Credentials::ForProxies) => &AND_FOR_PROXIES,
            Self::TrustedAnd(Credentials::Logins) => &AND_LOGINS,
            Self::TrustedAnd(Credentials::All) => &AND_ALL,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRUSTED_ONLY: Strip = Strip::TrustedAnd(Credentials::None);
    const ALL: Strip = Strip::TrustedAnd(Credentials::All);

    impl Strip {
        fn covers(self, name: &str) -> bool {
            !self.held_back(&Headers::from_iter([(name, "x")]), &[], |_| false).is_empty()
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
            assert!(TRUSTED_ONLY.covers(name), "{name}");
        }
        for name in ["x-forwarded-for", "X-Forwarded-For", "accept", "x-envo", "xscopeorgid", "authorization"]
        {
            assert!(!TRUSTED_ONLY.covers(name), "{name}");
        }
    }

    #[test]
    fn the_headers_that_name_caller_and_tenant_are_held_back_in_any_spelling() {
        let names = ["X-Caller", "x_caller", "x-caller", "X_Tenant", "x-callers", "accept"];
        let headers = Headers::from_iter(names.map(|name| (name, "user:admin")));
        for strip in [TRUSTED_ONLY, ALL, Strip::OursOnly] {
            let held_back = strip.held_back(&headers, &["x-caller", "x-tenant"], |_| false);
            let expected = ["X-Caller", "x_caller", "x-caller", "X_Tenant"];
            assert_eq!(held_back, expected.map(|name| name.as_bytes().to_vec()));
            assert!(strip.held_back(&headers, &[], |_| false).is_empty());
        }
    }

    #[test]
    fn credentials_are_held_back_where_the_mount_does_not_pass_them() {
        for (name, from_logins_on) in
            [("Authorization", true), ("Cookie", false), ("proxy_authorization", true)]
        {
            assert!(ALL.covers(name), "{name}");
            assert!(!TRUSTED_ONLY.covers(name), "{name}");
            assert_eq!(Strip::TrustedAnd(Credentials::Logins).covers(name), from_logins_on, "{name}");
            let is_for_proxies = name.starts_with("proxy");
            let covers = Strip::TrustedAnd(Credentials::ForProxies).covers(name);
            assert_eq!(covers, is_for_proxies, "{name}");
        }
    }

    #[test]
    fn what_is_kept_stays_in_its_usual_spelling_alone() {
        let names = ["X-Forwarded-Proto", "x_forwarded_proto", "x-forwarded-host"];
        let headers = Headers::from_iter(names.map(|name| (name, "https")));
        let held_back = ALL.held_back(&headers, &[], |name| name == Name::XForwardedProto);
        assert_eq!(held_back, names[1..].iter().map(|name| name.as_bytes().to_vec()).collect::<Vec<_>>());
    }

    #[test]
    fn outside_the_mounts_only_our_own_routing_is_held_back() {
        assert!(Strip::OursOnly.covers("x-promward-cluster"));
        assert!(!Strip::OursOnly.covers("x-real-ip"));
    }
}
