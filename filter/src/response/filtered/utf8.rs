//! Checks that an answer is UTF-8, as JSON must be (RFC 8259 §8.1). Other bytes could be read in two ways, so they are
//! refused anywhere, before anything else reads a piece.

use super::error::FilterError;
use std::str;

/// A check of a stream whose pieces may end within a character.
#[derive(Clone, Debug, Default)]
pub(super) struct Utf8 {
    /// The bytes of a character that is not complete yet: at most three.
    begun: Vec<u8>,
}

impl Utf8 {
    /// Checks the next piece. A character that is still incomplete at the end of the answer is left to the scanner: it
    /// stands outside any text, or in a text without an end.
    pub(super) fn check(&mut self, piece: &[u8]) -> Result<(), FilterError> {
        if self.begun.is_empty() && piece.is_ascii() {
            return Ok(());
        }
        let mut rest = piece;
        while !self.begun.is_empty() {
            let Some((&byte, others)) = rest.split_first() else { return Ok(()) };
            rest = others;
            self.begun.push(byte);
            match str::from_utf8(&self.begun) {
                Ok(_) => self.begun.clear(),
                Err(error) if error.error_len().is_some() => return Err(FilterError::Malformed),
                Err(_) => {}
            }
        }
        let Err(error) = str::from_utf8(rest) else { return Ok(()) };
        if error.error_len().is_some() {
            return Err(FilterError::Malformed);
        }
        self.begun.extend(rest.get(error.valid_up_to()..).unwrap_or_default());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks this text in pieces of this length.
    fn check(text: &[u8], length: usize) -> Result<(), FilterError> {
        let mut utf8 = Utf8::default();
        text.chunks(length).try_for_each(|piece| utf8.check(piece))
    }

    #[test]
    fn a_character_may_be_cut_anywhere() {
        let text = "aß€😀\u{10ffff}z".as_bytes();
        for length in 1..=text.len() {
            assert_eq!(check(text, length), Ok(()));
        }
    }

    #[test]
    fn what_is_no_character_is_refused_however_it_is_cut() {
        for text in [&b"a\xff"[..], b"\xc0\xa2", b"\xed\xa0\x80", b"\xe2\x82a", b"\xf4\x90\x80\x80", b"\x80"]
        {
            for length in 1..=text.len() {
                assert_eq!(check(text, length), Err(FilterError::Malformed), "{text:?}");
            }
        }
    }
}
