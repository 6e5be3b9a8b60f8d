//! The filter's own replies. API paths get Prometheus' form of an error, so that Grafana shows the message; all other
//! paths get one line of plain text.

use serde::Serialize;
use std::borrow::Cow;
use std::fmt;

/// A complete answer made by the filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status of the reply.
    pub status: u16,
    /// The headers of the reply. A value is printable ASCII.
    pub headers: Vec<(&'static str, String)>,
    /// The body of the reply.
    pub body: String,
}

/// The form in which a refusal is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wording {
    /// Prometheus' form of an error: `{"status":"error","errorType":"…","error":"…"}`.
    Json,
    /// One line of plain text.
    Plain,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ApiError<'a> {
    status: &'a str,
    error_type: &'a str,
    error: &'a str,
}

impl Reply {
    /// Creates a refusal, with the message in the form that answers at this path have.
    pub fn error(status: u16, message: &dyn fmt::Display, wording: Wording) -> Self {
        let message = message.to_string();
        let (content_type, body) = match wording {
            Wording::Json => {
                let error = ApiError { status: "error", error_type: error_type(status), error: &message };
                ("application/json", serde_json::to_string(&error).unwrap_or_default())
            }
            Wording::Plain => ("text/plain; charset=utf-8", message + "\n"),
        };
        Self { status, headers: vec![("content-type", content_type.to_owned())], body }
    }

    /// Creates the answer of a server that has nothing to list, with this JSON.
    pub fn nothing(body: &str) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self { status: 200, headers, body: body.to_owned() }
    }

    /// Creates the reply for a proxy that has no valid configuration.
    pub fn unavailable() -> Self {
        Self::error(503, &"the proxy has no valid configuration for this request", Wording::Plain)
    }

    /// Returns the body for a host that sends every reply as a page: a browser must find nothing in it that it runs, since
    /// messages quote what a client has sent.
    pub fn as_page(&self) -> Cow<'_, str> {
        let types = self.headers.iter().filter(|(name, _)| *name == "content-type");
        match types.map(|(_, value)| value.as_str()).next() {
            Some(value) if value.starts_with("text/html") => Cow::Borrowed(&self.body),
            Some("application/json") => self.body.replace('<', "\\u003c").into(),
            _ => self.body.replace('&', "&amp;").replace('<', "&lt;").into(),
        }
    }

    /// Creates a reply without a body.
    pub fn empty(status: u16, headers: Vec<(&'static str, String)>) -> Self {
        Self { status, headers, body: String::new() }
    }
}

/// Returns Prometheus' `errorType` for a status, or a word of the filter's own where Prometheus has none.
fn error_type(status: u16) -> &'static str {
    match status {
        401 => "unauthorized",
        403 => "forbidden",
        404 => "not_found",
        429 => "throttled",
        500..600 => "unavailable",
        _ => "bad_data",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_api_error_reads_like_one_of_prometheus() {
        let reply = Reply::error(400, &"a \"quoted\" word", Wording::Json);
        assert_eq!(reply.body, r#"{"status":"error","errorType":"bad_data","error":"a \"quoted\" word"}"#);
        assert_eq!(reply.headers, [("content-type", "application/json".to_owned())]);
    }

    #[test]
    fn an_api_error_says_of_which_kind_it_is() {
        for (status, kind) in [
            (400, "bad_data"),
            (401, "unauthorized"),
            (403, "forbidden"),
            (404, "not_found"),
            (405, "bad_data"),
            (422, "bad_data"),
            (429, "throttled"),
            (502, "unavailable"),
            (503, "unavailable"),
        ] {
            let body = format!(r#"{{"status":"error","errorType":"{kind}","error":"no"}}"#);
            assert_eq!(Reply::error(status, &"no", Wording::Json).body, body, "{status}");
        }
    }

    #[test]
    fn other_errors_are_one_line() {
        assert_eq!(Reply::error(404, &"nothing here", Wording::Plain).body, "nothing here\n");
    }

    #[test]
    fn a_browser_runs_nothing_of_a_reply_that_is_sent_as_a_page() {
        let message = "<script>alert(1)</script> & co";
        let json = Reply::error(400, &message, Wording::Json);
        assert!(
            json.as_page().contains(r#""error":"\u003cscript>alert(1)\u003c/script> & co""#),
            "{}",
            json.as_page()
        );
        let text = Reply::error(400, &message, Wording::Plain);
        assert_eq!(text.as_page(), "&lt;script>alert(1)&lt;/script> &amp; co\n");
        let mut page = text;
        page.headers = vec![("content-type", "text/html; charset=utf-8".to_owned())];
        assert_eq!(page.as_page(), page.body);
    }
}
