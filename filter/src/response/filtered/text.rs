//! Texts of JSON (RFC 8259 §7): finds the end of their plain part, and decodes them.

use super::error::FilterError;
use std::borrow::Cow;
use std::str;

/// A text as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Text<'a> {
    /// The bytes between the quotes, which have no escapes.
    Plain(&'a [u8]),
    /// The bytes between the quotes, which have escapes.
    Escaped(&'a [u8]),
}

impl<'a> Text<'a> {
    /// Splits off the text at the beginning of the bytes. Returns `None` if they begin with something else.
    pub(super) fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let inner = bytes.strip_prefix(b"\"")?;
        match split_plain(inner) {
            (plain, [b'"', after @ ..]) => Some((Self::Plain(plain), after)),
            (_, rest) => Self::split_escaped(inner, rest),
        }
    }

    fn split_escaped(inner: &'a [u8], mut rest: &'a [u8]) -> Option<(Self, &'a [u8])> {
        loop {
            match rest {
                [b'"', after @ ..] => {
                    return Some((
                        Self::Escaped(inner.get(..inner.len().saturating_sub(rest.len()))?),
                        after,
                    ));
                }
                [_, _, after @ ..] => rest = after_plain(after),
                _ => return None,
            }
        }
    }

    /// Decodes the text. The scanner has checked its grammar, but not that surrogates come in pairs.
    pub(super) fn decoded(self) -> Result<Cow<'a, str>, FilterError> {
        let (Self::Plain(inner) | Self::Escaped(inner)) = self;
        let inner = str::from_utf8(inner).map_err(|_| FilterError::Malformed)?;
        match self {
            Self::Plain(_) => Ok(Cow::Borrowed(inner)),
            Self::Escaped(_) => unescaped(inner).map(Cow::Owned).ok_or(FilterError::Malformed),
        }
    }
}

/// Splits off the bytes that stand for themselves: those before a quote, a backslash or a control byte.
#[inline]
pub(super) fn split_plain(bytes: &[u8]) -> (&[u8], &[u8]) {
    let after = after_plain(bytes);
    (bytes.get(..bytes.len().saturating_sub(after.len())).unwrap_or_default(), after)
}

/// Returns the bytes after those that stand for themselves.
#[inline]
pub(super) fn after_plain(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    while let Some((eight, after)) = rest.split_first_chunk() {
        let special = special(u64::from_le_bytes(*eight));
        if special != 0 {
            return rest.get(special.trailing_zeros() as usize / 8..).unwrap_or_default();
        }
        rest = after;
    }
    after_last_plain(rest)
}

/// Returns the same for the last few bytes, which are read one at a time.
fn after_last_plain(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    while let [byte, after @ ..] = rest
        && !matches!(byte, b'"' | b'\\' | ..0x20)
    {
        rest = after;
    }
    rest
}

/// Marks the first of eight bytes that is a quote, a backslash or a control byte: the lowest bit of the result that is
/// set is the highest bit of that byte.
fn special(eight: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    // With this bit flipped, the quote comes directly after the control bytes, and all other bytes stay above it.
    let below = (eight ^ (EACH * 0x02)).wrapping_sub(EACH * 0x21);
    let backslash = (eight ^ (EACH * 0x5c)).wrapping_sub(EACH);
    (below | backslash) & !eight & (EACH * 0x80)
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
    fn each_byte_is_plain_or_not_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            for place in 0..20 {
                let mut bytes = [b'a'; 20];
                bytes[place] = byte;
                let is_special = byte < 0x20 || byte == b'"' || byte == b'\\';
                assert_eq!(
                    split_plain(&bytes).0.len(),
                    if is_special { place } else { 20 },
                    "{byte} {place}"
                );
            }
        }
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
        fn what_is_plain_ends_at_the_first_byte_that_is_not(
            parts in prop::collection::vec(prop_oneof![3 => "[ !#-~\u{7f}-\u{ff}€]{0,20}", 1 => any::<char>().prop_map(String::from)], 0..4),
            begin in 0_usize..8,
        ) {
            let text = parts.concat();
            let bytes = text.as_bytes().get(begin..).unwrap_or_default();
            let plain = bytes.iter().take_while(|&&byte| byte >= 0x20 && byte != b'"' && byte != b'\\').count();
            prop_assert_eq!(split_plain(bytes), bytes.split_at(plain));
        }

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
