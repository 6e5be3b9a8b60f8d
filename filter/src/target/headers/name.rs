//! The headers that the filter asks for, keeps from servers or keeps from clients: one table of their names. The name of
//! every header is looked up once, when the map is read; every later question is about a [`Name`].

use crate::same::is_same;

/// Declares [`Name`] with the spelling of each name, in lower case with hyphens.
macro_rules! names {
    ($($name:ident $text:literal,)* [families] $($family:ident $begin:literal,)*) => {
        /// A header, or a family of headers whose names begin alike.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        #[allow(missing_docs, reason = "each is called as it is spelled")]
        pub enum Name {
            /// A header that isn't in the table.
            Other,
            $($name,)*
            $($family,)*
        }

        /// The names of single headers, each at its own number.
        static NAMES: [(Name, &str); SINGLE] = [(Name::Other, ""), $((Name::$name, $text),)*];

        /// The families, and what their names begin with.
        const FAMILIES: &[(Name, &str)] = &[$((Name::$family, $begin),)*];

        const SINGLE: usize = 1 $(+ { let _ = Name::$name; 1 })*;
    };
}

names! {
    Authority ":authority",
    Method ":method",
    Path ":path",
    Status ":status",
    AIm "a-im",
    Accept "accept",
    AcceptEncoding "accept-encoding",
    AcceptRanges "accept-ranges",
    AllowCredentials "access-control-allow-credentials",
    AllowHeaders "access-control-allow-headers",
    AllowMethods "access-control-allow-methods",
    AllowOrigin "access-control-allow-origin",
    AllowPrivateNetwork "access-control-allow-private-network",
    ExposeHeaders "access-control-expose-headers",
    PreflightMaxAge "access-control-max-age",
    AccountId "accountid",
    Authorization "authorization",
    CacheControl "cache-control",
    Connection "connection",
    ContentDigest "content-digest",
    ContentEncoding "content-encoding",
    ContentLength "content-length",
    ContentMd5 "content-md5",
    ContentRange "content-range",
    ContentSecurityPolicy "content-security-policy",
    ContentType "content-type",
    Cookie "cookie",
    Digest "digest",
    Etag "etag",
    Forwarded "forwarded",
    FrontEndHttps "front-end-https",
    Host "host",
    Http2Settings "http2-settings",
    IfMatch "if-match",
    IfModifiedSince "if-modified-since",
    IfNoneMatch "if-none-match",
    IfRange "if-range",
    IfUnmodifiedSince "if-unmodified-since",
    LastModified "last-modified",
    Location "location",
    Origin "origin",
    ProjectId "projectid",
    ProxyAuthorization "proxy-authorization",
    Range "range",
    ReferrerPolicy "referrer-policy",
    Refresh "refresh",
    ReprDigest "repr-digest",
    SecFetchDest "sec-fetch-dest",
    SecFetchMode "sec-fetch-mode",
    SecFetchSite "sec-fetch-site",
    Server "server",
    StrictTransportSecurity "strict-transport-security",
    Te "te",
    ThanosTenant "thanos-tenant",
    TimingAllowOrigin "timing-allow-origin",
    Trailer "trailer",
    TransferEncoding "transfer-encoding",
    TrueClientIp "true-client-ip",
    Upgrade "upgrade",
    XClientIp "x-client-ip",
    XClusterClientIp "x-cluster-client-ip",
    XContentTypeOptions "x-content-type-options",
    XEnvoyExternalAddress "x-envoy-external-address",
    XEnvoyInternal "x-envoy-internal",
    XForwarded "x-forwarded",
    XForwardedFor "x-forwarded-for",
    XForwardedHost "x-forwarded-host",
    XForwardedPrefix "x-forwarded-prefix",
    XForwardedProto "x-forwarded-proto",
    XFrameOptions "x-frame-options",
    XHttpMethod "x-http-method",
    XHttpMethodOverride "x-http-method-override",
    XMethodOverride "x-method-override",
    XPoweredBy "x-powered-by",
    XPromwardBody "x-promward-body",
    XPromwardCaller "x-promward-caller",
    XPromwardClass "x-promward-class",
    XPromwardClient "x-promward-client",
    XPromwardCluster "x-promward-cluster",
    XPromwardRule "x-promward-rule",
    XRealIp "x-real-ip",
    XRewriteUrl "x-rewrite-url",
    XScopeOrgId "x-scope-orgid",
    XServerHostname "x-server-hostname",
    [families]
    OfRemote "remote-",
    OfAuthRequest "x-auth-request-",
    OfEnvoy "x-envoy-",
    OfForwarded "x-forwarded-",
    OfOriginal "x-original-",
    OfPromward "x-promward-",
    OfXRemote "x-remote-",
    OfWebauth "x-webauth-",
}

