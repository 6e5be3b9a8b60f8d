//! Percent-encoding (RFC 3986 §2.1), as strict as a gateway has to be: a `%` that begins no escape is an error and
//! doesn't stand for itself.

use std::borrow::Cow;

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
    #[allow(clippy::indexing_slicing, reason = "there is a place for each octet")]
    pub(crate) const fn has(&self, octet: u8) -> bool {
        self.0[octet as usize]
    }

    /// Divides a text before the first octet that isn't in the set.
    #[inline]
    pub(super) fn split<'a>(&self, text: &'a [u8]) -> (&'a [u8], &'a [u8]) {
        let end = text.iter().position(|&octet| !self.has(octet)).unwrap_or(text.len());
        text.split_at_checked(end).unwrap_or((text, &[]))
    }
}

/// A table rather than comparisons, since every octet of a request is looked up.
static UNRESERVED: Octets = Octets::UNRESERVED;

/// Returns `true` if an octet means the same escaped and unescaped (RFC 3986 §2.3).
#[inline]
pub(crate) fn is_unreserved(byte: u8) -> bool {
    UNRESERVED.has(byte)
}

/// Parses the two hexadecimal digits after a `%`, or returns `None` if they aren't digits.
#[inline]
pub(super) fn escaped(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte & 0xf),
        b'a'..=b'f' | b'A'..=b'F' => Some((byte & 0xf).wrapping_add(9)),
        _ => None,
    };
    Some((digit(high)? << 4) | digit(low)?)
}

/// Returns an octet as an escape with upper-case digits.
#[inline]
fn escape(byte: u8) -> [u8; 3] {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |value: u8| DIGITS.get(usize::from(value)).copied().unwrap_or(b'0');
    [b'%', digit(byte >> 4), digit(byte & 0xf)]
}

/// Writes one octet as an escape.
pub(crate) fn push_escape(text: &mut String, byte: u8) {
    text.extend(escape(byte).map(char::from));
}

/// An octet of a text as it stands in a query string or a form.
pub(super) enum InForm {
    /// One octet, which is a `+` for a space.
    Plain(u8),
    /// The three octets of an escape.
    Escaped([u8; 3]),
}

/// Returns an octet of a text as it stands in a query string or a form: a space becomes `+`, and every octet that is not
/// unreserved is escaped. Browsers and Go's clients write it in the same way, so their parameters don't become longer.
#[inline]
pub(super) fn in_form(octet: u8) -> InForm {
    match octet {
        b' ' => InForm::Plain(b'+'),
        _ if is_unreserved(octet) => InForm::Plain(octet),
        _ => InForm::Escaped(escape(octet)),
    }
}

/// Returns a text as it stands in a query string or a form.
pub(super) fn form_text(text: &str) -> String {
    let mut rest = text.as_bytes();
    let mut written = Vec::with_capacity(rest.len().saturating_add(rest.len() / 2));
    loop {
        let (plain, others) = UNRESERVED.split(rest);
        written.extend_from_slice(plain);
        let Some((&octet, others)) = others.split_first() else { break };
        match in_form(octet) {
            InForm::Plain(octet) => written.push(octet),
            InForm::Escaped(escape) => written.extend_from_slice(&escape),
        }
        rest = others;
    }
    // Octets that are unreserved, `+` and escapes are ASCII.
    String::from_utf8(written).unwrap_or_default()
}

/// Returns `true` if a text stands in a query string or a form like this.
pub(super) fn is_form_text(written: &str, text: &str) -> bool {
    let mut written = written.as_bytes();
    for octet in text.bytes() {
        written = match (in_form(octet), written) {
            (InForm::Plain(octet), [first, rest @ ..]) if *first == octet => rest,
            (InForm::Escaped([percent, high, low]), [first, second, third, rest @ ..])
                if [percent, high, low] == [*first, *second, *third] =>
            {
                rest
            }
            _ => return false,
        };
    }
    written.is_empty()
}

/// Returns the octets that a text of a query string or a form stands for, which has been written as [`form_text`] does.
pub(super) fn form_octets(written: &[u8]) -> Cow<'_, [u8]> {
    static PLAIN: Octets = Octets::UNRESERVED;
    let (plain, mut rest) = PLAIN.split(written);
    if rest.is_empty() {
        return plain.into();
    }
    let mut octets = Vec::with_capacity(written.len());
    octets.extend_from_slice(plain);
    loop {
        let (octet, others) = match rest {
            [b'+', others @ ..] => (Some(b' '), others),
            [b'%', high, low, others @ ..] => (escaped(*high, *low), others),
            _ => return octets.into(),
        };
        octets.extend(octet);
        let (plain, others) = PLAIN.split(others);
        octets.extend_from_slice(plain);
        rest = others;
    }
}
