//! Percent-encoding (RFC 3986 §2.1), as strict as a gateway has to be: a `%` that begins no escape is an error and
//! doesn't stand for itself.

/// Returns `true` if a raw target may contain this byte at all.
pub(super) fn is_printable(byte: u8) -> bool {
    (0x21..=0x7e).contains(&byte)
}

/// A set of octets, as a table.
pub(crate) struct Octets([bool; 256]);

impl Octets {
    /// The octets that mean the same escaped and unescaped (RFC 3986 §2.3).
    pub(crate) const UNRESERVED: Self =
        Self::NONE.with(b"-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// The set that contains no octet.
    pub(crate) const NONE: Self = Self([false; 256]);

    /// Returns the set with these octets added.
    #[allow(
        clippy::indexing_slicing,
        reason = "there is a place for each octet, and it runs in the compiler"
    )]
    pub(crate) const fn with(mut self, octets: &[u8]) -> Self {
        let mut rest = octets;
        while let [octet, others @ ..] = rest {
            self.0[*octet as usize] = true;
            rest = others;
        }
        self
    }

    /// Returns `true` if the set contains the octet.
    #[inline]
    pub(crate) fn has(&self, octet: u8) -> bool {
        self.0.get(usize::from(octet)).copied().unwrap_or_default()
    }
}

/// A table rather than comparisons, since every octet of a request is looked up.
static UNRESERVED: Octets = Octets::UNRESERVED;

/// Returns `true` if an octet means the same escaped and unescaped (RFC 3986 §2.3).
#[inline]
pub(crate) fn is_unreserved(byte: u8) -> bool {
    UNRESERVED.has(byte)
}

/// Parses the two hexadecimal digits after a `%`, or returns `None` if they aren't there.
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

/// Returns the length that [`push_form_text`] gives a text, in bytes.
pub(super) fn form_text_length(value: &str) -> usize {
    let length = |byte| if byte == b' ' || is_unreserved(byte) { 1 } else { 3 };
    value.bytes().map(length).fold(0, usize::saturating_add)
}

/// Writes text so that it stands for itself in a query string or a form: a space becomes `+`, and every octet that is
/// not unreserved is escaped. Browsers and Go's clients write it in the same way, so their parameters don't become
/// longer.
pub(super) fn push_form_text(text: &mut String, value: &str) {
    let mut rest = value;
    while !rest.is_empty() {
        let plain = rest.bytes().position(|byte| !is_unreserved(byte)).unwrap_or(rest.len());
        // Unreserved octets are ASCII, so a character begins after them.
        let (plain, others) = rest.split_at_checked(plain).unwrap_or((rest, ""));
        text.push_str(plain);
        let mut others = others.chars();
        match others.next() {
            Some(' ') => text.push('+'),
            Some(other) => other.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| push_escape(text, byte)),
            None => {}
        }
        rest = others.as_str();
    }
}
