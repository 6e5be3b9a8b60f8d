//! Texts of JSON (RFC 8259 §7): finds their ends, and decodes them.

use super::error::FilterError;
use super::plain::split_before;
use super::token::Token;
use std::borrow::Cow;
use std::str;

/// A text as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Text<'a> {
    /// The bytes between the quotes, which stand for themselves.
    Plain(&'a [u8]),
    /// The bytes between the quotes, with escapes or with characters beyond ASCII.
    Other(&'a [u8]),
}

impl<'a> Text<'a> {
    /// Splits off the text at the beginning of the bytes. Returns `None` if they begin with something else.
    pub(super) fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let inner = bytes.strip_prefix(b"\"")?;
        if let Some((plain, after)) = split_before(inner, b"\"") {
            return Some((Self::Plain(plain), after));
        }
        let mut after = inner;
        matches!(Token::Text.read(&mut after), Ok(None)).then_some(())?;
        let length = inner.len().saturating_sub(after.len()).saturating_sub(1);
        Some((Self::Other(inner.get(..length)?), after))
    }

    /// Decodes the text. The scanner has checked its grammar, but not that surrogates come in pairs.
    pub(super) fn decoded(self) -> Result<Cow<'a, str>, FilterError> {
        let (Self::Plain(inner) | Self::Other(inner)) = self;
        let inner = str::from_utf8(inner).map_err(|_| FilterError::Malformed)?;
        match self {
            Self::Plain(_) => Ok(Cow::Borrowed(inner)),
            Self::Other(_) => unescaped(inner).map(Cow::Owned).ok_or(FilterError::Malformed),
        }
    }
}

fn unescaped(inner: &str) -> Option<String> {
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((before, escape)) = rest.split_once('\\') {
        text.push_str(before);
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
    text.push_str(rest);
    Some(text)
}

/// Parses the one or two UTF-16 units of a character, the first of which begins here.
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Decodes a text with this between its quotes.
    fn decoded(inner: &str) -> Option<String> {
        let quoted = format!("\"{inner}\",");
        let (text, after) = Text::split(quoted.as_bytes())?;
        assert_eq!(after, b",");
        text.decoded().ok().map(Cow::into_owned)
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
            assert_eq!(decoded(inner), None, "{inner}");
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
            prop_assert_eq!(decoded(&inner), serde_json::from_str::<String>(&format!("\"{inner}\"")).ok());
        }
    }
}
