//! Comparison of media types, where exactly one is accepted: a content type with a second type or with other parameters
//! is read differently by different servers.

use crate::same::is_same;
use std::str;

/// The media type of most answers of an API.
pub(crate) const JSON_TYPE: &str = "application/json";

/// Returns `true` if a content type is the expected one, with at most a `charset` parameter: one that stands twice
/// makes Go ignore the body.
pub(crate) fn is_exactly(value: &[u8], expected: &str) -> bool {
    is_same(value, expected.as_bytes())
        || str::from_utf8(value).is_ok_and(|value| is_spelled(value, expected))
}

fn is_spelled(value: &str, expected: &str) -> bool {
    let mut parts = value.split(';').map(str::trim);
    let is_type = parts.next().is_some_and(|media_type| media_type.eq_ignore_ascii_case(expected));
    let charset = parts.next().is_none_or(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let value = value.trim_matches('"');
        name.eq_ignore_ascii_case("charset")
            && (value.eq_ignore_ascii_case("utf-8") || value.eq_ignore_ascii_case("us-ascii"))
    });
    is_type && charset && parts.next().is_none()
}
