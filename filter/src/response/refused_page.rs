//! The page that a person sees where a browser's navigation is refused. It is plain HTML, readable without styles and within
//! any policy for pages, and whatever comes from a request or a configuration is escaped in it.

use super::reply::Reply;
use crate::target::headers::Headers;
use crate::target::headers::name::Name;
use crate::target::method::Method;
use std::fmt::Write;

/// The contents of the page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RefusedPage<'a> {
    /// The sentence that says what has happened.
    pub sentence: &'a str,
    /// The message that programs get, for those who are asked for help.
    pub message: &'a str,
    /// The caller, as a rule would name them; `None` if nobody has logged in.
    pub who: Option<&'a str>,
    /// True if callers can log in by a password or a token.
    pub can_log_in: bool,
    /// The path that ends a session that the proxy keeps for the caller, if it keeps one.
    pub logout: Option<&'a str>,
    /// The person or place to ask, as the configuration writes it.
    pub contact: Option<&'a str>,
    /// The path of the mount's first page; `None` at no mount.
    pub back: Option<&'a str>,
}

/// Returns `true` if a browser asks for a page to show in its window, and no script, tool or command does.
pub(crate) fn is_navigation(headers: &Headers) -> bool {
    if !matches!(Method::of(headers), Some(Method::Get | Method::Head)) {
        return false;
    }
    match headers.only(Name::SecFetchMode) {
        Some(mode) => mode == b"navigate",
        // Browsers say no mode to a site without TLS.
        None => headers.only(Name::Accept).is_some_and(takes_html),
    }
}

/// Returns `true` if the header `Accept` names HTML, and not only everything.
fn takes_html(accept: &[u8]) -> bool {
    let is_html = |part: &[u8]| {
        let media_type = part.split(|&byte| byte == b';').next().unwrap_or_default();
        media_type.trim_ascii().eq_ignore_ascii_case(b"text/html")
    };
    accept.split(|&byte| byte == b',').any(is_html)
}

impl RefusedPage<'_> {
    /// Returns the page as a reply with this status.
    pub(crate) fn reply(&self, status: u16) -> Reply {
        let headers = vec![("content-type", "text/html; charset=utf-8".to_owned())];
        Reply { status, headers, body: self.html(status) }
    }

    fn html(&self, status: u16) -> String {
        let title = title(status);
        let mut page =
            String::from("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        // Writing to a `String` never fails.
        let _ = write!(
            page,
            "<meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n</head>\n<body>\n\
             <h1>{title}</h1>\n<p>"
        );
        escape(self.sentence, &mut page);
        page.push_str("</p>\n");
        match self.who {
            Some(who) => {
                page.push_str("<p>You are signed in as <b>");
                escape(who, &mut page);
                page.push_str("</b>.");
                if let Some(logout) = self.logout {
                    page.push_str(" To come as somebody else, ");
                    link(logout, "log out", &mut page);
                    page.push('.');
                } else if self.can_log_in {
                    page.push_str(" To come as somebody else, close all windows of this browser and open the page again.");
                }
                page.push_str("</p>\n");
            }
            None if status == 401 => {
                page.push_str("<p>You are not signed in. ");
                match self.logout {
                    Some(logout) => link(logout, "Log in again", &mut page),
                    None => page.push_str("Load the page again to be asked for name and password."),
                }
                page.push_str("</p>\n");
            }
            None => {}
        }
        if let Some(contact) = self.contact {
            page.push_str("<p>If you need it, ask ");
            let shown = contact.strip_prefix("mailto:").unwrap_or(contact);
            match contact.starts_with("https://") || contact.starts_with("mailto:") {
                true => link(contact, shown, &mut page),
                false => escape(shown, &mut page),
            }
            page.push_str(".</p>\n");
        }
        if let Some(back) = self.back {
            page.push_str("<p>");
            link(back, "Go to the first page", &mut page);
            page.push_str("</p>\n");
        }
        page.push_str("<p><small>");
        escape(self.message, &mut page);
        page.push_str("</small></p>\n</body>\n</html>\n");
        page
    }
}

/// Writes a link with its text.
fn link(to: &str, text: &str, page: &mut String) {
    page.push_str("<a href=\"");
    escape(to, page);
    page.push_str("\">");
    escape(text, page);
    page.push_str("</a>");
}

fn title(status: u16) -> &'static str {
    match status {
        401 => "Please sign in",
        403 => "Not allowed",
        404 => "Nothing here",
        429 => "Too many requests",
        500.. => "Not available",
        _ => "This request can't be served",
    }
}

