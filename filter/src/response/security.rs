//! Security headers of answers: headers that keep a browser from being used against its owner are added (`threats.md`
//! B4), and headers that tell strangers what runs behind the filter are removed.

use super::cors;
use crate::api::endpoint::{Content, Links};
use crate::api::profile::Contents;
use crate::target::header_edits::HeaderValue;
use crate::target::headers::Headers;
use crate::target::headers::name::{Name, NameSet};
use crate::target::media_type::{JSON_TYPE, is_exactly};
use crate::target::origin::{Origin, UrlScheme};
use std::rc::Rc;

/// A policy under which the pages of Prometheus 2.x and 3.x work: their one inline script differs from start to start,
/// and their libraries inject styles.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self' 'unsafe-inline'; \
     style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; object-src 'none'; \
     base-uri 'self'; form-action 'self'";

/// Headers that no client gets: those that tell which software runs behind the filter, and on which machine, and those
/// that proxies send to each other.
const REVEALING: NameSet =
    NameSet::of(&[Name::Server, Name::XPoweredBy, Name::XServerHostname, Name::OfEnvoy, Name::OfPromward]);

/// Headers that a Prometheus can't set: how long browsers insist on TLS, where they go next, and who may show the page
/// in a frame.
const OVERRULED: [Name; 3] = [Name::StrictTransportSecurity, Name::Refresh, Name::XFrameOptions];

/// Headers that browsers heed for pages only: where a page's links say that they come from, and who may show it in a frame,
/// to browsers that don't know policies.
const FOR_PAGES: NameSet = NameSet::of(&[Name::ReferrerPolicy, Name::XFrameOptions]);

/// The number of headers that an answer gets at most.
const MOST: usize = 6;

/// The directive of a policy that names who may show a page in a frame.
const FRAME_ANCESTORS: &str = "frame-ancestors";

/// Returns the names of a server's headers that no client gets. At an opaque mount the server itself decides who may
/// read an answer.
pub fn removed_from_answers(contents: Contents, given: &Headers) -> Vec<Vec<u8>> {
    static OF_OPAQUE: NameSet = REVEALING;
    static OF_KNOWN: NameSet = REVEALING.with(&OVERRULED).with(&cors::ANSWERS);
    let removed = match contents {
        Contents::Known => &OF_KNOWN,
        Contents::Opaque => &OF_OPAQUE,
    };
    given.named(removed)
}

/// Returns `true` if browsers heed one of the words in a value of `x-frame-options`, by which servers said who may show a
/// page in a frame before there were policies. They take one with another word, like
/// `ALLOW-FROM`, for none at all (HTML §7.7).
fn is_frame_option(value: &[u8]) -> bool {
    let heeded: [&[u8]; 3] = [b"deny", b"sameorigin", b"allowall"];
    let mut words = value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
    words.any(|word| heeded.iter().any(|known| word.eq_ignore_ascii_case(known)))
}

/// The security headers of a configuration, compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Security {
    hsts: Option<Rc<str>>,
    content_security_policy: Rc<str>,
    /// The policy that names who may frame a page, and nothing else. `None` if the configuration lists nobody.
    frame_policy: Option<Rc<str>>,
    frames: Frames,
}

/// The pages that may show an answer in a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frames {
    /// No page at all.
    Nobody,
    /// Pages of these origins.
    Only(Vec<Origin>),
    /// The pages that the configured policy names.
    AsPolicySays,
}

impl Security {
    /// Compiles the security headers of a configuration. A policy replaces the built-in one.
    pub fn new(hsts: Option<String>, policy: Option<String>, frames: Frames) -> Self {
        let mut content_security_policy = policy.unwrap_or_else(|| CONTENT_SECURITY_POLICY.to_owned());
        if let Some(ancestors) = frames.ancestors() {
            content_security_policy = format!("{content_security_policy}; {FRAME_ANCESTORS} {ancestors}");
        }
        let frame_policy = match frames {
            Frames::Only(_) => {
                frames.ancestors().map(|ancestors| format!("{FRAME_ANCESTORS} {ancestors}").into())
            }
            Frames::Nobody | Frames::AsPolicySays => None,
        };
        Self {
            hsts: hsts.map(Rc::from),
            content_security_policy: content_security_policy.into(),
            frame_policy,
            frames,
        }
    }

    /// Returns the headers of the filter's own replies and of a Prometheus' answers, which replace those of the server.
    pub fn headers(&self, content: Content, scheme: UrlScheme) -> Vec<(Name, HeaderValue)> {
        let mut headers = Vec::with_capacity(MOST);
        headers.push((Name::XContentTypeOptions, "nosniff".into()));
        headers.push((Name::ReferrerPolicy, "same-origin".into()));
        headers.push((Name::ContentSecurityPolicy, (&self.content_security_policy).into()));
        headers.extend(self.frame_options());
        headers.extend(self.transport(scheme));
        if content == Content::Fresh {
            headers.push((Name::CacheControl, "no-store".into()));
        }
        headers
    }

