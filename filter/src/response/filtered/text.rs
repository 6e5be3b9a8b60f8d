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
    if !inner.contains('\\') {
        return Ok(Cow::Borrowed(inner));
    }
    unescape(inner).map(Cow::Owned).ok_or(FilterError::Malformed)
}

/// What a text between its quotes says. `serde_json` would read it too, and bring the printing of floats with it for an
/// error that nobody sees: 27 KB.
fn unescape(mut rest: &str) -> Option<String> {
    let mut text = String::with_capacity(rest.len());
    while let Some((before, escape)) = rest.split_once('\\') {
        text.push_str(before);
        let (kind, after) = escape.split_at_checked(1)?;
        rest = after;
        let said = match kind {
            "b" => '\u{8}',
            "f" => '\u{c}',
            "n" => '\n',
            "r" => '\r',
            "t" => '\t',
            "u" => {
                let (unit, after) = unit(rest)?;
                rest = after;
                match unit {
                    0xd800..0xdc00 => {
                        let (low, after) = self::unit(rest.strip_prefix("\\u")?)?;
                        rest = after;
                        let low = low.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
                        let high = unit.checked_sub(0xd800)?.checked_shl(10)?;
                        char::from_u32(high.checked_add(low)?.checked_add(0x1_0000)?)?
                    }
                    _ => char::from_u32(unit)?,
                }
            }
            _ => kind.chars().next()?,
        };
        text.push(said);
    }
    text.push_str(rest);
    Some(text)
}

/// The four digits of a code unit, and what follows them.
fn unit(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u32::from_str_radix(digits, 16).ok().filter(|_| is_hex).map(|unit| (unit, rest))
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

    #[test]
    fn half_of_a_surrogate_pair_says_nothing() {
        for text in [r#""\ud800""#, r#""\udc00""#, r#""\ud800\ud800""#, r#""\ud800a""#, r#""\ud800\u0041""#] {
            assert_eq!(read(text.as_bytes()), Err(FilterError::Malformed), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_text_says_what_serde_reads_in_it(text in any::<String>(), escapes in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut quoted = String::from("\"");
            for (place, character) in text.chars().enumerate() {
                let mut units = [0; 2];
                if escapes.get(place).is_some_and(|byte| byte % 2 == 0) {
                    let units = character.encode_utf16(&mut units).iter();
                    units.for_each(|unit| quoted.push_str(&format!("\\u{unit:04x}")));
                } else {
                    let json = serde_json::to_string(&character).unwrap();
                    quoted.push_str(&json[1..json.len() - 1]);
                }
            }
            quoted.push('"');
            prop_assert_eq!(read(quoted.as_bytes()).unwrap(), text);
        }
    }
}
