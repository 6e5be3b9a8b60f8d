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
    let inner = quoted.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
    let inner = inner.and_then(|inner| str::from_utf8(inner).ok()).ok_or(FilterError::Malformed)?;
    if plain(inner.as_bytes()) == inner.len() {
        return Ok(Cow::Borrowed(inner));
    }
    unescaped(inner).map(Cow::Owned).ok_or(FilterError::Malformed)
}

fn unescaped(inner: &str) -> Option<String> {
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    loop {
        let (before, escape) = rest.split_at_checked(plain(rest.as_bytes()))?;
        text.push_str(before);
        let Some(escape) = escape.strip_prefix('\\') else { return Some(text) };
        let kind = escape.chars().next()?;
        rest = escape.get(kind.len_utf8()..)?;
        text.push(match kind {
            '"' | '\\' | '/' => kind,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => character(&mut rest)?,
            _ => return None,
        });
    }
}

/// The character of one or two UTF-16 units, the first of which begins here.
fn character(rest: &mut &str) -> Option<char> {
    let first = unit(rest)?;
    if !(0xd800..0xdc00).contains(&first) {
        return char::from_u32(first);
    }
    *rest = rest.strip_prefix("\\u")?;
    let second = unit(rest).filter(|second| (0xdc00..0xe000).contains(second))?;
    char::from_u32(((first & 0x3ff) << 10 | (second & 0x3ff)).saturating_add(0x1_0000))
}

fn unit(rest: &mut &str) -> Option<u32> {
    let (digits, after) = rest.split_at_checked(4)?;
    *rest = after;
    digits.chars().try_fold(0, |value, digit| Some(value << 4 | digit.to_digit(16)?))
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a text with this between its quotes says.
    fn says(inner: &str) -> Option<String> {
        read(format!("\"{inner}\"").as_bytes()).ok().map(Cow::into_owned)
    }

    #[test]
    fn half_a_character_says_nothing() {
        for inner in [
            r"\ud800",
            r"\udc00",
            r"\ud800x",
            r"\ud800\n",
            r"\ud800\ud800",
            r"\ud800\u0041",
            r"\udc00\ud800",
            r"\ud83d\\ude00",
        ] {
            assert_eq!(says(inner), None, "{inner}");
            assert!(serde_json::from_str::<String>(&format!("\"{inner}\"")).is_err());
        }
    }

    proptest! {
        #[test]
        fn a_text_says_what_serde_json_reads(
            parts in prop::collection::vec(
                prop_oneof![
                    r#"\\["\\/bfnrt]"#,
                    r"\\u[0-9a-fA-F]{4}",
                    r"\\u[dD][89abAB][0-9a-f]{2}\\u[dD][c-fC-F][0-9a-f]{2}",
                    "[^\"\\\\\\x00-\\x1f]{0,3}",
                ],
                0..8,
            ),
        ) {
            let inner = parts.concat();
            prop_assert_eq!(says(&inner), serde_json::from_str::<String>(&format!("\"{inner}\"")).ok());
        }
    }
}