    /// Returns the headers of an answer. JSON gets none that are for pages, since no browser makes a page of it beside
    /// `nosniff` (`threats.md` B4). At an opaque mount the server's own headers stay, since only the server knows what its
    /// pages need.
    pub fn answer(
        &self,
        contents: Contents,
        content: Content,
        scheme: UrlScheme,
        given: &Headers,
    ) -> Vec<(Name, HeaderValue)> {
        let mut headers = self.headers(content, scheme);
        match contents {
            Contents::Known => {
                if given.only(Name::ContentType).is_some_and(|value| is_exactly(value, JSON_TYPE)) {
                    headers.retain(|(name, _)| !FOR_PAGES.has(*name));
                }
            }
            Contents::Opaque => {
                let frames_are_its_own = given.has(Name::ContentSecurityPolicy);
                headers.retain(|&(name, _)| match name {
                    Name::ContentSecurityPolicy => false,
                    Name::XFrameOptions => !frames_are_its_own && !given.has(name),
                    Name::StrictTransportSecurity => true,
                    _ => !given.has(name),
                });
            }
        }
        headers
    }

    /// Returns the policy to add to an answer of an opaque server that doesn't say itself who may frame it. A further
    /// policy leaves those of the server as they are.
    pub fn added_policy(&self, contents: Contents, given: &Headers) -> Option<&Rc<str>> {
        let names_frames = |policy: &[u8]| {
            policy
                .windows(FRAME_ANCESTORS.len())
                .any(|part| part.eq_ignore_ascii_case(FRAME_ANCESTORS.as_bytes()))
        };
        let says_itself = || {
            given.all(Name::XFrameOptions).any(is_frame_option)
                || given.all(Name::ContentSecurityPolicy).any(names_frames)
        };
        self.frame_policy.as_ref().filter(|_| contents == Contents::Opaque && !says_itself())
    }

    /// Returns the treatment of a frame on another site that shows an answer: it counts as a link if the configuration
    /// lists the sites that may have one. The answer of an opaque server may name others.
    pub(crate) fn frames(&self) -> Links {
        match &self.frames {
            Frames::Only(_) => Links::Followed,
            Frames::Nobody | Frames::AsPolicySays => Links::Refused,
        }
    }

    /// Returns the header by which old browsers know `frame-ancestors 'none'`. There is no such header for a list.
    fn frame_options(&self) -> Option<(Name, HeaderValue)> {
        (self.frames == Frames::Nobody).then(|| (Name::XFrameOptions, "DENY".into()))
    }

    /// Returns the HSTS header if it is configured, and only over TLS, as RFC 6797 §7.2 requires.
    fn transport(&self, scheme: UrlScheme) -> Option<(Name, HeaderValue)> {
        let hsts = self.hsts.as_ref().filter(|_| scheme == UrlScheme::Https)?;
        Some((Name::StrictTransportSecurity, hsts.into()))
    }
}

impl Frames {
    fn ancestors(&self) -> Option<String> {
        match self {
            Self::Nobody => Some("'none'".to_owned()),
            Self::Only(origins) => {
                Some(origins.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
            }
            Self::AsPolicySays => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value<'a>(headers: &'a [(Name, HeaderValue)], name: &str) -> Option<&'a str> {
        headers.iter().find(|(known, _)| known.text() == name).map(|(_, value)| value.as_str())
    }

    fn names(headers: &[(Name, HeaderValue)]) -> Vec<&'static str> {
        headers.iter().map(|(name, _)| name.text()).collect()
    }

    #[test]
    fn nobody_may_frame_a_page_unless_the_configuration_lists_them() {
        let closed = Security::new(None, None, Frames::Nobody);
        let headers = closed.headers(Content::Fresh, UrlScheme::Https);
        assert_eq!(value(&headers, "x-frame-options"), Some("DENY"));
        assert!(value(&headers, "content-security-policy").unwrap().ends_with("frame-ancestors 'none'"));

        let open = Security::new(None, None, Frames::Only(vec![Origin::parse("https://g.example").unwrap()]));
        let headers = open.headers(Content::Fresh, UrlScheme::Https);
        assert_eq!(value(&headers, "x-frame-options"), None);
        assert!(
            value(&headers, "content-security-policy")
                .unwrap()
                .ends_with("frame-ancestors https://g.example")
        );
    }

    #[test]
    fn only_static_files_may_be_stored() {
        let security = Security::new(None, None, Frames::Nobody);
        assert_eq!(
            value(&security.headers(Content::Fresh, UrlScheme::Https), "cache-control"),
            Some("no-store")
        );
        assert_eq!(value(&security.headers(Content::Static, UrlScheme::Https), "cache-control"), None);
    }

