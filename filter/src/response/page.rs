//! Pages that a restricted caller may get, because they hold no data. This is true of Prometheus' pages. Another server
//! may have something else at the same path, so an answer that isn't a page is not passed on (`threats.md` R2).

use crate::target::headers::Headers;
use crate::target::headers::name::Name;
use crate::target::media_type::is_exactly;
use std::fmt;

/// The media type of a page.
const HTML_TYPE: &str = "text/html";

/// The kind of answer that the client may get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Any answer of the server.
    Anything,
    /// A page, a redirect to one, or an error.
    Page,
}

/// The error of an answer that should be a page and is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoPage;

impl fmt::Display for NoPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server answered with something other than a page")
    }
}

impl Expected {
    /// Checks the headers of an answer. An answer without a status has to be a page too.
    ///
    /// # Errors
    ///
    /// Returns an error if the answer is of another kind. The filter then answers 502 in its place.
    pub fn check(self, answer: &Headers) -> Result<(), NoPage> {
        let is_other =
            answer.only(Name::Status).is_some_and(|status| matches!(status.first(), Some(b'3'..=b'5')));
        let is_html = || answer.only(Name::ContentType).is_some_and(|value| is_exactly(value, HTML_TYPE));
        if self == Self::Anything || is_other || is_html() { Ok(()) } else { Err(NoPage) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expected: Expected, pairs: &[(&str, &str)]) -> Result<(), NoPage> {
        expected.check(&pairs.iter().copied().collect())
    }

    #[test]
    fn only_a_page_a_redirect_or_an_error_is_given_out_as_a_page() {
        let html = ("content-type", "text/html; charset=utf-8");
        let json = ("content-type", "application/json");
        for (pairs, is_one) in [
            (&[(":status", "200"), html][..], true),
            (&[(":status", "302")], true),
            (&[(":status", "304")], true),
            (&[(":status", "404"), ("content-type", "text/plain")], true),
            (&[(":status", "200"), json], false),
            (&[(":status", "206"), json], false),
            (&[(":status", "200")], false),
            (&[(":status", "200"), html, json], false),
            (&[(":status", "200"), ("content-type", "text/html, application/json")], false),
            (&[json], false),
        ] {
            assert_eq!(check(Expected::Page, pairs).is_ok(), is_one, "{pairs:?}");
            assert_eq!(check(Expected::Anything, pairs), Ok(()));
        }
    }
}