/// The number of names, single ones and families.
pub(super) const COUNT: usize = SINGLE.wrapping_add(FAMILIES.len());

/// The way in which a name is spelled. Its case never matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// As in the table.
    Usual,
    /// With a `_` for a `-`, which servers in CGI's tradition read as the same name (`threats.md` H1).
    Underscored,
}

impl Name {
    /// Finds a name in any spelling. A family has every name that begins like it and isn't in the table itself.
    pub(crate) fn find(name: &[u8]) -> (Self, Spelling) {
        let mark = mark(name);
        let mut next = FIRST.get(place(mark)).copied().unwrap_or_default();
        while let Some(entry) = TABLE.get(usize::from(next)).filter(|_| next != 0) {
            if entry.mark == mark
                && let Some(spelling) = spelling(name, entry.text.as_bytes())
            {
                return (entry.name, spelling);
            }
            next = entry.next;
        }
        family(name).unwrap_or((Self::Other, Spelling::Usual))
    }

    /// Returns the name in its usual spelling, or what the names of a family begin with.
    pub(crate) fn text(self) -> &'static str {
        let single = TABLE.get(self.number()).map(|entry| entry.text);
        let family = || FAMILIES.iter().find(|(family, _)| *family == self).map(|(_, begin)| *begin);
        single.or_else(family).unwrap_or_default()
    }

    pub(super) fn number(self) -> usize {
        usize::from(self as u8)
    }
}

/// A set of headers.
#[derive(Debug)]
pub struct NameSet([bool; COUNT]);

impl NameSet {
    /// Returns the set of these headers.
    pub const fn of(names: &[Name]) -> Self {
        Self([false; COUNT]).with(names)
    }

    /// Returns the set with these headers added. A family brings its headers that are in the table themselves.
    #[must_use]
    #[allow(clippy::indexing_slicing, reason = "there is a place for each name, and it runs in the compiler")]
    pub const fn with(mut self, names: &[Name]) -> Self {
        let mut rest = names;
        while let [name, others @ ..] = rest {
            self.0[*name as usize] = true;
            let mut families = FAMILIES;
            while let [(family, begin), others @ ..] = families {
                if *family as u8 == *name as u8 {
                    self = self.with_beginning(begin.as_bytes());
                }
                families = others;
            }
            rest = others;
        }
        self
    }

    /// Returns the set with the single headers added that begin like this.
    #[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "it runs in the compiler")]
    const fn with_beginning(mut self, begin: &[u8]) -> Self {
        let mut number = 1;
        while number < SINGLE {
            let (mut name, mut begin) = (NAMES[number].1.as_bytes(), begin);
            while let ([byte, name_rest @ ..], [expected, rest @ ..]) = (name, begin)
                && *byte == *expected
            {
                (name, begin) = (name_rest, rest);
            }
            self.0[number] |= begin.is_empty();
            number += 1;
        }
        self
    }

    /// Returns the set without a header.
    #[must_use]
    #[allow(clippy::indexing_slicing, reason = "there is a place for each name, and it runs in the compiler")]
    pub const fn without(mut self, name: Name) -> Self {
        self.0[name as usize] = false;
        self
    }

    /// Returns `true` if the set has the header.
    #[inline]
    pub fn has(&self, name: Name) -> bool {
        self.0.get(name.number()).copied().unwrap_or_default()
    }
}

/// A name as it is looked up, in a list of those at the same place.
#[derive(Clone, Copy)]
struct Entry {
    name: Name,
    mark: u32,
    text: &'static str,
    /// The number of the next entry of the list, or 0 at its end.
    next: u8,
}

/// The number of places, each with a list of names. With as many, most lists have one name at most.
const PLACES: usize = 256;

/// The number of the first entry of the list at each place, or 0 for none.
static FIRST: [u8; PLACES] = LISTS.0;

/// The names of single headers by their numbers.
static TABLE: [Entry; SINGLE] = LISTS.1;

#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "it runs in the compiler")]
const LISTS: ([u8; PLACES], [Entry; SINGLE]) = {
    assert!(SINGLE < 256, "a number is a byte");
    let mut first = [0; PLACES];
    let mut table = [Entry { name: Name::Other, mark: 0, text: "", next: 0 }; SINGLE];
    let mut number = 1;
    while number < SINGLE {
        let (name, text) = NAMES[number];
        let mark = mark(text.as_bytes());
        table[number] = Entry { name, mark, text, next: first[place(mark)] };
        first[place(mark)] = number as u8;
        number += 1;
    }
    (first, table)
};