    #[test]
    fn hsts_is_sent_over_tls_where_it_is_configured() {
        let security = Security::new(Some("max-age=1".into()), None, Frames::Nobody);
        let name = "strict-transport-security";
        assert_eq!(value(&security.headers(Content::Fresh, UrlScheme::Https), name), Some("max-age=1"));
        assert_eq!(value(&security.headers(Content::Fresh, UrlScheme::Http), name), None);
        let none = Security::new(None, None, Frames::Nobody);
        assert_eq!(value(&none.headers(Content::Fresh, UrlScheme::Https), name), None);
    }

    #[test]
    fn only_what_can_be_shown_as_a_page_gets_the_headers_of_pages() {
        let security = Security::new(None, None, Frames::Nobody);
        let sent = |content_types: &[&str]| {
            let given = content_types.iter().map(|value| ("content-type", *value)).collect();
            let headers = security.answer(Contents::Known, Content::Fresh, UrlScheme::Https, &given);
            names(&headers)
        };
        for data in ["application/json", "Application/JSON; charset=utf-8"] {
            let expected = ["x-content-type-options", "content-security-policy", "cache-control"];
            assert_eq!(sent(&[data]), expected, "{data}");
        }
        for others in [
            &[][..],
            &["text/html"],
            &["application/json", "text/html"],
            &["application/json, text/html"],
            &["application/xml"],
            &["text/plain"],
        ] {
            for name in ["referrer-policy", "x-frame-options"] {
                assert!(sent(others).contains(&name), "{others:?}: {name}");
            }
        }
    }

    #[test]
    fn an_opaque_servers_own_headers_stay() {
        let security = Security::new(None, None, Frames::Nobody);
        let given = [("content-security-policy", "x"), ("cache-control", "max-age=1")].into_iter().collect();
        let headers = security.answer(Contents::Opaque, Content::Fresh, UrlScheme::Https, &given);
        assert_eq!(names(&headers), ["x-content-type-options", "referrer-policy"]);
    }

    #[test]
    fn an_opaque_servers_page_is_not_put_under_a_policy_for_pages_of_prometheus() {
        let security = Security::new(None, None, Frames::Nobody);
        let headers =
            security.answer(Contents::Opaque, Content::Fresh, UrlScheme::Https, &Headers::default());
        assert_eq!(value(&headers, "content-security-policy"), None);
    }

    #[test]
    fn who_frames_an_opaque_servers_page_is_ours_to_say_where_the_server_does_not() {
        let frames = |given: &[(&str, &str)]| {
            let security = Security::new(None, None, Frames::Nobody);
            let given = given.iter().copied().collect();
            let headers = security.answer(Contents::Opaque, Content::Fresh, UrlScheme::Https, &given);
            value(&headers, "x-frame-options").map(str::to_owned)
        };
        assert_eq!(frames(&[]).as_deref(), Some("DENY"));
        assert_eq!(frames(&[("x-frame-options", "SAMEORIGIN")]), None);
        assert_eq!(frames(&[("content-security-policy", "frame-ancestors 'self'")]), None);
    }

    #[test]
    fn who_frames_an_opaque_servers_page_is_listed_where_the_server_does_not_say_it() {
        let listed =
            Security::new(None, None, Frames::Only(vec![Origin::parse("https://g.example").unwrap()]));
        let added = |contents, given: &[(&str, &str)]| {
            let given = given.iter().copied().collect();
            listed.added_policy(contents, &given).map(ToString::to_string)
        };
        let policy = Some("frame-ancestors https://g.example".to_owned());
        assert_eq!(added(Contents::Opaque, &[]), policy);
        assert_eq!(added(Contents::Opaque, &[("content-security-policy", "object-src 'none'")]), policy);
        for unheeded in ["ALLOW-FROM https://h.example", "", "SAME-ORIGIN, none"] {
            assert_eq!(added(Contents::Opaque, &[("x-frame-options", unheeded)]), policy, "{unheeded}");
        }
        for given in [
            ("x-frame-options", "SAMEORIGIN"),
            ("x-frame-options", "ALLOW-FROM https://h.example, deny"),
            ("x-frame-options", "AllowAll"),
            ("content-security-policy", "object-src 'none'; Frame-Ancestors https://h.example"),
        ] {
            assert_eq!(added(Contents::Opaque, &[given]), None, "{given:?}");
        }
        assert_eq!(added(Contents::Known, &[]), None);
        let closed = Security::new(None, None, Frames::Nobody);
        assert_eq!(closed.added_policy(Contents::Opaque, &Headers::default()), None);
    }

    #[test]
    fn for_how_long_browsers_insist_on_tls_is_never_an_opaque_servers_to_say() {
        let security = Security::new(Some("max-age=1".into()), None, Frames::Nobody);
        let given = [("strict-transport-security", "max-age=0")].into_iter().collect();
        let headers = security.answer(Contents::Opaque, Content::Fresh, UrlScheme::Https, &given);
        assert_eq!(value(&headers, "strict-transport-security"), Some("max-age=1"));
    }
}
