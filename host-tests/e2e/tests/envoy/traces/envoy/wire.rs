//! Headers and bodies as the HTTP/2 library expects them.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

/// Lets the other tasks of this thread continue as far as they can without waiting.
pub(super) async fn rest() {
    for _ in 0..64 {
        tokio::task::yield_now().await;
    }
}

pub(super) fn map(pairs: &'static [(&'static str, &'static str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect()
}

pub(super) fn texts(headers: &HeaderMap) -> impl Iterator<Item = (String, String)> + '_ {
    headers
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
}

pub(super) fn bytes(size: usize) -> Bytes {
    vec![b'a'; size].into()
}
