//! Media types, where exactly one will do: what has two, or parameters that nobody needs, is read differently by others.

use std::str;

/// Whether the value of a content type is this one, with at most a `charset` beside it: a parameter that stands twice
/// makes Go ignore a body.
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
