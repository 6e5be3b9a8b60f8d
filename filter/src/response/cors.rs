//! Cross-origin resource sharing. A Prometheus allows every origin by default, so its headers are removed; only the
//! origins that the configuration lists are allowed, in headers of the filter's own (`threats.md` B2).

use crate::target::headers::Headers;
use crate::target::headers::name::Name;
use crate::target::method::Methods;
use crate::target::origin::Origin;

/// The headers by which a server answers a cross-origin request. Those of a Prometheus are not passed on.
pub(super) const ANSWERS: [Name; 8] = [
    Name::AllowOrigin,
    Name::AllowCredentials,
    Name::AllowHeaders,
    Name::AllowMethods,
    Name::ExposeHeaders,
    Name::PreflightMaxAge,
    Name::AllowPrivateNetwork,
    Name::TimingAllowOrigin,
];

/// The request headers that a page of a listed origin may set, which are those that Prometheus allows.
const REQUEST_HEADERS: &str = "Accept, Authorization, Content-Type, Origin";

/// The time for which a browser may remember a preflight, in seconds.
const PREFLIGHT_SECONDS: &str = "600";

/// The origins whose pages may read answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cors {
    origins: Vec<Origin>,
}

/// A listed origin, in the spelling of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedOrigin(String);

impl Cors {
    /// Allows pages of these origins to read answers.
    pub fn new(origins: Vec<Origin>) -> Self {
        Self { origins }
    }

    /// Returns the origin of a request, if it is exactly one and listed.
    pub fn allowed(&self, headers: &Headers) -> Option<AllowedOrigin> {
        let text = std::str::from_utf8(headers.only(Name::Origin)?).ok()?;
        let origin = Origin::parse(text)?;
        self.origins.contains(&origin).then(|| AllowedOrigin(text.to_owned()))
    }

    /// Returns the headers that an answer gets: the origin that it allows, and that it depends on the origin.
    pub fn answer(&self, origin: Option<&AllowedOrigin>) -> Vec<(&'static str, String)> {
        let mut headers = Vec::new();
        if !self.origins.is_empty() {
            headers.push(("vary", "Origin".to_owned()));
        }
        if let Some(AllowedOrigin(origin)) = origin {
            headers.push(("access-control-allow-origin", origin.clone()));
            headers.push(("access-control-expose-headers", "Date".to_owned()));
        }
        headers
    }
}

/// Returns the headers that a preflight for an endpoint with these methods gets, beside [`Cors::answer`].
pub(crate) fn preflight(methods: Methods) -> Vec<(&'static str, String)> {
    vec![
        ("access-control-allow-methods", methods.to_string()),
        ("access-control-allow-headers", REQUEST_HEADERS.to_owned()),
        ("access-control-max-age", PREFLIGHT_SECONDS.to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(origins: &[&str]) -> Option<String> {
        let cors = Cors::new(vec![Origin::parse("https://grafana.example.com").unwrap()]);
        let headers = origins.iter().map(|origin| ("origin", *origin)).collect();
        cors.allowed(&headers).map(|AllowedOrigin(origin)| origin)
    }

    #[test]
    fn a_listed_origin_is_allowed_in_its_own_spelling() {
        assert_eq!(allowed(&["https://grafana.example.com"]).as_deref(), Some("https://grafana.example.com"));
    }

    #[test]
    fn no_other_origin_is_allowed() {
        for origins in [
            &["https://evil.example"][..],
            &["http://grafana.example.com"],
            &["null"],
            &["https://grafana.example.com.evil"],
            &["https://grafana.example.com", "https://grafana.example.com"],
            &[],
        ] {
            assert_eq!(allowed(origins), None, "{origins:?}");
        }
    }

    #[test]
    fn without_listed_origins_nothing_is_said() {
        assert!(Cors::default().answer(None).is_empty());
    }
}
