//! Reads the grammar of JSON (RFC 8259) from a stream, strictly and without recursion, and tells where values and keys
//! begin and end. What is inside a value is told only where the listener enters it; it is checked all the same.

use super::error::FilterError;
use super::number::Number;
use super::text;

/// How many objects and lists may stand in each other.
const MAX_DEPTH: u32 = 64;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// `{…}`
    Object,
    /// `[…]`
    List,
    /// `null`
    Null,
    /// A text, a number, `true` or `false`.
    Scalar,
}

/// What has just been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// The first byte of a value.
    Begins(Shape),
    /// A whole value; of a number, all but what follows it.
    Ends,
    /// The quote before a key.
    KeyBegins,
    /// The quote after it.
    KeyEnds,
}

/// What is read next.
#[derive(Clone, Copy, Debug)]
enum Expect {
    Value,
    /// A value or the end of an empty list.
    FirstValue,
    Key,
    /// A key or the end of an empty object.
    FirstKey,
    Colon,
    /// A comma or the end of the object or list.
    Comma,
    Text(Role),
    Escape(Role),
    /// So many more hexadecimal digits.
    Hex(u8, Role),
    Number(Number),
    /// The rest of `null`, `true` or `false`.
    Word(&'static [u8]),
    /// The one value is complete.
    Nothing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Key,
    Value,
}

/// The state between two pieces.
#[derive(Clone, Debug)]
pub(super) struct Scanner {
    expect: Expect,
    /// How many objects and lists are open.
    depth: u32,
    /// A bit for each open one, the innermost lowest: whether it is an object.
    objects: u64,
    /// Down to which depth it tells what it reads.
    told: u32,
}

impl Default for Scanner {
    fn default() -> Self {
        Self { expect: Expect::Value, depth: 0, objects: 0, told: 0 }
    }
}

impl Scanner {
    /// Reads on from `at` to the next thing to tell, and moves `at` behind it; none at the end of the piece.
    pub(super) fn next(&mut self, piece: &[u8], at: &mut usize) -> Result<Option<Event>, FilterError> {
        while let Some(rest) = piece.get(*at..).filter(|rest| !rest.is_empty()) {
            let depth = self.depth;
            let (length, event) = self.step(rest)?;
            *at = at.saturating_add(length);
            // An object or list begins and ends at the depth around it.
            if event.is_some() && depth.min(self.depth) <= self.told {
                self.told = self.told.min(self.depth);
                return Ok(event);
            }
        }
        Ok(None)
    }

    /// From here on, tells what is inside the object or list that has just begun.
    pub(super) fn enter(&mut self) {
        self.told = self.depth;
    }

    /// Whether the one value is complete.
    pub(super) fn is_complete(&self) -> bool {
        matches!(self.expect, Expect::Nothing)
    }

    /// Reads at least a byte, or the end of a number: how many bytes, and what they are.
    fn step(&mut self, rest: &[u8]) -> Result<(usize, Option<Event>), FilterError> {
        let Some(&byte) = rest.first() else { return Ok((0, None)) };
        let event = match self.expect {
            Expect::Text(role) => return self.text(rest, role),
            Expect::Escape(role) => self.escape(byte, role)?,
            Expect::Hex(more, role) => self.hex(byte, more, role)?,
            Expect::Word(word) => self.word(byte, word)?,
            Expect::Number(number) => match number.and(byte) {
                Some(number) => {
                    self.expect = Expect::Number(number);
                    None
                }
                None if number.is_whole() => return Ok((0, Some(self.value_ends()))),
                None => return Err(FilterError::Malformed),
            },
            _ if matches!(byte, b' ' | b'\t' | b'\n' | b'\r') => None,
            _ => self.structure(byte)?,
        };
        Ok((1, event))
    }