/// Returns what tells most names apart, in any spelling: the length, the first and the last byte. No name in the table
/// begins or ends with a hyphen.
#[inline]
const fn mark(name: &[u8]) -> u32 {
    let (Some(first), Some(last)) = (name.first(), name.last()) else { return 0 };
    (name.len() as u32) << 16 | ((*first | 0x20) as u32) << 8 | (*last | 0x20) as u32
}

/// Returns the place of the names with a mark: the upper bits of its product with a number that scatters them.
#[inline]
const fn place(mark: u32) -> usize {
    (mark.wrapping_mul(0x9e37_79b1) >> 24) as usize
}

/// Returns how `name` spells `known`, or `None` if it is another name.
#[inline]
fn spelling(name: &[u8], known: &[u8]) -> Option<Spelling> {
    if is_same(name, known) { Some(Spelling::Usual) } else { unusual_spelling(name, known) }
}

#[cold]
fn unusual_spelling(name: &[u8], known: &[u8]) -> Option<Spelling> {
    is_spelling(name, known)
        .then(|| if name.contains(&b'_') { Spelling::Underscored } else { Spelling::Usual })
}

/// Returns `true` if `name` is a spelling of `known`, which is in lower case with hyphens.
pub(crate) fn is_spelling(name: &[u8], known: &[u8]) -> bool {
    let normal = |byte: &u8| if *byte == b'_' { b'-' } else { byte.to_ascii_lowercase() };
    name.len() == known.len() && name.iter().map(normal).eq(known.iter().copied())
}

/// Returns the family that a name belongs to.
#[inline]
fn family(name: &[u8]) -> Option<(Name, Spelling)> {
    let &[first, _, third, ..] = name else { return None };
    let number = BY_THIRD.get(usize::from(third)).copied().filter(|&number| number != 0)?;
    let &(family, begin) = FAMILIES.get(usize::from(number).wrapping_sub(1))?;
    let start = name.get(..begin.len()).filter(|_| begin.as_bytes().first() == Some(&(first | 0x20)))?;
    Some((family, spelling(start, begin.as_bytes())?))
}

/// The number of a family by the third byte of its names, counted from 1; 0 for none. The families differ in this byte.
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "it runs in the compiler")]
static BY_THIRD: [u8; 256] = {
    let mut families = [0; 256];
    let mut number = 0;
    while let Some((&(_, begin), _)) = FAMILIES.split_at(number).1.split_first() {
        number += 1;
        let third = begin.as_bytes()[2];
        assert!(families[third as usize] == 0, "no two families have the same third byte");
        families[third as usize] = number as u8;
        families[third.to_ascii_uppercase() as usize] = number as u8;
    }
    families
};

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a text in other spellings, each with what it is called.
    fn spellings(text: &str) -> [(String, Spelling); 3] {
        let underscored = text.replace('-', "_");
        let spelling = if underscored == text { Spelling::Usual } else { Spelling::Underscored };
        [
            (text.to_owned(), Spelling::Usual),
            (text.to_uppercase(), Spelling::Usual),
            (underscored.to_uppercase(), spelling),
        ]
    }

    #[test]
    fn every_name_is_found_in_every_spelling() {
        for (number, &(name, text)) in NAMES.iter().enumerate().skip(1) {
            assert_eq!(name.number(), number, "{text}");
            assert_eq!(text, text.to_lowercase());
            for (spelled, spelling) in spellings(text) {
                assert_eq!(Name::find(spelled.as_bytes()), (name, spelling), "{spelled}");
            }
        }
    }

    #[test]
    fn every_name_of_a_family_is_found_in_every_spelling() {
        for &(family, begin) in FAMILIES {
            for more in ["", "-", "y", "real-ip"] {
                for (spelled, _) in spellings(&[begin, more].concat()) {
                    assert_eq!(Name::find(spelled.as_bytes()).0, family, "{spelled}");
                }
            }
        }
        assert_eq!(Name::find(b"X-Envoy-A_b"), (Name::OfEnvoy, Spelling::Usual));
        assert_eq!(Name::find(b"X_Envoy-A"), (Name::OfEnvoy, Spelling::Underscored));
    }

    #[test]
    fn no_other_name_is_taken_for_one_of_them() {
        for &(name, text) in NAMES.iter().skip(1) {
            for other in [
                format!("{text}x"),
                format!("x{text}"),
                text[1..].to_owned(),
                format!("{text}-"),
                format!("{text} "),
            ] {
                assert_ne!(Name::find(other.as_bytes()).0, name, "{other}");
            }
        }
        for other in [
            "",
            "-",
            "x",
            "x-",
            "x-e",
            "x-envoy",
            "remote",
            "xremote-",
            "x-request-id",
            "user-agent",
            "accept-charset",
        ] {
            assert_eq!(Name::find(other.as_bytes()), (Name::Other, Spelling::Usual), "{other}");
        }
    }
}
