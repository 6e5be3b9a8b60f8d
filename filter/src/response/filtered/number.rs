//! The grammar of numbers in JSON (RFC 8259 §6), checked a byte at a time.

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

    /// Returns the state after one more byte, or `None` if the byte doesn't belong to the number.
    pub(super) fn and(self, byte: u8) -> Option<Self> {
        match (self, byte) {
            (Self::Minus, b'0') => Some(Self::Zero),
            (Self::Minus, b'1'..=b'9') | (Self::Integer, b'0'..=b'9') => Some(Self::Integer),
            (Self::Zero | Self::Integer, b'.') => Some(Self::Point),
            (Self::Point | Self::Fraction, b'0'..=b'9') => Some(Self::Fraction),
            (Self::Zero | Self::Integer | Self::Fraction, b'e' | b'E') => Some(Self::Exponent),
            (Self::Exponent, b'+' | b'-') => Some(Self::Sign),
            (Self::Exponent | Self::Sign | Self::Power, b'0'..=b'9') => Some(Self::Power),
            _ => None,
        }
    }

    /// Returns `true` if the number may end here.
    pub(super) fn is_whole(self) -> bool {
        matches!(self, Self::Zero | Self::Integer | Self::Fraction | Self::Power)
    }
}
