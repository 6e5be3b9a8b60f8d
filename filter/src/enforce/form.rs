//! A form body. The headers announce it; the filter waits for it, reads it, checks it together with the query string
//! and writes it anew. Prometheus ignores a body of another type, and with it a matcher that stands only there, so the
//! type must be exactly one and goes upstream in one spelling (`threats.md` P1 to P3).

use super::announced::{Announced, BodyError, BodyKind, refused};
use super::requirements::Requirements;
use super::rewrite_cache::RewriteCache;
use super::violation::Violation;
use crate::promql::MAX_RESTRICTED;
use crate::target::body::Body;
use crate::target::headers::Headers;
use crate::target::method::Method;
use crate::target::parameters::Parameters;
use crate::target::parameters::accepted::Accepted;

/// The only media type of a form, as it is sent upstream.
pub const FORM_TYPE: &str = "application/x-www-form-urlencoded";

/// A form that has been announced and not yet received, or the end of a request that must have none.
///
/// Clients and proxies announce bodies that then are empty: by chunks, or by an empty frame (`threats.md` P2). So the
/// first byte is refused where there must be none, and not the announcement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwaitedForm {
    accepted: Accepted,
    query: Parameters,
    announced: Announced,
    requirements: Option<Requirements>,
}

impl AwaitedForm {
    /// Decides from the headers if a form follows. It does if the method may have one and a body follows.
    ///
    /// `query` are the parameters of the query string, `max` is the longest form in bytes.
    ///
    /// # Errors
    ///
    /// Returns an error for a body with a length, where there must be none, and for one that has another type, is
    /// encoded, or is too long.
    pub fn announced(
        method: Method,
        headers: &Headers,
        body: Body,
        accepted: &Accepted,
        query: &Parameters,
        max: usize,
    ) -> Result<Option<Self>, BodyError> {
        if body == Body::None {
            return Ok(None);
        }
        let announced = Announced::by(headers, max, BodyKind::Form, refused(method, headers, FORM_TYPE))?;
        let (accepted, query) = (accepted.clone(), query.clone());
        Ok(Some(Self { accepted, query, announced, requirements: None }))
    }

    /// Returns the same form with the requirements of a rule.
    #[must_use]
    pub fn with_requirements(self, requirements: Option<Requirements>) -> Self {
        Self { requirements, ..self }
    }

    /// Returns the end of a request without a form: its first byte will be refused for this reason.
    ///
    /// # Errors
    ///
    /// Returns the reason if the headers announce a byte.
    pub fn refusing(self, error: BodyError) -> Result<Self, BodyError> {
        Ok(Self { announced: self.announced.refusing(error)?, ..self })
    }

    /// Returns the announcement of the form.
    pub(crate) fn announcement(&self) -> &Announced {
        &self.announced
    }

