//! Reads the grammar of JSON (RFC 8259) from a stream, strictly and without recursion, and reports where values and
//! keys begin and end. The inside of a value is always checked, but reported only if the listener enters it.

use super::cursor::Cursor;
use super::error::FilterError;
use super::event::{Event, Shape};
use super::number::Number;
use super::text;

/// The largest number of objects and lists that may be nested.
const MAX_DEPTH: u32 = 64;

/// The element of the grammar that is expected next.
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
    /// The number of hexadecimal digits that are still to come.
    Hex(u8, Role),
    Number(Number),
    /// The rest of `null`, `true` or `false`.
    Word(&'static [u8]),
    /// Nothing but white space, because the one value is complete.
    Nothing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Key,
    Value,
}

/// The state of the scanner between two pieces.
#[derive(Clone, Debug)]
pub(super) struct Scanner {
    expect: Expect,
    /// The number of open objects and lists.
    depth: u32,
    /// A bit for each open object or list, the innermost lowest. It is set for an object.
    objects: u64,
    /// The depth inside the innermost object or list that was entered.
    entered: u32,
    /// The depth down to which events are reported: `entered`, or one less while a value is skipped.
    told: u32,
}

impl Default for Scanner {
    fn default() -> Self {
        Self { expect: Expect::Value, depth: 0, objects: 0, entered: 0, told: 0 }
    }
}

impl Scanner {
    /// Reads on to the next event and moves the cursor behind it. Returns `None` at the end of the piece. A whole key
    /// without escapes is reported if its name matters; otherwise it is skipped together with its value.
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

    /// Enters the object or list that has just begun, so that its inside is reported.
    pub(super) fn enter(&mut self) {
        self.entered = self.depth;
        self.told = self.depth;
    }

    /// Skips the value whose key has just been read, so that none of it is reported.
    pub(super) fn pass(&mut self) {
        self.told = self.entered.saturating_sub(1);
    }

    /// Returns `true` if the one value is complete.
    pub(super) fn is_complete(&self) -> bool {
        matches!(self.expect, Expect::Nothing)
    }

    /// Returns the rest of a text that has begun, or of one that begins here, after its quote.
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

    /// Reads the rest of a text, and the texts that follow it in a run.
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

    /// Skips plain texts that need not be reported and have only a comma or a colon between them. Returns the role of
    /// the last one, and the bytes after its plain part.
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

    /// Reads the rest of a number, or one byte of anything else.
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

    /// Returns the role of a text that follows a comma.
    fn role(&self) -> Role {
        if self.objects & 1 == 1 { Role::Key } else { Role::Value }
    }

    /// Returns the event if events at this depth are reported.
    fn tell<'a>(&self, event: Event<'a>) -> Option<Event<'a>> {
        self.tells().then_some(event)
    }

    fn tells(&self) -> bool {
        self.depth <= self.told
    }

    /// Reads a key that may have to be reported.
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
        // The beginning of an object or list is reported at the depth outside it.
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
        // The end of the value that was entered or skipped.
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