    fn structure(&mut self, byte: u8) -> Result<Option<Event>, FilterError> {
        let in_object = self.objects & 1 == 1;
        match (self.expect, byte) {
            (Expect::FirstValue, b']') => return self.close().map(Some),
            (Expect::Value | Expect::FirstValue, _) => return self.value(byte).map(Some),
            (Expect::FirstKey, b'}') => return self.close().map(Some),
            (Expect::Key | Expect::FirstKey, b'"') => {
                self.expect = Expect::Text(Role::Key);
                return Ok(Some(Event::KeyBegins));
            }
            (Expect::Colon, b':') => self.expect = Expect::Value,
            (Expect::Comma, b',') if in_object => self.expect = Expect::Key,
            (Expect::Comma, b',') => self.expect = Expect::Value,
            (Expect::Comma, b'}') if in_object => return self.close().map(Some),
            (Expect::Comma, b']') if !in_object => return self.close().map(Some),
            _ => return Err(FilterError::Malformed),
        }
        Ok(None)
    }

    fn value(&mut self, byte: u8) -> Result<Event, FilterError> {
        let (expect, shape) = match byte {
            b'{' => (self.open(Shape::Object)?, Shape::Object),
            b'[' => (self.open(Shape::List)?, Shape::List),
            b'"' => (Expect::Text(Role::Value), Shape::Scalar),
            b'n' => (Expect::Word(b"ull"), Shape::Null),
            b't' => (Expect::Word(b"rue"), Shape::Scalar),
            b'f' => (Expect::Word(b"alse"), Shape::Scalar),
            _ => (Expect::Number(Number::begin(byte).ok_or(FilterError::Malformed)?), Shape::Scalar),
        };
        self.expect = expect;
        Ok(Event::Begins(shape))
    }

    fn open(&mut self, shape: Shape) -> Result<Expect, FilterError> {
        if self.depth == MAX_DEPTH {
            return Err(FilterError::TooDeep);
        }
        self.depth = self.depth.saturating_add(1);
        self.objects = self.objects << 1 | u64::from(shape == Shape::Object);
        Ok(if shape == Shape::Object { Expect::FirstKey } else { Expect::FirstValue })
    }

    fn close(&mut self) -> Result<Event, FilterError> {
        self.depth = self.depth.checked_sub(1).ok_or(FilterError::Malformed)?;
        self.objects >>= 1;
        Ok(self.value_ends())
    }

    fn value_ends(&mut self) -> Event {
        self.expect = if self.depth == 0 { Expect::Nothing } else { Expect::Comma };
        Event::Ends
    }

    fn text(&mut self, rest: &[u8], role: Role) -> Result<(usize, Option<Event>), FilterError> {
        let plain = text::plain(rest);
        let event = match rest.get(plain) {
            None => return Ok((plain, None)),
            Some(b'"') if role == Role::Key => {
                self.expect = Expect::Colon;
                Some(Event::KeyEnds)
            }
            Some(b'"') => Some(self.value_ends()),
            Some(b'\\') => {
                self.expect = Expect::Escape(role);
                None
            }
            Some(_) => return Err(FilterError::Malformed),
        };
        Ok((plain.saturating_add(1), event))
    }

    fn escape(&mut self, byte: u8, role: Role) -> Result<Option<Event>, FilterError> {
        self.expect = match byte {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Expect::Text(role),
            b'u' => Expect::Hex(4, role),
            _ => return Err(FilterError::Malformed),
        };
        Ok(None)
    }

    fn hex(&mut self, byte: u8, more: u8, role: Role) -> Result<Option<Event>, FilterError> {
        self.expect = match more.saturating_sub(1) {
            _ if !byte.is_ascii_hexdigit() => return Err(FilterError::Malformed),
            0 => Expect::Text(role),
            more => Expect::Hex(more, role),
        };
        Ok(None)
    }

    fn word(&mut self, byte: u8, word: &'static [u8]) -> Result<Option<Event>, FilterError> {
        match word.split_first() {
            Some((&first, rest)) if first == byte => {
                self.expect = Expect::Word(rest);
                Ok(rest.is_empty().then(|| self.value_ends()))
            }
            _ => Err(FilterError::Malformed),
        }
    }
}
