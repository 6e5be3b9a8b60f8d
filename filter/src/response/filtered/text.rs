//! Texts of JSON (RFC 8259 §7): where the plain part of one ends, and what one says.

use super::error::FilterError;
use std::borrow::Cow;
use std::str;

/// How many bytes from here on stand for themselves: up to a quote, a backslash or a control byte.
pub(super) fn plain(bytes: &[u8]) -> usize {
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | ..0x20);
    bytes.iter().position(is_special).unwrap_or(bytes.len())
}

/// What a text says, given with its quotes. The scanner has checked its grammar; half of a surrogate pair says nothing.
pub(super) fn read(quoted: &[u8]) -> Result<Cow<'_, str>, FilterError> {
    if quoted.contains(&b'\\') {
        return serde_json::from_slice(quoted).map(Cow::Owned).map_err(|_| FilterError::Malformed);
    }
    let inner = quoted.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
    let text = inner.and_then(|inner| str::from_utf8(inner).ok());
    text.map(Cow::Borrowed).ok_or(FilterError::Malformed)
}

/// Splits off the text that bytes begin with, quotes included; none if they begin with something else.
pub(super) fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut end = 1;
    bytes.first().filter(|&&byte| byte == b'"')?;
    loop {
        end = plain(bytes.get(end..)?).saturating_add(end);
        match bytes.get(end)? {
            b'"' => return bytes.split_at_checked(end.saturating_add(1)),
            _ => end = end.saturating_add(2),
        }
    }
}
