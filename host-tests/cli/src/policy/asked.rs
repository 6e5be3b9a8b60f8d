//! A request that a configuration is asked about.

use super::caller::As;
use promward::caller::certificates::Presented;
use promward::caller::source::Source;
use promward::target::body::Body;
use promward::target::origin::UrlScheme;
use promward::time::instant::Instant;
use serde_json::Value;

/// The host that requests are for, unless they name another one.
pub const HOST: &str = "example.com";

/// The address that requests come from, unless another one is said.
pub const SOURCE: &str = "127.0.0.1";

/// The media type of a form.
const FORM: &str = "application/x-www-form-urlencoded";

/// A request that a configuration is asked about.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The method of the request.
    pub method: String,
    /// The scheme of the client's connection.
    pub scheme: UrlScheme,
    /// The host that the client names.
    pub authority: String,
    /// The path and the query string, as they are sent.
    pub target: Vec<u8>,
    /// Further headers.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, which is empty if there is none.
    pub body: Vec<u8>,
    /// The presence of a body after the headers. Proxies announce bodies that then are empty.
    pub follows: Body,
    /// The caller in whose name the request is made.
    pub caller: As,
    /// The claims of a JSON web token that the proxy has verified.
    pub claims: Option<Value>,
    /// The certificate that the client presents.
    pub certificate: Option<Presented>,
    /// The address that the request comes from.
    pub source: Source,
    /// The time of the request.
    pub now: Instant,
    /// The number of times that the request is sent. The last one is the one that is asked about.
    pub times: u32,
}

impl Asked {
    /// Creates a request without a body, from an address of this machine, in nobody's name.
    ///
    /// # Panics
    ///
    /// Never, since the address is one.
    #[must_use]
    pub fn new(method: &str, target: &str, now: Instant) -> Self {
        Self {
            method: method.to_owned(),
            scheme: UrlScheme::Https,
            authority: HOST.to_owned(),
            target: target.as_bytes().to_vec(),
            headers: Vec::new(),
            body: Vec::new(),
            follows: Body::None,
            caller: As::Shown,
            claims: None,
            certificate: None,
            source: Source::parse(SOURCE.as_bytes()).expect("it is an address"),
            now,
            times: 1,
        }
    }

    /// Returns the same request with a body, and the headers that clients send with one.
    #[must_use]
    pub fn with_body(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        if self.body.is_empty() {
            return self;
        }
        self.follows = Body::Follows;
        if !self.has("content-type") {
            self.headers.push(("content-type".to_owned(), FORM.into()));
        }
        if !self.has("content-length") && !self.has("transfer-encoding") {
            self.headers.push(("content-length".to_owned(), self.body.len().to_string().into_bytes()));
        }
        self
    }

    /// Returns `true` if a header of this name is given.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
    }
}
