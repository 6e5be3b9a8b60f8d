//! Texts, numbers and words of JSON (RFC 8259 §3, §6, §7), which may be cut anywhere by the end of a piece.

use super::error::FilterError;
use super::number::Number;
use super::plain::after_plain;
use super::utf8::Character;

/// The part of a token that has been read so far, by what may follow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A text, after its first quote or later.
    Text,
    /// A text, after a backslash.
    Escape,
    /// A text, within a character beyond ASCII.
    Character(Character),
    /// A text, with this number of hexadecimal digits still to come.
    Hex(u8),
    /// A number, as far as it is read.
    Number(Number),
    /// A word such as `null`, with this still to come.
    Word(&'static [u8]),
}

impl Token {
    /// Begins a token with its first byte. Returns `None` if none begins with it.
    pub(super) fn begin(byte: u8) -> Option<Self> {
        match byte {
            b'"' => Some(Self::Text),
            b'n' => Some(Self::Word(b"ull")),
            b't' => Some(Self::Word(b"rue")),
            b'f' => Some(Self::Word(b"alse")),
            _ => Number::begin(byte).map(Self::Number),
        }
    }

    /// Reads the rest of the token, and moves `rest` behind it. Returns `None` if the token is complete, or what is left
    /// of it for the next piece. A number ends before the first byte that is not part of it.
    pub(super) fn read(self, rest: &mut &[u8]) -> Result<Option<Self>, FilterError> {
        match self {
            Self::Text | Self::Escape | Self::Hex(_) | Self::Character(_) => self.read_text(rest),
            Self::Number(number) => Ok(number.read(rest)?.map(Self::Number)),
            Self::Word(word) => Self::read_word(word, rest),
        }
    }

    fn read_text(self, rest: &mut &[u8]) -> Result<Option<Self>, FilterError> {
        let mut token = self;
        loop {
            if token == Self::Text {
                *rest = after_plain(rest);
            }
            let [byte, after @ ..] = *rest else { return Ok(Some(token)) };
            *rest = after;
            token = match (token, byte) {
                (Self::Text, b'"') => return Ok(None),
                (Self::Text, b'\\') => Self::Escape,
                (Self::Text, _) => Self::Character(Character::begin(*byte).ok_or(FilterError::Malformed)?),
                (Self::Character(character), _) => {
                    let more = character.and(*byte).ok_or(FilterError::Malformed)?;
                    more.map_or(Self::Text, Self::Character)
                }
                (Self::Escape, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Self::Text,
                (Self::Escape, b'u') => Self::Hex(4),
                (Self::Hex(1), _) if byte.is_ascii_hexdigit() => Self::Text,
                (Self::Hex(more), _) if byte.is_ascii_hexdigit() => Self::Hex(more.saturating_sub(1)),
                _ => return Err(FilterError::Malformed),
            };
        }
    }

    fn read_word(word: &'static [u8], rest: &mut &[u8]) -> Result<Option<Self>, FilterError> {
        let mut word = word;
        loop {
            let [expected, others @ ..] = word else { return Ok(None) };
            let [byte, after @ ..] = *rest else { return Ok(Some(Self::Word(word))) };
            if byte != expected {
                return Err(FilterError::Malformed);
            }
            *rest = after;
            word = others;
        }
    }
}
