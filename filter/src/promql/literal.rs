//! The value of a string literal, and the check that it is text: a name or a value with bytes that aren't UTF-8 can't be
//! stored anywhere, and ends one release of VictoriaMetrics (`threats.md` P7).

use std::borrow::Cow;

/// Returns the value of a string literal, which stands here with its quotes and whose escapes are those of Go.
pub(super) fn value(written: &str) -> Cow<'_, [u8]> {
    let inner = written.get(1..written.len().saturating_sub(1)).unwrap_or_default();
    if written.starts_with('`') || !inner.contains('\\') {
        return Cow::Borrowed(inner.as_bytes());
    }
    let mut value = Vec::with_capacity(inner.len());
    let mut parts = inner.split('\\');
    value.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
    while let Some(part) = parts.next() {
        match part.as_bytes() {
            // Two backslashes in a row are one; what follows is no escape.
            [] => {
                value.push(b'\\');
                value.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
            }
            [b'x', ..] => numbered(&mut value, part, 1, 2, 16),
            [b'u', ..] => numbered(&mut value, part, 1, 4, 16),
            [b'U', ..] => numbered(&mut value, part, 1, 8, 16),
            [b'0'..=b'7', ..] => numbered(&mut value, part, 0, 3, 8),
            [escaped, rest @ ..] => {
                value.push(match escaped {
                    b'a' => 7,
                    b'b' => 8,
                    b't' => b'\t',
                    b'n' => b'\n',
                    b'v' => 11,
                    b'f' => 12,
                    b'r' => b'\r',
                    other => *other,
                });
                value.extend_from_slice(rest);
            }
        }
    }
    Cow::Owned(value)
}

/// Adds the byte or the character that these digits are the number of, and the text after them.
fn numbered(value: &mut Vec<u8>, part: &str, skipped: usize, digits: usize, radix: u32) {
    let end = skipped.saturating_add(digits);
    let (text, rest) = (part.get(skipped..end).unwrap_or_default(), part.get(end..).unwrap_or_default());
    let code = u32::from_str_radix(text, radix).unwrap_or_default();
    match (u8::try_from(code), char::from_u32(code)) {
        (Ok(byte), _) if digits < 4 => value.push(byte),
        (_, Some(character)) => value.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        _ => {}
    }
    value.extend_from_slice(rest.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_has_the_value_that_go_gives_it() {
        for (written, bytes) in [
            (r#""""#, &b""[..]),
            ("`a\\x41`", b"a\\x41"),
            ("'a'", b"a"),
            (r#""\x41\101\u0041\U00000041""#, b"AAAA"),
            (r#""\u00e9\xc3\xa9\xff""#, b"\xc3\xa9\xc3\xa9\xff"),
            (r#""\a\b\f\n\r\t\v\\\"""#, b"\x07\x08\x0c\n\r\t\x0b\\\""),
            (r#""\\x41\\\x41\\\\x""#, b"\\x41\\A\\\\x"),
            (r#"'\'\\'"#, b"'\\"),
        ] {
            assert_eq!(value(written).as_ref(), bytes, "{written}");
        }
    }
}