/// Writes a text so that it stands for itself in HTML, also within an attribute. Control characters are left out.
fn escape(text: &str, page: &mut String) {
    for character in text.chars() {
        match character {
            '&' => page.push_str("&amp;"),
            '<' => page.push_str("&lt;"),
            '>' => page.push_str("&gt;"),
            '"' => page.push_str("&quot;"),
            '\'' => page.push_str("&#39;"),
            _ if character.is_control() => page.push('\u{fffd}'),
            _ => page.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PAGE: RefusedPage<'_> = RefusedPage {
        sentence: "You may not see this page.",
        message: "no access rule allows it",
        who: Some("user:alice"),
        can_log_in: true,
        logout: None,
        contact: Some("mailto:ops@example.com"),
        back: Some("/prometheus/"),
    };

    #[test]
    fn a_page_says_what_has_happened_and_what_to_do() {
        let Reply { status, headers, body } = PAGE.reply(403);
        assert_eq!((status, headers), (403, vec![("content-type", "text/html; charset=utf-8".to_owned())]));
        for part in [
            "<title>Not allowed</title>",
            "<p>You may not see this page.</p>",
            "signed in as <b>user:alice</b>",
            "To come as somebody else",
            "ask <a href=\"mailto:ops@example.com\">ops@example.com</a>.",
            "<a href=\"/prometheus/\">",
            "<small>no access rule allows it</small>",
        ] {
            assert!(body.contains(part), "{part}: {body}");
        }
        let nobody = RefusedPage {
            who: None,
            can_log_in: false,
            contact: Some("the team, room 3"),
            back: None,
            ..PAGE
        };
        let body = nobody.reply(404).body;
        assert!(body.contains("ask the team, room 3.") && !body.contains("<a "), "{body}");
        assert!(!body.contains("signed in"), "{body}");
        let in_session = RefusedPage { logout: Some("/oauth2/logout"), ..PAGE };
        let body = in_session.reply(403).body;
        assert!(body.contains("else, <a href=\"/oauth2/logout\">log out</a>."), "{body}");
        assert!(!body.contains("close all windows"), "{body}");
        let ended = RefusedPage { who: None, ..in_session }.reply(401).body;
        assert!(ended.contains("<a href=\"/oauth2/logout\">Log in again</a></p>"), "{ended}");
        let asked = RefusedPage { who: None, ..PAGE }.reply(401).body;
        assert!(asked.contains("Load the page again"), "{asked}");
    }

    #[test]
    fn a_navigation_is_told_from_what_scripts_and_tools_send() {
        let mode = |mode| ("sec-fetch-mode", mode);
        let accept = |types| ("accept", types);
        let browsers = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        for (method, pairs, is_one) in [
            ("GET", &[mode("navigate"), accept(browsers)][..], true),
            ("HEAD", &[mode("navigate")], true),
            ("GET", &[accept(browsers)], true),
            ("GET", &[accept("application/json, Text/HTML ;q=0.1")], true),
            ("GET", &[mode("cors"), accept(browsers)], false),
            ("GET", &[mode("navigate"), mode("cors"), accept("*/*")], false),
            ("GET", &[accept("*/*")], false),
            ("GET", &[accept("text/htmlx, application/text/html")], false),
            ("GET", &[], false),
            ("POST", &[mode("navigate"), accept(browsers)], false),
            ("DELETE", &[accept(browsers)], false),
        ] {
            let headers = pairs.iter().copied().chain([(":method", method)]).collect();
            assert_eq!(is_navigation(&headers), is_one, "{method} {pairs:?}");
        }
    }

    proptest! {
        /// A page has as many angle brackets and quotes as one without anything from outside, whatever stands in it.
        #[test]
        fn nothing_from_outside_is_markup(text in "(\\PC|[<>\"'&\u{0}\r\n]|</p>|<script>){0,60}", status in 400..600_u16) {
            let empty = RefusedPage { sentence: "", message: "", who: Some(""), contact: Some("https://"), back: Some(""), ..PAGE };
            let contact = format!("https://{text}");
            let full = RefusedPage {
                sentence: &text, message: &text, who: Some(&text), contact: Some(&contact), back: Some(&text), ..PAGE
            };
            let marks = |page: &RefusedPage<'_>| {
                page.html(status).chars().filter(|mark| "<>\"'".contains(*mark)).collect::<String>()
            };
            prop_assert_eq!(marks(&full), marks(&empty));
            let has_zero = full.html(status).contains('\u{0}');
            prop_assert!(!has_zero);
        }
    }
}
