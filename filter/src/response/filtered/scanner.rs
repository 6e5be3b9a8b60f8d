//! Reads the grammar of JSON (RFC 8259) from a stream, strictly and without recursion, and tells where values and keys
//! begin and end. What is inside a value is told only where the listener enters it; it is checked all the same.

use super::cursor::Cursor;
use super::error::FilterError;
use super::event::{Event, Shape};
use super::number::Number;
use super::text;

/// How many objects and lists may stand in each other.
const MAX_DEPTH: u32 = 64;

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
    /// The depth inside the innermost one that was entered.
    entered: u32,
    /// Down to which depth it tells what it reads: that, or one less while a value is passed.
    told: u32,
}

impl Default for Scanner {
    fn default() -> Self {
        Self { expect: Expect::Value, depth: 0, objects: 0, entered: 0, told: 0 }
    }
}

impl Scanner {
    /// Reads on to the next thing to tell, and moves the cursor behind it; none at the end of the piece. A whole key
    /// without escapes is told with its value if its name matters, and else passed.
    pub(super) fn next<'a>(
        &mut self,
        cursor: &mut Cursor<'a>,
        matters: impl Fn(&[u8]) -> bool,
    ) -> Result<Option<Event<'a>>, FilterError> {
        let mut rest = cursor.rest();
        let mut event = None;
        while event.is_none() && !rest.is_empty() {
            let is_told = self.tells() && !matches!(self.expect, Expect::Text(_));
            event = match self.text_in(rest) {
                Some((role, text)) if !is_told => self.text(role, text, &mut rest)?,
                Some((Role::Key, key)) => self.key(key, &mut rest, &matters),
                _ => self.step(&mut rest)?,
            };
        }
        cursor.move_before(rest);
        Ok(event)
    }

    /// From here on, tells what is inside the object or list that has just begun.
    pub(super) fn enter(&mut self) {
        self.entered = self.depth;
        self.told = self.depth;
    }

    /// Tells nothing of the value whose key has just been read.
    pub(super) fn pass(&mut self) {
        self.told = self.entered.saturating_sub(1);
    }

    /// Whether the one value is complete.
    pub(super) fn is_complete(&self) -> bool {
        matches!(self.expect, Expect::Nothing)
    }

    /// What is still to come of a text, or what begins one, behind its quote.
    #[inline]
    fn text_in<'a>(&self, rest: &'a [u8]) -> Option<(Role, &'a [u8])> {
        match (self.expect, rest) {
            (Expect::Text(role), _) => Some((role, rest)),
            (Expect::FirstKey | Expect::Key, [b'"', text @ ..]) => Some((Role::Key, text)),
            (Expect::FirstValue | Expect::Value, [b'"', text @ ..]) => Some((Role::Value, text)),
            (Expect::Colon, [b':', b'"', text @ ..]) => Some((Role::Value, text)),
            (Expect::Comma, [b',', b'"', text @ ..]) => Some((self.role(), text)),
            _ => None,
        }
    }

    /// Reads the rest of a text and those that follow it in a run.
    fn text<'a>(
        &mut self,
        role: Role,
        text: &'a [u8],
        rest: &mut &'a [u8],
    ) -> Result<Option<Event<'a>>, FilterError> {
        let (role, text) = self.run(role, text);
        let Some((end, after)) = text.split_first() else {
            *rest = text;
            self.expect = Expect::Text(role);
            return Ok(None);
        };
        *rest = after;
        match (end, role) {
            (b'"', Role::Value) => Ok(self.value_ends()),
            (b'"', Role::Key) => {
                self.expect = Expect::Colon;
                Ok(self.tell(Event::KeyEnds))
            }
            (b'\\', _) => {
                self.expect = Expect::Escape(role);
                Ok(None)
            }
            _ => Err(FilterError::Malformed),
        }
    }

    /// Goes on through plain texts of which there is nothing to tell, with just a comma or a colon between them. Gives the
    /// last one: what it is, and what follows its plain part.
    fn run<'a>(&self, mut role: Role, mut text: &'a [u8]) -> (Role, &'a [u8]) {
        let next = self.role();
        let is_inside = self.depth > self.entered;
        loop {
            text = text::after_plain(text);
            (role, text) = match (role, text) {
                (Role::Key, [b'"', b':', b'"', value @ ..]) if is_inside => (Role::Value, value),
                (Role::Value, [b'"', b',', b'"', text @ ..]) if is_inside => (next, text),
                _ => return (role, text),
            };
        }
    }

    /// Reads what comes of a number, or a byte of anything else.
    fn step<'a>(&mut self, rest: &mut &'a [u8]) -> Result<Option<Event<'a>>, FilterError> {
        if let Expect::Number(number) = self.expect {
            return self.number(number, rest);
        }
        let Some((&byte, after)) = rest.split_first() else { return Ok(None) };
        *rest = after;
        match self.expect {
            Expect::Escape(role) => self.escape(byte, role),
            Expect::Hex(more, role) => self.hex(byte, more, role),
            Expect::Word(word) => self.word(byte, word),
            _ => self.structure(byte),
        }
    }

    /// What a text that follows a comma is.
    fn role(&self) -> Role {
        if self.objects & 1 == 1 { Role::Key } else { Role::Value }
    }

    /// What is told of an event at this depth.
    fn tell<'a>(&self, event: Event<'a>) -> Option<Event<'a>> {
        self.tells().then_some(event)
    }

    fn tells(&self) -> bool {
        self.depth <= self.told
    }

    /// Reads a key that may be told.
    fn key<'a>(
        &mut self,
        key: &'a [u8],
        rest: &mut &'a [u8],
        matters: &impl Fn(&[u8]) -> bool,
    ) -> Option<Event<'a>> {
        let (name, [b'"', after @ ..]) = text::split_plain(key) else {
            *rest = key;
            self.expect = Expect::Text(Role::Key);
            return Some(Event::KeyBegins);
        };
        *rest = after;
        self.expect = Expect::Colon;
        if matters(name) {
            return Some(Event::Key(name));
        }
        self.pass();
        None
    }

    fn number<'a>(
        &mut self,
        mut number: Number,
        rest: &mut &'a [u8],
    ) -> Result<Option<Event<'a>>, FilterError> {
        while let [byte, after @ ..] = *rest {
            match number.and(*byte) {
                Some(more) => number = more,
                None if number.is_whole() => return Ok(self.value_ends()),
                None => return Err(FilterError::Malformed),
            }
            *rest = after;
        }
        self.expect = Expect::Number(number);
        Ok(None)
    }

    fn structure<'a>(&mut self, byte: u8) -> Result<Option<Event<'a>>, FilterError> {
        match (self.expect, byte) {
            (_, b' ' | b'\t' | b'\n' | b'\r') => return Ok(None),
            (Expect::Colon, b':') => self.expect = Expect::Value,
            (Expect::Comma, b',') => {
                self.expect = if self.role() == Role::Key { Expect::Key } else { Expect::Value };
            }
            (Expect::FirstValue, b']') | (Expect::FirstKey, b'}') => return self.close(),
            (Expect::FirstValue | Expect::Value, _) => return self.value(byte),
            (Expect::Comma, b'}') if self.role() == Role::Key => return self.close(),
            (Expect::Comma, b']') if self.role() == Role::Value => return self.close(),
            _ => return Err(FilterError::Malformed),
        }
        Ok(None)
    }

    fn value<'a>(&mut self, byte: u8) -> Result<Option<Event<'a>>, FilterError> {
        let shape = match byte {
            b'{' => Shape::Object,
            b'[' => Shape::List,
            b'n' => Shape::Null,
            _ => Shape::Scalar,
        };
        // An object or list begins at the depth around it.
        let event = self.tell(Event::Begins(shape));
        self.expect = match byte {
            b'"' => Expect::Text(Role::Value),
            b'{' | b'[' => self.open(shape)?,
            b'n' => Expect::Word(b"ull"),
            b't' => Expect::Word(b"rue"),
            b'f' => Expect::Word(b"alse"),
            _ => Expect::Number(Number::begin(byte).ok_or(FilterError::Malformed)?),
        };
        Ok(event)
    }

    fn open(&mut self, shape: Shape) -> Result<Expect, FilterError> {
        if self.depth == MAX_DEPTH {
            return Err(FilterError::TooDeep);
        }
        self.depth = self.depth.saturating_add(1);
        self.objects = self.objects << 1 | u64::from(shape == Shape::Object);
        Ok(if shape == Shape::Object { Expect::FirstKey } else { Expect::FirstValue })
    }

    fn close<'a>(&mut self) -> Result<Option<Event<'a>>, FilterError> {
        self.depth = self.depth.checked_sub(1).ok_or(FilterError::Malformed)?;
        self.objects >>= 1;
        Ok(self.value_ends())
    }

    fn value_ends<'a>(&mut self) -> Option<Event<'a>> {
        self.expect = if self.depth == 0 { Expect::Nothing } else { Expect::Comma };
        let event = self.tell(Event::Ends);
        // What was entered has ended, or what was passed.
        if self.depth <= self.entered {
            self.enter();
        }
        event
    }

    fn escape<'a>(&mut self, byte: u8, role: Role) -> Result<Option<Event<'a>>, FilterError> {
        self.expect = match byte {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Expect::Text(role),
            b'u' => Expect::Hex(4, role),
            _ => return Err(FilterError::Malformed),
        };
        Ok(None)
    }

    fn hex<'a>(&mut self, byte: u8, more: u8, role: Role) -> Result<Option<Event<'a>>, FilterError> {
        self.expect = match more.saturating_sub(1) {
            _ if !byte.is_ascii_hexdigit() => return Err(FilterError::Malformed),
            0 => Expect::Text(role),
            more => Expect::Hex(more, role),
        };
        Ok(None)
    }

    fn word<'a>(&mut self, byte: u8, word: &'static [u8]) -> Result<Option<Event<'a>>, FilterError> {
        match word.split_first() {
            Some((&first, rest)) if first == byte => {
                self.expect = Expect::Word(rest);
                Ok(if rest.is_empty() { self.value_ends() } else { None })
            }
            _ => Err(FilterError::Malformed),
        }
    }
}
