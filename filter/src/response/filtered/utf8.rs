//! Characters beyond ASCII in texts. JSON must be UTF-8 (RFC 8259 §8.1). Other bytes could be read in two ways, so they
//! are refused.

use std::ops::RangeInclusive;

/// A character of which the first bytes have been read (RFC 3629 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Character {
    /// The number of bytes that are still to come.
    more: u8,
    /// The smallest and the largest byte that may come next.
    next: (u8, u8),
}

/// The bytes that may come second or later, if no rule says more.
const LATER: RangeInclusive<u8> = 0x80..=0xbf;

impl Character {
    /// Begins a character with its first byte. Returns `None` if no character of several bytes begins with it.
    pub(super) fn begin(byte: u8) -> Option<Self> {
        let (more, next) = match byte {
            0xc2..=0xdf => (1, LATER),
            // Shorter forms exist of what else would begin like this.
            0xe0 => (2, 0xa0..=0xbf),
            // Surrogates would begin like this.
            0xed => (2, 0x80..=0x9f),
            0xe1..=0xef => (2, LATER),
            0xf0 => (3, 0x90..=0xbf),
            0xf1..=0xf3 => (3, LATER),
            // There is nothing above U+10FFFF.
            0xf4 => (3, 0x80..=0x8f),
            _ => return None,
        };
        Some(Self { more, next: next.into_inner() })
    }

    /// Takes the next byte. Returns what is left of the character, `Some(None)` if it is complete, or `None` if the byte
    /// doesn't belong to it.
    pub(super) fn and(self, byte: u8) -> Option<Option<Self>> {
        if !(self.next.0..=self.next.1).contains(&byte) {
            return None;
        }
        let more = self.more.saturating_sub(1);
        Some((more > 0).then_some(Self { more, next: LATER.into_inner() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns `true` if these bytes are one character.
    fn is_character(bytes: &[u8]) -> bool {
        let [first, others @ ..] = bytes else { return false };
        let mut character = Character::begin(*first);
        for byte in others {
            match character.map(|character| character.and(*byte)) {
                Some(Some(more)) => character = more,
                _ => return false,
            }
        }
        Character::begin(*first).is_some() && character.is_none()
    }

    #[test]
    fn all_characters_and_nothing_else_are_read_as_the_standard_library_reads_them() {
        const EDGES: [u8; 12] = [0, 0x22, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xed, 0xff];
        for first in 0x80..=u8::MAX {
            for second in 0..=u8::MAX {
                assert_same(&[first, second]);
                for third in EDGES {
                    assert_same(&[first, second, third]);
                    for fourth in EDGES {
                        assert_same(&[first, second, third, fourth]);
                    }
                }
            }
        }
    }

    #[track_caller]
    fn assert_same(bytes: &[u8]) {
        let expected = std::str::from_utf8(bytes).is_ok_and(|text| text.chars().count() == 1);
        assert_eq!(is_character(bytes), expected, "{bytes:x?}");
    }
}
