//! The parts of reading a request's head that are the same for every host that is played.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::host::Headers;

/// The status of a request that is answered before the module sees it.
pub(super) struct Refusal(pub(super) StatusCode);

/// Adds the fields of a message to the headers that the module sees.
pub(super) fn extend(headers: &mut Headers, fields: &HeaderMap) {
    let owned = |(name, value): (&HeaderName, &HeaderValue)| {
        (name.as_str().as_bytes().to_vec(), value.as_bytes().to_vec())
    };
    headers.extend(fields.iter().map(owned));
}
