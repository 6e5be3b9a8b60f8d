//! The raw query string of a target, checked but not parsed: only endpoints that list parameters read it.

use super::escape::is_printable;
use super::path::TargetError;

/// A query string of printable ASCII without `#`. It can be written unchanged into a request line or a `Location`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueryString<'a>(&'a [u8]);

impl<'a> QueryString<'a> {
    /// Checks a raw query string. `start` is the position in the target at which it begins.
    ///
    /// # Errors
    ///
    /// Returns an error for the first byte that no query string may have (`threats.md` T1).
    pub fn parse(raw: &'a [u8], start: usize) -> Result<Self, TargetError> {
        let (eights, rest) = raw.as_chunks();
        if eights.iter().all(|eight| are_allowed(u64::from_le_bytes(*eight))) && rest.iter().all(is_allowed) {
            return Ok(Self(raw));
        }
        let at = raw.iter().position(|byte| !is_allowed(byte)).unwrap_or_default();
        let byte = raw.get(at).copied().unwrap_or_default();
        Err(TargetError::Byte { byte, at: start.saturating_add(at) })
    }

    /// Returns the bytes as they were received.
    pub fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// Returns the text as it was received.
    pub fn as_str(self) -> &'a str {
        // It is ASCII.
        std::str::from_utf8(self.0).unwrap_or_default()
    }
}

/// Returns `true` if a query string may have this byte.
fn is_allowed(byte: &u8) -> bool {
    is_printable(*byte) && *byte != b'#'
}

/// Returns `true` if a query string may have these eight bytes. All of them are looked at together: an addition to each
/// carries into its highest bit where it reaches 0x80, and never into the next byte.
fn are_allowed(eight: u64) -> bool {
    const fn each(byte: u8) -> u64 {
        u64::from_le_bytes([byte; 8])
    }
    let low = eight & each(0x7f);
    let is_at_least_0x21 = low.wrapping_add(each(0x80 - 0x21));
    let is_0x7f = low.wrapping_add(each(1));
    let is_another_than_0x23 = (low ^ each(b'#')).wrapping_add(each(0x7f));
    (is_at_least_0x21 & is_another_than_0x23 & !is_0x7f & !eight) & each(0x80) == each(0x80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_is_judged_alike_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            let is_good = (0x21..=0x7e).contains(&byte) && byte != b'#';
            for at in 0..19 {
                let mut raw = *b"query=up%20-%20down";
                raw[at] = byte;
                let expected =
                    if is_good { Ok(&raw[..]) } else { Err(TargetError::Byte { byte, at: at + 5 }) };
                assert_eq!(QueryString::parse(&raw, 5).map(QueryString::as_bytes), expected, "{byte} {at}");
            }
        }
    }
}
