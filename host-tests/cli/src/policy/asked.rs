//! A request that a configuration is asked about.

use super::caller::As;
use super::message::Message;
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

/// A request that a configuration is asked about, and what a proxy knows of it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The request as a proxy shows it to the filter, with `:method`, `:path` and `:authority` among its headers.
    pub message: Message,
    /// The presence of a body after the headers. Proxies announce bodies that then are empty.
    pub follows: Body,
    /// The scheme of the client's connection.
    pub scheme: UrlScheme,
    /// The caller in whose name the request is made.
    pub caller: As,
    /// The claims of a JSON web token that the proxy has verified.
    pub claims: Option<Value>,
    /// The metadata that filters of the proxy have left, if there are no claims.
    pub metadata: Vec<u8>,
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
    pub fn new(method: &str, authority: &str, target: &str, now: Instant) -> Self {
        let message = Message::default().with(":method", method).with(":path", target);
        Self {
            message: message.with(":authority", authority),
            follows: Body::None,
            scheme: UrlScheme::Https,
            caller: As::Shown,
            claims: None,
            metadata: Vec::new(),
            certificate: None,
            source: Source::parse(SOURCE.as_bytes()).expect("it is an address"),
            now,
            times: 1,
        }
    }

    /// Appends parameters to the target.
    #[must_use]
    pub fn with_parameters(mut self, parameters: &str) -> Self {
        if !parameters.is_empty() {
            let mut target = self.message.header(":path").unwrap_or_default().to_vec();
            target.push(if target.contains(&b'?') { b'&' } else { b'?' });
            target.extend(parameters.as_bytes());
            self.message.set(":path", target);
        }
        self
    }

    /// Returns the same request with a body, and the headers that clients send with one.
    #[must_use]
    pub fn with_body(mut self, body: Vec<u8>) -> Self {
        if body.is_empty() {
            return self;
        }
        self.follows = Body::Follows;
        let mut message = self.message;
        if message.header("content-type").is_none() {
            message = message.with("content-type", FORM);
        }
        if message.header("content-length").or(message.header("transfer-encoding")).is_none() {
            message = message.with("content-length", body.len().to_string());
        }
        message.body = body;
        Self { message, ..self }
    }
}
