//! The differences that Envoy makes by itself, each with its reason: requests that it answers without asking the filter,
//! and headers that are between it and its neighbours.

use super::said::Difference;
use serde_json::Value;

/// The access log's words about a request.
pub(super) struct Told<'a> {
    /// The filter's record, or `Null` if it wasn't asked.
    pub(super) record: Value,
    /// Envoy's details of the answer.
    details: &'a str,
    flags: &'a str,
}

impl<'a> Told<'a> {
    /// Reads a line of the access log, which is `Null` if there is none.
    pub(super) fn of(line: &'a Value) -> Self {
        let record = line["promward"].as_str().and_then(|record| serde_json::from_str(record).ok());
        let text = |name: &str| line[name].as_str().unwrap_or_default();
        Self { record: record.unwrap_or_default(), details: text("details"), flags: text("flags") }
    }

    pub(super) fn shown(&self) -> String {
        format!("{} {} {}", self.details, self.flags, self.record)
    }
}

/// The details of an answer that is the server's.
const UPSTREAM: &str = "via_upstream";

/// The beginning of the details where the server's answer can't be read.
const BROKEN: &str = "upstream_reset_before_response_started";

/// Requests that Envoy answers without asking the filter: its details of the answer, and the reason.
const UNASKED: &[(&str, &str)] = &[
    ("", "there is no TLS session: the certificate is not one that the listener takes"),
    ("absolute_path_rejected", "it takes no request for the server as a whole"),
    ("codec_error:The_user_callback_function_failed", "its codec takes 60 KiB of headers"),
    ("direct_response", "its routes answer: plain http, HTTP/1.0, or another name than the site's"),
    ("http.invalid_authority", "its listener refuses a name of the site that is none"),
    ("http1.body_disallowed", "its codec takes no body with CONNECT"),
    ("http1.codec_error", "its codec refuses a method, a header or a framing that isn't one of HTTP/1.1"),
    ("http1.headers_too_large", "its codec takes 60 KiB of headers"),
    ("http1.too_many_headers", "the shipped file takes a hundred headers"),
    ("http1.invalid_characters", "its codec refuses bytes that no header and no target has"),
    ("http1.invalid_url", "its codec refuses a target that isn't one of HTTP/1.1"),
    ("http1.unexpected_underscore", "the shipped file refuses names of headers with underscores"),
    ("http2.invalid.header.field", "its codec refuses a header that isn't one of HTTP/2"),
    ("http2.remote_reset", "its codec refuses a body of another length than the header says"),
    ("http2.unexpected_underscore", "the shipped file refuses names of headers with underscores"),
    ("http2.violation.of.messaging.rule", "its codec refuses a body of another length than the header says"),
    ("missing_host_header", "it takes no request of HTTP/1.1 without the name of a site"),
    ("path_normalization_failed", "its listener refuses a path that can be read in two ways"),
];

/// Headers that Envoy adds, changes or leaves out, by the names of the effects, and the reason.
const HEADERS: &[(&[&str], &str)] = &[
    (
        &["answer: date", "answer: connection", "answer: transfer-encoding"],
        "the framing of an answer is between Envoy and the client",
    ),
    (
        &[
            "to the server: connection",
            "to the server: content-length",
            "to the server: expect",
            "to the server: keep-alive",
            "to the server: te",
            "to the server: transfer-encoding",
            "to the server: upgrade",
        ],
        "the framing of a request is between Envoy and its neighbours",
    ),
    (
        &[
            "to the server: x-http-protocol",
            "to the server: x-promward-body",
            "to the server: x-promward-client",
            "to the server: x-promward-cluster",
        ],
        "the routes remove what the filter and the listener tell Envoy",
    ),
    (&["to the server: x-request-id"], "Envoy numbers requests"),
    (&["to the server: referer"], "Envoy removes a referer that isn't text"),
];

/// Returns the reason of a difference that Envoy makes by itself, or `None`.
pub(super) fn reason(difference: &Difference, told: &Told<'_>) -> Option<&'static str> {
    if told.record.is_null() && told.details == UPSTREAM {
        // Its listener offers the request to the server as another protocol, and the filter takes the offer away.
        let is_unlogged = difference.name.starts_with("report: ");
        return is_unlogged
            .then_some("the bare listener logs no record of an offer of another protocol")
            .or_else(|| own_header(difference));
    }
    if told.record.is_null() {
        return UNASKED.iter().find(|(details, _)| *details == told.details).map(|(_, reason)| *reason);
    }
    if told.details.starts_with(BROKEN) && difference.name.starts_with("answer: ") {
        return Some("it answers in place of a server whose answer it can't read");
    }
    let is_unread = told.record["path"].is_null() && told.record["outcome"] == "invalid";
    if is_unread && !["answer: head", "report: outcome"].contains(&difference.name.as_str()) {
        return Some("its listener normalises a path that the filter refuses all the same, in other words");
    }
    own_header(difference)
}

fn own_header(difference: &Difference) -> Option<&'static str> {
    HEADERS.iter().find(|(names, _)| names.contains(&difference.name.as_str())).map(|(_, reason)| *reason)
}
