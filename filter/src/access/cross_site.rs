//! Requests that pages of other sites make a browser send, with the password that it remembers: an image tag must not
//! run queries (`threats.md` B1). Browsers say where a request comes from, in `Sec-Fetch-Site` or `Origin`; programs
//! that aren't browsers say nothing, and pass.

use crate::api::class::Class;
use crate::api::endpoint::Links;
use crate::target::headers::Headers;
use crate::target::headers::name::Name;
use crate::target::method::Method;
use crate::target::origin::{Origin, UrlScheme};
use std::fmt;

/// The error of a request that a page of another site has sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrossSite;

impl fmt::Display for CrossSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a page of another site asks for this: open it from this site, or list the other one in headers.cors, or in \"cross_site\" of the mount if it posts a form")
    }
}

/// The properties of a request that decide if a page of another site may send it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asking<'a> {
    pub class: Class,
    /// The treatment of a link to the endpoint.
    pub links: Links,
    /// The treatment of a frame that shows the endpoint, where links may be followed.
    pub frames: Links,
    /// The origins whose pages may lead a browser here by a form.
    pub posting: &'a [Origin],
    pub method: Method,
    /// The headers, in which a browser says where the request comes from.
    pub headers: &'a Headers,
    /// The scheme of the client's connection.
    pub scheme: UrlScheme,
}

/// Refuses a request of a page of another site. Requests of a listed origin are let in before this check.
///
/// Pages without data may be requested from anywhere. A link may lead to every page, since the other site can't read
/// where it leads; also at the end of redirects, during which a browser goes on naming the site that they began at.
/// Frames are links too where the configuration names the sites that may have any, since a browser shows the answer to
/// no other site.
///
/// # Errors
///
/// Returns an error if the browser says that the request comes from another site, or can't say where it comes from.
pub(crate) fn check(asking: &Asking<'_>) -> Result<(), CrossSite> {
    let Asking { class, headers, .. } = asking;
    if matches!(class, Class::Ui | Class::Health) || asking.follows_a_link() || asking.is_posted() {
        return Ok(());
    }
    let is_ours = match (headers.has(Name::SecFetchSite), headers.has(Name::Origin)) {
        (true, _) => matches!(headers.only(Name::SecFetchSite), Some(b"same-origin" | b"none")),
        (false, true) => asking.is_own_origin(),
        (false, false) => true,
    };
    if is_ours { Ok(()) } else { Err(CrossSite) }
}

