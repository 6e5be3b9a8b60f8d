//! What came back.

use anyhow::{Context, Result};
use http::Version;

/// An answer's status and headers.
#[derive(Clone, Debug)]
pub struct Head {
    /// The version that the server answered with.
    pub version: Version,
    /// The status code.
    pub status: u16,
    /// Names in lower case, values as sent, in order.
    pub headers: Vec<(String, Vec<u8>)>,
}

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The version that the server answered with.
    pub version: Version,
    /// The status code.
    pub status: u16,
    /// Names in lower case, values as sent, in order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body without its chunking.
    pub body: Vec<u8>,
    /// Names in lower case, values as sent, in order.
    pub trailers: Vec<(String, Vec<u8>)>,
}

impl Answer {
    pub(super) fn new(head: Head, body: Vec<u8>, trailers: Vec<(String, Vec<u8>)>) -> Self {
        Self { version: head.version, status: head.status, headers: head.headers, body, trailers }
    }

    /// The values of a header (name in lower case), in order and joined by a comma; `None` where there is none.
    pub fn header(&self, name: &str) -> Option<String> {
        joined(&self.headers, name)
    }

    /// The same for a trailer.
    pub fn trailer(&self, name: &str) -> Option<String> {
        joined(&self.trailers, name)
    }

    /// The body as text; bytes that aren't UTF-8 are replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Errors
    ///
    /// When it isn't; the message shows it.
    pub fn json(&self) -> Result<serde_json::Value> {
        serde_json::from_slice(&self.body)
            .with_context(|| format!("status {}, a body that isn't JSON: {}", self.status, self.text()))
    }
}

impl Head {
    /// The values of a header (name in lower case), in order and joined by a comma; `None` where there is none.
    pub fn header(&self, name: &str) -> Option<String> {
        joined(&self.headers, name)
    }
}

fn joined(fields: &[(String, Vec<u8>)], name: &str) -> Option<String> {
    let values: Vec<_> = fields
        .iter()
        .filter(|(sent, _)| sent == name)
        .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
        .collect();
    (!values.is_empty()).then(|| values.join(","))
}
