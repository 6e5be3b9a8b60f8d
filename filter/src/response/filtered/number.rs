//! The grammar of numbers in JSON (RFC 8259 §6), as a machine of states.

use super::error::FilterError;

/// The part of a number that has been read so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    /// A sign, as in `-`.
    Minus,
    /// A leading `0`, which no digit may follow.
    Zero,
    /// Digits before any point, as in `12`.
    Integer,
    /// A point without digits after it, as in `12.`.
    Point,
    /// Digits after the point, as in `12.5`.
    Fraction,
    /// An `e` without digits after it, as in `12e`.
    Exponent,
    /// A sign of the exponent, as in `12e-`.
    Sign,
    /// Digits of the exponent, as in `12e-3`.
    Power,
}

impl Number {
    /// Begins a number with its first byte. Returns `None` if no number begins with it.
    pub(super) fn begin(byte: u8) -> Option<Self> {
        match byte {
            b'-' => Some(Self::Minus),
            b'0' => Some(Self::Zero),
            b'1'..=b'9' => Some(Self::Integer),
            _ => None,
        }
    }

    /// Reads the rest of the number, and moves `rest` before the first byte that is not part of it. Returns `None` if the
    /// number is complete, or the part that has been read if the next piece may go on with it.
    pub(super) fn read(self, rest: &mut &[u8]) -> Result<Option<Self>, FilterError> {
        let mut number = self;
        loop {
            if matches!(number, Self::Integer | Self::Fraction | Self::Power) {
                while let [b'0'..=b'9', after @ ..] = *rest {
                    *rest = after;
                }
            }
            let [byte, after @ ..] = *rest else { return Ok(Some(number)) };
            number = match (number, byte) {
                (Self::Minus, b'0') => Self::Zero,
                (Self::Minus, b'1'..=b'9') => Self::Integer,
                (Self::Zero | Self::Integer, b'.') => Self::Point,
                (Self::Point, b'0'..=b'9') => Self::Fraction,
                (Self::Zero | Self::Integer | Self::Fraction, b'e' | b'E') => Self::Exponent,
                (Self::Exponent, b'+' | b'-') => Self::Sign,
                (Self::Exponent | Self::Sign, b'0'..=b'9') => Self::Power,
                (Self::Zero | Self::Integer | Self::Fraction | Self::Power, _) => return Ok(None),
                _ => return Err(FilterError::Malformed),
            };
            *rest = after;
        }
    }
}
