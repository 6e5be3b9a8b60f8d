//! Cross-origin answers of a Prometheus are the filter's own: it allows every site by default, so what it says is removed,
//! and only the origins that the configuration lists are let in (`threats.md` B2).

use crate::target::headers::Headers;
use crate::target::method::Methods;
use crate::target::origin::Origin;

/// The headers by which a server answers a cross-origin request; a Prometheus' own are not passed on.
pub(super) const ANSWERS: [&str; 8] = [
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-expose-headers",
    "access-control-max-age",
    "access-control-allow-private-network",
    "timing-allow-origin",
];

/// Request headers that a page of a listed origin may set, as Prometheus has them.
const REQUEST_HEADERS: &str = "Accept, Authorization, Content-Type, Origin";

/// How long a browser may remember a preflight, in seconds.
const PREFLIGHT_SECONDS: &str = "600";

/// The origins whose pages may read answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cors {
    origins: Vec<Origin>,
}

/// A listed origin, in the request's own spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedOrigin(String);

impl Cors {
    /// Lets pages of these origins in.
    pub fn new(origins: Vec<Origin>) -> Self {
        Self { origins }
    }

    /// The origin of a request, if it is exactly one and listed.
    pub fn allowed(&self, headers: &Headers) -> Option<AllowedOrigin> {
        let text = std::str::from_utf8(headers.only("origin")?).ok()?;
        let origin = Origin::parse(text)?;
        self.origins.contains(&origin).then(|| AllowedOrigin(text.to_owned()))
    }

    /// Headers that an answer gets: what it allows, and that it depends on who asks.
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

/// What a preflight for an endpoint with these methods is told, beside [`Cors::answer`].
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
