//! What the test upstream writes down.

/// How much of a request's body is kept, in bytes. The rest is only counted.
pub(super) const KEPT_BODY: usize = 1 << 20;

/// One request, as it came. It is written down from its head on, and grows while the body arrives.
#[derive(Clone, Debug)]
pub struct Received {
    /// The connection it came on, counted from 0: equal numbers show that a connection was kept.
    pub connection: usize,
    /// The method, as sent.
    pub method: String,
    /// The request target. Bytes outside of printable ASCII are shown as `\xNN`.
    pub target: String,
    /// Names as sent, not lower-cased; values as sent.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body without its chunking, at most the first MiB.
    pub body: Vec<u8>,
    /// The length of the whole body in bytes.
    pub body_length: u64,
    /// Trailers of a chunked body.
    pub trailers: Vec<(String, Vec<u8>)>,
    /// How far the request has come.
    pub end: End,
}

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The body is still arriving.
    Open,
    /// The whole request arrived.
    Clean,
    /// The connection broke before the request's end.
    Cut,
}

impl Received {
    /// The values of a header, compared without case, in order and joined by a comma; `None` where there is none.
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

/// Bytes as text: what isn't printable ASCII becomes `\xNN`, so that nothing is lost and nothing is repaired.
pub(super) fn printable(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| match byte {
            0x20..=0x7e => char::from(*byte).to_string(),
            other => format!("\\x{other:02x}"),
        })
        .collect()
}
