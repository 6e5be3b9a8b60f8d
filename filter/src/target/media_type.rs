//! Comparison of media types, where exactly one is accepted: a content type with a second type or with other parameters
//! is read differently by different servers.

use std::str;

/// The media type of most answers of an API.
pub(crate) const JSON_TYPE: &str = "application/json";

/// Returns `true` if a content type is the expected one, with at most a `charset` parameter: one that stands twice
/// makes Go ignore the body.
pub(crate) fn is_exactly(value: &[u8], expected: &str) -> bool {
    let Ok(value) = str::from_utf8(value) else {
        return false;
    };
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