impl Asking<'_> {
    fn follows_a_link(&self) -> bool {
        let only = |name| self.headers.only(name);
        self.links == Links::Followed
            && matches!(self.method, Method::Get | Method::Head)
            && matches!(only(Name::SecFetchSite), Some(b"cross-site" | b"same-site"))
            && only(Name::SecFetchMode) == Some(b"navigate")
            && match only(Name::SecFetchDest) {
                Some(b"document") => true,
                Some(b"iframe" | b"frame") => self.frames == Links::Followed,
                _ => false,
            }
    }

    /// Returns `true` if a form on a page of a listed origin leads the browser here, as those of identity providers do.
    /// That page is left, so it can't read the answer. A script of it could send the same body, but not so that the
    /// browser calls it a navigation.
    fn is_posted(&self) -> bool {
        let only = |name| self.headers.only(name);
        !self.posting.is_empty()
            && self.method == Method::Post
            && matches!(only(Name::SecFetchSite), Some(b"cross-site" | b"same-site"))
            && only(Name::SecFetchMode) == Some(b"navigate")
            && only(Name::SecFetchDest) == Some(b"document")
            && self.origin().is_some_and(|origin| self.posting.contains(&origin))
    }

    fn is_own_origin(&self) -> bool {
        let host = self.headers.named_host().and_then(|host| std::str::from_utf8(host).ok());
        let own = host.and_then(|host| Origin::new(self.scheme, host));
        own.is_some() && self.origin() == own
    }

    fn origin(&self) -> Option<Origin> {
        self.text(Name::Origin).and_then(Origin::parse)
    }

    fn text(&self, name: Name) -> Option<&str> {
        std::str::from_utf8(self.headers.only(name)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(class: Class, links: Links, frames: Links, method: Method, more: &[(&str, &str)]) -> bool {
        let headers = [(":authority", "example.com")].iter().chain(more).copied().collect();
        let (posting, scheme) = (&[], UrlScheme::Https);
        check(&Asking { class, links, frames, posting, method, headers: &headers, scheme }).is_ok()
    }

    fn query(more: &[(&str, &str)]) -> bool {
        passes(Class::Query, Links::Refused, Links::Followed, Method::Get, more)
    }

    /// Asks for a page with these `Sec-Fetch-Site`, `Sec-Fetch-Mode` and `Sec-Fetch-Dest`.
    fn page(frames: Links, method: Method, [site, mode, dest]: [&str; 3]) -> bool {
        let headers = [("sec-fetch-site", site), ("sec-fetch-mode", mode), ("sec-fetch-dest", dest)];
        passes(Class::Rules, Links::Followed, frames, method, &headers)
    }

    #[test]
    fn our_own_pages_and_programs_may_ask() {
        for headers in [
            &[][..],
            &[("sec-fetch-site", "same-origin")],
            &[("sec-fetch-site", "none")],
            &[("origin", "https://example.com")],
            &[("origin", "https://EXAMPLE.com:443")],
            &[("sec-fetch-site", "same-origin"), ("origin", "null")],
        ] {
            assert!(query(headers), "{headers:?}");
        }
    }

    #[test]
    fn other_sites_may_not() {
        for headers in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "")],
            &[("sec-fetch-site", "none"), ("sec-fetch-site", "none")],
            &[("sec-fetch-site", "same-origin,same-origin")],
            &[("sec-fetch-site", "cross-site"), ("origin", "https://example.com")],
            &[
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-mode", "navigate"),
                ("sec-fetch-dest", "document"),
            ],
            &[("origin", "null")],
            &[("origin", "http://example.com")],
            &[("origin", "https://example.com:8443")],
            &[("origin", "https://example.com.evil")],
            &[("origin", "https://example.com"), ("origin", "https://example.com")],
        ] {
            assert!(!query(headers), "{headers:?}");
        }
    }

    #[test]
    fn pages_without_data_and_checks_of_health_may_be_asked_for_from_anywhere() {
        let image =
            &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")];
        for class in [Class::Ui, Class::Health] {
            assert!(passes(class, Links::Refused, Links::Refused, Method::Get, image), "{class}");
        }
    }

    #[test]
    fn a_form_of_a_listed_origin_may_lead_here() {
        let posting = [Origin::parse("https://id.example.net").unwrap()];
        let form = [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
            ("origin", "https://id.example.net"),
        ];
        let posts = |method, headers: &[(&str, &str)]| {
            let headers = [(":authority", "example.com")].iter().chain(headers).copied().collect();
            let (class, links, frames) = (Class::Unknown, Links::Followed, Links::Refused);
            let (posting, scheme) = (&posting, UrlScheme::Https);
            check(&Asking { class, links, frames, posting, method, headers: &headers, scheme }).is_ok()
        };
        assert!(posts(Method::Post, &form));
        for (name, value, passes) in [
            ("sec-fetch-site", "same-site", true),
            ("origin", "HTTPS://ID.example.net:443", true),
            ("sec-fetch-site", "cross-site, same-origin", false),
            ("sec-fetch-mode", "cors", false),
            ("sec-fetch-mode", "no-cors", false),
            ("sec-fetch-mode", "websocket", false),
            ("sec-fetch-dest", "iframe", false),
            ("sec-fetch-dest", "empty", false),
            ("origin", "null", false),
            ("origin", "http://id.example.net", false),
            ("origin", "https://id.example.net.evil", false),
            ("origin", "https://id.example.net:8443", false),
            ("origin", "https://evil@id.example.net", false),
            ("origin", "https://id.example.net,https://id.example.net", false),
        ] {
            let changed = form.map(|(known, old)| (known, if known == name { value } else { old }));
            assert_eq!(posts(Method::Post, &changed), passes, "{name}: {value}");
        }
        for (index, field) in form.iter().enumerate() {
            let twice: Vec<_> = form.iter().chain([field]).copied().collect();
            assert!(!posts(Method::Post, &twice), "{twice:?}");
            let without: Vec<_> =
                form.iter().enumerate().filter(|(at, _)| *at != index).map(|(_, field)| *field).collect();
            assert!(!posts(Method::Post, &without), "{without:?}");
        }
        for method in [Method::Put, Method::Delete, Method::Patch, Method::Options] {
            assert!(!posts(method, &form), "{method:?}");
        }
    }

    #[test]
    fn a_link_leads_to_a_page() {
        for site in ["cross-site", "same-site"] {
            for method in [Method::Get, Method::Head] {
                assert!(page(Links::Refused, method, [site, "navigate", "document"]), "{site} {method:?}");
            }
        }
    }

    #[test]
    fn what_is_no_link_leads_nowhere() {
        let link = ["cross-site", "navigate", "document"];
        for method in [Method::Post, Method::Put, Method::Delete, Method::Options] {
            assert!(!page(Links::Followed, method, link), "{method:?}");
        }
        for fetched in [
            ["cross-site", "no-cors", "image"],
            ["cross-site", "cors", "document"],
            ["cross-site", "navigate", "embed"],
            ["cross-site", "navigate", "object"],
            ["cross-site", "navigate", ""],
            ["cross-site", "navigate", "document, document"],
            ["cross-site", "Navigate", "document"],
            ["Cross-Site", "navigate", "document"],
            ["", "navigate", "document"],
            ["cross-site, same-origin", "navigate", "document"],
        ] {
            assert!(!page(Links::Followed, Method::Get, fetched), "{fetched:?}");
        }
    }

    #[test]
    fn headers_that_come_twice_are_no_link() {
        let link = [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ];
        for twice in link {
            let headers: Vec<_> = link.into_iter().chain([twice]).collect();
            let refused = !passes(Class::Rules, Links::Followed, Links::Followed, Method::Get, &headers);
            assert!(refused, "{headers:?}");
        }
    }

    #[test]
    fn a_frame_is_a_link_where_the_configuration_names_who_may_have_any() {
        for dest in ["iframe", "frame"] {
            assert!(page(Links::Followed, Method::Get, ["cross-site", "navigate", dest]), "{dest}");
            assert!(!page(Links::Refused, Method::Get, ["cross-site", "navigate", dest]), "{dest}");
        }
    }
}
