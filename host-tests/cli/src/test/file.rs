//! The form of a file with policy tests. The JSON Schema for editors, `promward-tests.schema.json`, is made of these types.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// Tests of a configuration of promward
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TestFile {
    /// The place of this file's JSON Schema, for editors.
    #[serde(rename = "$schema")]
    _schema: Option<String>,
    /// The configuration that is tested: a JSON file, or an Envoy file or objects of Kubernetes that hold one. Its path begins at
    /// the folder of this file, as all paths here do.
    pub configuration: String,
    /// A part of the name or path of the filter that is meant, if the configuration's file has several.
    pub filter: Option<String>,
    /// The time of all requests, like 2026-01-31T00:00:00Z; the time of the test run by default.
    pub now: Option<String>,
    /// The address that all requests come from; 127.0.0.1 by default.
    pub source: Option<String>,
    /// The tests, in the order in which they run.
    pub tests: Vec<TestCase>,
}

/// A test: a request, and what has to become of it
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TestCase {
    /// The promise that is tested.
    pub name: String,
    /// The caller in whose name the request is made: anonymous, user:NAME, token:NAME, certificate:NAME or jwt:ISSUER/NAME. With
    /// a list there is a test for each. Without this field the request's own credentials are checked.
    #[serde(rename = "as")]
    pub callers: Option<OneOrMany<String>>,
    /// The claims of a JSON web token that the proxy has verified.
    pub claims: Option<Value>,
    /// The file of the certificate that the client presents (PEM or DER).
    pub certificate: Option<String>,
    /// The time of this request.
    pub now: Option<String>,
    /// The address that this request comes from.
    pub source: Option<String>,
    /// The request that is put before the filter.
    pub request: RequestOf,
    /// The number of times that the request is sent at once, to reach a rate. The last one is the one that is tested.
    pub repeat: Option<u32>,
    /// The answer of the server.
    pub answer: Option<AnswerOf>,
    /// The course that the request has to take.
    pub expect: Expectation,
}

/// A request: one of the methods with a path or a URL, or a line with curl
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestOf {
    /// The path of a GET, with or without a query string.
    pub get: Option<String>,
    /// The path of a HEAD.
    pub head: Option<String>,
    /// The path of a POST.
    pub post: Option<String>,
    /// The path of a PUT.
    pub put: Option<String>,
    /// The path of a PATCH.
    pub patch: Option<String>,
    /// The path of a DELETE.
    pub delete: Option<String>,
    /// The path of an OPTIONS.
    pub options: Option<String>,
    /// A line that calls curl, in place of everything else.
    pub curl: Option<String>,
    /// Parameters of the query string, which are escaped.
    #[serde(default)]
    pub parameters: BTreeMap<String, OneOrMany<Text>>,
    /// Fields of a form in the body, which are escaped.
    #[serde(default)]
    pub form: BTreeMap<String, OneOrMany<Text>>,
    /// The body, in place of a form.
    pub body: Option<String>,
    /// Headers of the request.
    #[serde(default)]
    pub headers: BTreeMap<String, OneOrMany<Text>>,
}

/// An answer of the server
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerOf {
    /// The status; 200 by default.
    pub status: Option<u16>,
    /// Headers of the answer. Without `content-type` it is the one that the body looks like.
    #[serde(default)]
    pub headers: BTreeMap<String, Text>,
    /// A file with the body.
    pub file: Option<String>,
    /// The body as JSON.
    pub json: Option<Value>,
    /// The body as text.
    pub text: Option<String>,
}

/// The course that a request has to take. Everything that is given has to hold
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// True if the request goes on, or is answered with something other than an error.
    pub allowed: Option<bool>,
    /// The status of the answer that the client gets: the filter's own, or that of `answer`. With a list, one of these.
    pub status: Option<OneOrMany<u16>>,
    /// The outcome in the access log: allowed, answered, passed, invalid, unauthorized, forbidden, not_found, throttled or
    /// failed.
    pub outcome: Option<String>,
    /// A part of the reason for a refusal.
    pub reason: Option<String>,
    /// The room where the way of the request ends, as `promward explain --json` names it.
    pub room: Option<String>,
    /// The prefix of the mount.
    pub mount: Option<String>,
    /// The endpoint, as the table of the API writes its path.
    pub endpoint: Option<String>,
    /// The class of the request.
    pub class: Option<String>,
    /// The caller as the log names them, such as user:alice, or anonymous.
    pub caller: Option<String>,
    /// The number of the rule that allows the request, from 0.
    pub rule: Option<usize>,
    /// The request as it goes upstream.
    pub upstream: Option<UpstreamExpectation>,
    /// Headers of the answer that the client gets. `null` is a header that isn't there.
    #[serde(default)]
    pub headers: BTreeMap<String, Option<Text>>,
    /// The body that the client gets: the filter's own, or that of `answer`.
    pub body: Option<BodyOf>,
}

/// A request as it goes upstream. Everything that is given has to hold
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpstreamExpectation {
    /// The method of the request line.
    pub method: Option<String>,
    /// The path, without the query string.
    pub path: Option<String>,
    /// The value of the parameter `query`, as the server reads it.
    pub query: Option<Text>,
    /// Parameters of the query string and the form. `null` is a parameter that isn't there.
    #[serde(default)]
    pub parameters: BTreeMap<String, Option<OneOrMany<Text>>>,
    /// Headers. `null` is a header that isn't there.
    #[serde(default)]
    pub headers: BTreeMap<String, Option<Text>>,
    /// The body, to the byte.
    pub body: Option<String>,
}

/// A body, in one of these forms
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BodyOf {
    /// A file with the body. JSON is compared as JSON.
    pub file: Option<String>,
    /// The body as JSON.
    pub json: Option<Value>,
    /// The body as text.
    pub text: Option<String>,
    /// A text that the body contains.
    pub contains: Option<String>,
}

/// One value, or a list of them
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    /// Returns the values as a slice, however many there are.
    pub fn all(&self) -> &[T] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// A text, or a number that is written without quotes
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Text {
    Plain(String),
    Whole(i64),
    Number(f64),
    Truth(bool),
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(text) => f.write_str(text),
            Self::Whole(number) => number.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Truth(truth) => truth.fmt(f),
        }
    }
}
