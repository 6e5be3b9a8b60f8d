//! Skips a value of JSON that stands whole in these bytes, and is written without white space, as servers usually do.
//! Any other value is left to the scanner, which also finds what is wrong with it.

use super::event::Shape;
use super::nesting::Nesting;
use super::number::Number;
use super::plain::after_plain;
use super::token::Token;

/// The largest number of objects and lists within each other that are skipped at once. Where the end of a piece cuts them
/// all, what they have in common is read once for each and then by the scanner.
const MAX_LEVELS: u32 = 8;

/// Returns the bytes after the value that begins here, inside these objects and lists. Returns `None` if it has to be
/// read by the scanner.
#[inline(always)]
pub(super) fn after_value(bytes: &[u8], around: Nesting) -> Option<&[u8]> {
    match bytes.strip_prefix(b"\"") {
        Some(text) => after_text(text),
        None => after_other_value(bytes, around),
    }
}

/// Returns the bytes after any value.
#[inline(never)]
fn after_other_value(bytes: &[u8], around: Nesting) -> Option<&[u8]> {
    let mut nesting = around;
    let deepest = around.depth().saturating_add(MAX_LEVELS);
    let mut rest = bytes;
    loop {
        rest = match rest {
            [b'{' | b'[', ..] if nesting.depth() == deepest => return None,
            [b'{', b'"', key @ ..] => {
                nesting = nesting.opened(Shape::Object).ok()?;
                rest = after_key(key)?;
                continue;
            }
            [b'{', b'}', after @ ..] | [b'[', b']', after @ ..] => {
                nesting.opened(Shape::Object).ok()?;
                after
            }
            [b'[', first @ ..] => {
                nesting = nesting.opened(Shape::List).ok()?;
                rest = first;
                continue;
            }
            [b'"', text @ ..] => after_text(text)?,
            [b'-' | b'0'..=b'9', ..] => after_number(rest)?,
            [first, after @ ..] => after_token(Token::begin(*first)?, after)?,
            [] => return None,
        };
        // A value has ended, and with it those around it that end here.
        loop {
            if nesting.depth() == around.depth() {
                return Some(rest);
            }
            match (rest, nesting.is_object()) {
                ([b'}', after @ ..], true) | ([b']', after @ ..], false) => rest = after,
                ([b',', b'"', key @ ..], true) => {
                    rest = after_key(key)?;
                    break;
                }
                ([b',', next @ ..], false) => {
                    rest = next;
                    break;
                }
                _ => return None,
            }
            nesting = nesting.closed().ok()?;
        }
    }
}

/// Returns the bytes after the colon that follows a key, whose first quote has been read.
#[inline]
fn after_key(key: &[u8]) -> Option<&[u8]> {
    after_text(key)?.strip_prefix(b":")
}

/// Returns the bytes after a text, whose first quote has been read.
#[inline(always)]
fn after_text(text: &[u8]) -> Option<&[u8]> {
    match after_plain(text) {
        [b'"', after @ ..] => Some(after),
        rest => after_rest_of_text(rest),
    }
}

/// Returns the bytes after a text with escapes, mostly of quotes, or with characters beyond ASCII.
#[inline(never)]
fn after_rest_of_text(mut rest: &[u8]) -> Option<&[u8]> {
    while let [b'\\', b'"' | b'\\' | b'n', after @ ..] = rest {
        rest = after_plain(after);
    }
    after_token(Token::Text, rest)
}

/// Returns the bytes after a number.
fn after_number(bytes: &[u8]) -> Option<&[u8]> {
    let (first, mut rest) = bytes.split_first()?;
    matches!(Number::begin(*first)?.read(&mut rest), Ok(None)).then_some(rest)
}

/// Returns the bytes after a token, of which something has been read.
fn after_token(token: Token, mut rest: &[u8]) -> Option<&[u8]> {
    matches!(token.read(&mut rest), Ok(None)).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::de::IgnoredAny;

    /// Returns the number of bytes of the value that these bytes begin with.
    fn length(bytes: &str) -> Option<usize> {
        after_value(bytes.as_bytes(), Nesting::default()).map(|after| bytes.len() - after.len())
    }

    #[test]
    fn a_value_that_stands_whole_is_skipped() {
        for value in [
            "{}",
            "[]",
            "null",
            "true",
            "false",
            "0",
            "-1.5e+7",
            r#""""#,
            r#""a\"éA😀""#,
            "[[],{},[{}]]",
            r#"{"a":{"b":[1,"x",{"c":null}]},"d":[]}"#,
        ] {
            for after in [",", "]", "}", ":", " "] {
                assert_eq!(length(&format!("{value}{after}")), Some(value.len()), "{value}");
            }
        }
    }

    #[test]
    fn what_is_not_whole_or_not_plain_or_no_value_is_left() {
        for value in [
            "",
            " ",
            "{ }",
            "[ ]",
            "[1 ]",
            r#"{"a" :1}"#,
            r#"{"a": 1}"#,
            "{,}",
            r#"{,"a":1}"#,
            "[,1]",
            "[1,]",
            "[1,,2]",
            r#"{"a":1,}"#,
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a",1}"#,
            "{1:1}",
            "[1}",
            r#"{"a":1]"#,
            "}",
            "]",
            ",",
            ":",
            "nul!",
            "[01]",
            "1.,",
            "-,",
            "+1,",
            "\"\n\"",
            r#""\x""#,
            r#""\u12x4""#,
            "[",
            r#"{"a""#,
            r#"{"a":"#,
            r#"{"a":[1"#,
            "12",
            "tru",
            "\"a",
        ] {
            assert_eq!(length(value), None, "{value}");
        }
    }

    #[test]
    fn what_is_nested_too_deeply_is_left() {
        let nested = |lists: usize| length(&format!("{}{}", "[".repeat(lists), "]".repeat(lists)));
        assert_eq!([1, 8, 9].map(nested), [Some(2), Some(16), None]);
        let inside = |depth| after_value(b"[{}]", Nesting::inside(depth)).is_some();
        assert_eq!([0, 62, 63, 64, 65].map(inside), [true, true, false, false, false]);
    }

    proptest! {
        #[test]
        fn what_is_skipped_is_a_value_as_serde_json_reads_it(
            text in "(\\{|\\}|\\[|\\]|,|:|\"a\"|\"\\\\u00e9\"|\"é\"|1|-0.5e1|null|true| ){0,12}",
        ) {
            if let Some(length) = length(&text) {
                let value = &text[..length];
                prop_assert!(serde_json::from_str::<IgnoredAny>(value).is_ok() && value.trim() == value, "{}", text);
            } else {
                // Whatever is left either is no value, or has white space, or may go on.
                let whole = serde_json::from_str::<IgnoredAny>(&text).is_ok();
                prop_assert!(!whole || text.contains(' ') || text.ends_with(|last: char| last.is_ascii_digit()), "{}", text);
            }
        }
    }
}
