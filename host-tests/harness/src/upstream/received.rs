//! The records of the test upstream.

/// The part of a request's body that is kept, in bytes. The rest is only counted.
pub(super) const KEPT_BODY: usize = 1 << 20;

/// One request, as it came. It is recorded from its head on, and grows while the body arrives.
#[derive(Clone, Debug)]
pub struct Received {
    /// The number of its connection, from 0. Equal numbers show that a connection was kept.
    pub connection: usize,
    /// The method, as sent.
    pub method: String,
    /// The request target. Bytes that aren't printable ASCII are shown as `\xNN`.
    pub target: String,
    /// The names and values as sent, not in lower case.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body without its chunking, at most the first MiB.
    pub body: Vec<u8>,
    /// The length of the whole body in bytes.
    pub body_length: u64,
    /// The trailers of a chunked body.
    pub trailers: Vec<(String, Vec<u8>)>,
    pub end: End,
}

/// The progress of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The body is still arriving.
    Open,
    /// The whole request arrived.
    Clean,
    /// The connection broke before the end of the request.
    Cut,
}

impl Received {
    /// Returns the values of a header, compared without case, in order and joined by a comma, or `None` without such a
    /// header.
    pub fn header(&self, name: &str) -> Option<String> {
        let values: Vec<String> = self
            .headers
            .iter()
            .filter(|(sent, _)| sent.eq_ignore_ascii_case(name))
            .map(|(_, value)| printable(value))
            .collect();
        (!values.is_empty()).then(|| values.join(","))
    }
}

/// Returns bytes as text. A byte that isn't printable ASCII becomes `\xNN`, so that nothing is lost and nothing is
/// repaired.
pub(super) fn printable(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| match byte {
            0x20..=0x7e => char::from(*byte).to_string(),
            other => format!("\\x{other:02x}"),
        })
        .collect()
}
