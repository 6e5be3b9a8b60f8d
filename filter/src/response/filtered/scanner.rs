//! Reads the grammar of JSON (RFC 8259) from a stream, strictly and without recursion, and reports where values and
//! keys begin and end. The inside of a value is always checked, but reported only if the listener enters it.

use super::cursor::Cursor;
use super::error::FilterError;
use super::event::{Event, Shape};
use super::layout::Names;
use super::nesting::Nesting;
use super::plain;
use super::token::Token;
use super::whole;

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
    /// The rest of a key or of a value.
    Rest(Role, Token),
    /// Nothing but white space, because the one value is complete.
    Nothing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Key,
    Value,
}

/// An event, if one has to be reported.
type Told<'a> = Result<Option<Event<'a>>, FilterError>;

/// The state of the scanner between two pieces.
#[derive(Clone, Debug)]
pub(super) struct Scanner {
    expect: Expect,
    nesting: Nesting,
    /// The depth inside the innermost object or list that was entered.
    entered: u32,
    /// The depth down to which events are reported: `entered`, or one less while a value is skipped.
    told: u32,
}

impl Default for Scanner {
    fn default() -> Self {
        Self { expect: Expect::Value, nesting: Nesting::default(), entered: 0, told: 0 }
    }
}

impl Scanner {
    /// Reads on to the next event and moves the cursor behind it. Returns `None` at the end of the piece. A whole key
    /// without escapes is reported if it is one of the inside; otherwise it is skipped together with its value.
    pub(super) fn next<'a>(&mut self, cursor: &mut Cursor<'a>, names: &Names) -> Told<'a> {
        let mut rest = cursor.rest();
        let mut event = None;
        while event.is_none() && !rest.is_empty() {
            event = self.step(&mut rest, names)?;
        }
        *cursor = cursor.before(rest);
        Ok(event)
    }

    /// Enters the object or list that has just begun, so that its inside is reported.
    pub(super) fn enter(&mut self) {
        self.entered = self.nesting.depth();
        self.told = self.entered;
    }

    /// Skips the value whose key has just been read, so that none of it is reported.
    pub(super) fn pass(&mut self) {
        self.told = self.entered.saturating_sub(1);
    }

    /// Goes on behind the value that has just begun, or whose key has just been read: its listener has read it.
    pub(super) fn go_behind(&mut self) -> Result<(), FilterError> {
        if self.nesting.depth() > self.entered {
            self.nesting = self.nesting.closed()?;
        }
        self.expect = Expect::Comma;
        Ok(())
    }

    /// Returns `true` if the one value is complete.
    pub(super) fn is_complete(&self) -> bool {
        matches!(self.expect, Expect::Nothing)
    }

    /// Reads the element that is expected, with a comma or colon before it.
    #[inline]
    fn step<'a>(&mut self, rest: &mut &'a [u8], names: &Names) -> Told<'a> {
        match (self.expect, *rest) {
            (Expect::Rest(role, token), _) => return self.rest(role, token, rest),
            (Expect::Comma, [b',', after @ ..]) => {
                *rest = after;
                self.expect = if self.nesting.is_object() { Expect::Key } else { Expect::Value };
            }
            (Expect::Colon, [b':', after @ ..]) => {
                *rest = after;
                self.expect = Expect::Value;
            }
            _ => {}
        }
        let [byte, after @ ..] = *rest else { return Ok(None) };
        match (self.expect, byte) {
            (_, b' ' | b'\t' | b'\n' | b'\r') => {
                *rest = after;
                Ok(None)
            }
            (Expect::Key | Expect::FirstKey, b'"') => Ok(self.fields(after, rest, names)),
            (Expect::FirstKey, b'}') | (Expect::FirstValue, b']') => self.close(after, rest),
            (Expect::Comma, b'}') if self.nesting.is_object() => self.close(after, rest),
            (Expect::Comma, b']') if !self.nesting.is_object() => self.close(after, rest),
            (Expect::Value | Expect::FirstValue, _) => self.value(rest),
            _ => Err(FilterError::Malformed),
        }
    }

    /// Reads fields, from after the quote of a key, up to one that matters or that isn't whole.
    #[inline]
    fn fields<'a>(&mut self, mut key: &'a [u8], rest: &mut &'a [u8], names: &Names) -> Option<Event<'a>> {
        let tells = self.tells();
        loop {
            let Some((name, after)) = plain::split_before(key, b"\"") else {
                *rest = key;
                self.expect = Expect::Rest(Role::Key, Token::Text);
                return tells.then_some(Event::KeyBegins);
            };
            *rest = after;
            self.expect = Expect::Colon;
            if tells && names.may_have(name) {
                return Some(Event::Key(name));
            }
            let Some(after) =
                after.strip_prefix(b":").and_then(|value| whole::after_value(value, self.nesting))
            else {
                break;
            };
            let [b',', b'"', next @ ..] = after else {
                *rest = after;
                self.expect = Expect::Comma;
                return None;
            };
            key = next;
        }
        if tells {
            self.pass();
        }
        None
    }

    /// Reads the beginning of a value, or all of it if it isn't reported.
    #[inline]
    fn value<'a>(&mut self, rest: &mut &'a [u8]) -> Told<'a> {
        let [byte, after @ ..] = *rest else { return Ok(None) };
        if !self.tells()
            && let Some(after) = whole::after_value(rest, self.nesting)
        {
            *rest = after;
            return Ok(self.ends());
        }
        *rest = after;
        let shape = match byte {
            b'{' => return self.opens(Shape::Object, Expect::FirstKey),
            b'[' => return self.opens(Shape::List, Expect::FirstValue),
            b'n' => Shape::Null,
            _ => Shape::Scalar,
        };
        let token = Token::begin(*byte).ok_or(FilterError::Malformed)?;
        self.expect = Expect::Rest(Role::Value, token);
        Ok(self.tell(Event::Begins(shape)))
    }

    /// Handles the beginning of an object or list, which is reported at the depth outside it.
    #[inline]
    fn opens<'a>(&mut self, shape: Shape, inside: Expect) -> Told<'a> {
        let event = self.tell(Event::Begins(shape));
        self.nesting = self.nesting.opened(shape)?;
        self.expect = inside;
        Ok(event)
    }

    /// Reads the rest of a key or value.
    #[inline(never)]
    fn rest<'a>(&mut self, role: Role, token: Token, rest: &mut &'a [u8]) -> Told<'a> {
        if let Some(token) = token.read(rest)? {
            self.expect = Expect::Rest(role, token);
            return Ok(None);
        }
        if role == Role::Value {
            return Ok(self.ends());
        }
        self.expect = Expect::Colon;
        Ok(self.tell(Event::KeyEnds))
    }

    fn close<'a>(&mut self, after: &'a [u8], rest: &mut &'a [u8]) -> Told<'a> {
        *rest = after;
        self.nesting = self.nesting.closed()?;
        Ok(self.ends())
    }

    /// Handles the end of a value.
    #[inline]
    fn ends<'a>(&mut self) -> Option<Event<'a>> {
        let event = self.tell(Event::Ends);
        let depth = self.nesting.depth();
        // The end of the value that was entered or skipped.
        if depth <= self.entered {
            self.enter();
        }
        self.expect = if depth == 0 { Expect::Nothing } else { Expect::Comma };
        event
    }

    /// Returns the event if events at this depth are reported.
    #[inline]
    fn tell<'a>(&self, event: Event<'a>) -> Option<Event<'a>> {
        self.tells().then_some(event)
    }

    fn tells(&self) -> bool {
        self.nesting.depth() <= self.told
    }
}
