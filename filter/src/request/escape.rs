//! Percent-encoding, RFC 3986 §2.1, as strict as a gateway has to be: what is no escape is an error and not itself.

/// Whether a raw target may have this byte at all.
pub(super) fn is_printable(byte: u8) -> bool {
    (0x21..=0x7e).contains(&byte)
}

/// RFC 3986 §2.3: octets that mean the same escaped and unescaped.
pub(crate) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Reads the two hexadecimal digits after a `%`, or finds that they aren't there.
pub(super) fn escaped(bytes: &mut impl Iterator<Item = (usize, u8)>) -> Option<u8> {
    let digit = |(_, byte): (usize, u8)| char::from(byte).to_digit(16);
    let high = bytes.next().and_then(digit)?;
    let low = bytes.next().and_then(digit)?;
    u8::try_from((high << 4) | low).ok()
}

/// Writes one octet as an escape with upper-case digits.
pub(crate) fn push_escape(text: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |value: u8| DIGITS.get(usize::from(value)).copied().map_or('0', char::from);
    text.push('%');
    text.push(digit(byte >> 4));
    text.push(digit(byte & 0xf));
}

/// Writes text so that it stands for itself in a query string or a form: a space is `+`, and everything but unreserved
/// octets is escaped. That is what browsers and Go's clients send, so that what they send doesn't become longer.
pub(super) fn push_form_text(text: &mut String, value: &str) {
    for byte in value.bytes() {
        match byte {
            b' ' => text.push('+'),
            _ if is_unreserved(byte) => text.push(char::from(byte)),
            _ => push_escape(text, byte),
        }
    }
}