    /// Reads the whole form and returns the one that goes upstream in its place.
    ///
    /// # Errors
    ///
    /// Returns an error if the form is too long as it came or as it goes on, is ambiguous by itself or together with
    /// the query string, or violates the requirements of the rule.
    pub fn complete(&self, body: &[u8], rewrites: &mut RewriteCache) -> Result<String, BodyError> {
        let max = self.announced.max();
        self.announced.check_length(body.len())?;
        if self.announced.must_be_empty() {
            return Ok(String::new());
        }
        let form = self.accepted.form(body, &self.query).map_err(BodyError::Parameters)?;
        if form.as_str().len() > max {
            return Err(BodyError::TooLong { max });
        }
        let Some(requirements) = &self.requirements else { return Ok(form.into_text()) };
        let form = requirements.of_form(form, &self.query, rewrites).map_err(BodyError::Violation)?;
        // Leaves room for the restriction that is written into it. Hosts buffer no more than that.
        if form.as_str().len() > max.saturating_add(MAX_RESTRICTED) {
            return Err(BodyError::Violation(Violation::TooLong));
        }
        Ok(form.into_text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::parameters::{ParameterError, Part};

    fn headers(pairs: &[(&str, &str)]) -> Headers {
        pairs.iter().copied().collect()
    }

    fn accepted() -> Accepted {
        Accepted { names: &["query"], ignored: [].into() }
    }

    fn announced(method: Method, pairs: &[(&str, &str)]) -> Result<Option<AwaitedForm>, BodyError> {
        AwaitedForm::announced(
            method,
            &headers(pairs),
            Body::Follows,
            &accepted(),
            &Parameters::default(),
            10,
        )
    }

    /// Announces a body and sends a byte of it.
    fn first_byte(method: Method, pairs: &[(&str, &str)]) -> BodyError {
        let form = announced(method, pairs).unwrap().unwrap();
        assert_eq!(form.announced.check_length(0), Ok(()), "{method:?} {pairs:?}");
        assert_eq!(form.complete(b"", &mut RewriteCache::new(1)), Ok(String::new()), "{method:?} {pairs:?}");
        let error = form.announced.check_length(1).unwrap_err();
        assert_eq!(form.complete(b"x", &mut RewriteCache::new(1)).as_ref(), Err(&error));
        error
    }

    #[test]
    fn one_urlencoded_type_is_a_form() {
        for value in [
            FORM_TYPE,
            "Application/X-WWW-Form-URLencoded; charset=UTF-8",
            "application/x-www-form-urlencoded;charset=\"utf-8\"",
        ] {
            assert!(announced(Method::Post, &[("content-type", value)]).is_ok(), "{value}");
        }
    }

    #[test]
    fn what_prometheus_would_ignore_is_refused() {
        for value in [
            "",
            "application/json",
            "text/plain",
            "multipart/form-data; boundary=x",
            "application/x-www-form-urlencoded, text/plain",
            "application/x-www-form-urlencoded; charset=utf-8; charset=utf-8",
            "application/x-www-form-urlencoded; boundary=x",
            "application/x-www-form-urlencoded;",
        ] {
            assert_eq!(
                first_byte(Method::Post, &[("content-type", value)]),
                BodyError::Type(FORM_TYPE),
                "{value}"
            );
        }
        assert_eq!(first_byte(Method::Post, &[]), BodyError::Type(FORM_TYPE));
        let twice = [("content-type", FORM_TYPE), ("Content-Type", FORM_TYPE)];
        assert_eq!(first_byte(Method::Post, &twice), BodyError::Type(FORM_TYPE));
        let encoded = [("content-type", FORM_TYPE), ("content-encoding", "gzip")];
        assert_eq!(first_byte(Method::Post, &encoded), BodyError::Encoding);
    }

    #[test]
    fn the_first_byte_is_refused_where_the_method_has_no_body_whatever_its_type() {
        for method in [Method::Get, Method::Head, Method::Delete, Method::Options] {
            assert_eq!(
                first_byte(method, &[("content-type", FORM_TYPE)]),
                BodyError::Unexpected,
                "{method:?}"
            );
            assert_eq!(first_byte(method, &[("content-length", "0")]), BodyError::Unexpected, "{method:?}");
        }
        let put = announced(Method::Put, &[("content-type", FORM_TYPE)]).unwrap().unwrap();
        assert!(!put.announced.must_be_empty());
    }

    #[test]
    fn an_announced_byte_is_refused_before_it_comes() {
        for length in ["1", "8", "x", "", "-0", "99999999999999999999"] {
            let announced = announced(Method::Get, &[("content-length", length)]);
            assert_eq!(announced, Err(BodyError::Unexpected), "{length}");
        }
        let text = [("content-type", "text/plain"), ("content-length", "1")];
        assert_eq!(announced(Method::Post, &text), Err(BodyError::Type(FORM_TYPE)));
    }

    #[test]
    fn a_form_is_bounded_when_announced_and_when_it_comes() {
        let long = [("content-type", FORM_TYPE), ("content-length", "11")];
        assert_eq!(announced(Method::Post, &long), Err(BodyError::TooLong { max: 10 }));
        // A number larger than the module's own numbers can hold.
        let endless = [("content-type", FORM_TYPE), ("content-length", "99999999999999999999")];
        assert_eq!(announced(Method::Post, &endless), Err(BodyError::TooLong { max: 10 }));
        let form = announced(Method::Post, &[("content-type", FORM_TYPE)]).unwrap().unwrap();
        assert_eq!(form.announced.check_length(10), Ok(()));
        assert_eq!(
            form.complete(b"query=abcde", &mut RewriteCache::new(1)),
            Err(BodyError::TooLong { max: 10 })
        );
        assert_eq!(form.complete(b"%71uery=a", &mut RewriteCache::new(1)).as_deref(), Ok("query=a"));
        assert_eq!(
            form.complete(b"%71%75ery=a", &mut RewriteCache::new(1)),
            Err(BodyError::TooLong { max: 10 })
        );
        assert_eq!(
            form.complete(b"query=((", &mut RewriteCache::new(1)).as_deref(),
            Err(&BodyError::TooLong { max: 10 })
        );
    }

    #[test]
    fn a_form_may_not_contradict_what_the_query_string_says() {
        let query = Parameters::parse(b"query=a", Part::Query).unwrap();
        let pairs = headers(&[("content-type", FORM_TYPE)]);
        let form = AwaitedForm::announced(Method::Post, &pairs, Body::Follows, &accepted(), &query, 100);
        let form = form.unwrap().unwrap();
        let complete = |body: &[u8]| form.complete(body, &mut RewriteCache::new(1));
        let repeated = ParameterError::Repeated { name: "query" };
        assert_eq!(complete(b"query=b"), Err(BodyError::Parameters(repeated)));
        assert_eq!(complete(b"query=a&x=1").as_deref(), Ok("x=1"));
    }
}
