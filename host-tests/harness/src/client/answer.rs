//! The answers that a client reads.

use anyhow::{Context, Result};
use http::Version;

/// The status and the headers of an answer.
#[derive(Clone, Debug)]
pub struct Head {
    /// The version that the server answered with.
    pub version: Version,
    pub status: u16,
    /// The names in lower case and the values as sent, in order.
    pub headers: Vec<(String, Vec<u8>)>,
}

/// A whole answer, with its body and its trailers.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The version that the server answered with.
    pub version: Version,
    pub status: u16,
    /// The names in lower case and the values as sent, in order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body without its chunking.
    pub body: Vec<u8>,
    /// The names in lower case and the values as sent, in order.
    pub trailers: Vec<(String, Vec<u8>)>,
}

impl Answer {
    pub(super) fn new(head: Head, body: Vec<u8>, trailers: Vec<(String, Vec<u8>)>) -> Self {
        Self { version: head.version, status: head.status, headers: head.headers, body, trailers }
    }

    /// Returns the values of a header (name in lower case), in order and joined by a comma, or `None` without such a
    /// header.
    pub fn header(&self, name: &str) -> Option<String> {
        joined(&self.headers, name)
    }

    /// Returns the values of a trailer, as [`Answer::header`] does for headers.
    pub fn trailer(&self, name: &str) -> Option<String> {
        joined(&self.trailers, name)
    }

    /// Returns the body as text. Bytes that aren't UTF-8 are replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Returns the body as JSON.
    ///
    /// # Errors
    ///
    /// Returns an error if the body isn't JSON; the message shows it.
    pub fn json(&self) -> Result<serde_json::Value> {
        serde_json::from_slice(&self.body)
            .with_context(|| format!("status {}, a body that isn't JSON: {}", self.status, self.text()))
    }
}

impl Head {
    /// Returns the values of a header (name in lower case), in order and joined by a comma, or `None` without such a
    /// header.
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
