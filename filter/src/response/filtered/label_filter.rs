//! Decides what stays of an answer. The scanner's events come in; the values that may go on are copied to the output,
//! and those that are not decided yet are held back.

use super::cursor::Cursor;
use super::error::FilterError;
use super::event::Shape;
use super::labels;
use super::layout::{self, Fields, JsonPath};
use super::output::{Bytes, Output};
use super::text::Text;
use crate::api::listing::Listing;
use crate::enforce::restriction::Restriction;
use std::rc::Rc;

/// The longest text that is held back for one decision, in bytes. Such a text is a rule, an alert, a target, the fields
/// of a group before its first rule, or everything between the token and the first group.
const MAX_HELD: usize = 1 << 20;

/// The longest key where keys matter, in bytes as written.
const MAX_KEY: usize = 4_096;

/// The longest key without its quotes.
const MAX_NAME: usize = MAX_KEY - 2;

/// The decision to read the inside of a value or not, made when it begins or when its key has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The parts of the value matter.
    Inside,
    /// The value is taken as a whole.
    Past,
}

/// A value whose end is still to come.
#[derive(Clone, Debug)]
struct Open {
    path: JsonPath,
    /// The position at which the value begins, with its comma. For `data`, the position at which the token begins.
    start: usize,
    /// The fields that the value has had so far.
    fields: Fields,
    /// True if something in it stays: its labels satisfy the restriction, or one of its parts was kept.
    kept: bool,
    /// True once its labels have been judged.
    judged: bool,
    /// The length of the token and its key, as long as it is not decided if they stay.
    token: Option<usize>,
}

impl Open {
    /// Returns the path of the field with this name, and remembers that the value has it.
    #[inline]
    fn field(&mut self, name: &[u8]) -> Result<JsonPath, FilterError> {
        let (field, path) = self.path.field(name);
        if field != Fields::OTHER && self.fields.has(field) {
            return Err(FilterError::Twice);
        }
        self.fields.add(field);
        Ok(path)
    }

    /// Returns `true` if the text from its start on is held back.
    fn holds(&self) -> bool {
        self.path.is_judged() || (!self.kept && (self.path.is_held() || self.token.is_some()))
    }
}

/// The state of the filter between two pieces.
#[derive(Clone, Debug)]
pub(super) struct LabelFilter {
    listing: Listing,
    restriction: Rc<Restriction>,
    /// The values that were entered, and the one that is being skipped, the innermost last.
    open: Vec<Open>,
    /// The position at which the current key begins, with its comma.
    key: Option<usize>,
    /// The path of the value after a key.
    field: Option<JsonPath>,
    /// The bytes that may go on, followed by those that are held back.
    output: Output,
}

impl LabelFilter {
    pub(super) fn new(listing: Listing, restriction: Rc<Restriction>) -> Self {
        Self { listing, restriction, open: Vec::new(), key: None, field: None, output: Output::default() }
    }

    /// Handles the first byte of a value, which is the one before `here`.
    pub(super) fn begins(&mut self, here: Cursor<'_>, shape: Shape) -> Result<Next, FilterError> {
        let first = here.back(1);
        let path = self.path(shape)?;
        if path.is_held() {
            self.check_held(first)?;
        }
        self.output.turn(first, Bytes::Copied);
        let start = self.output.position(first);
        if self.open.last().is_some_and(|list| list.kept && list.path.element().is_some()) {
            self.output.write(b",");
        }
        self.open.push(Open {
            path,
            start,
            fields: Fields::default(),
            kept: false,
            judged: false,
            token: None,
        });
        if path.replaced().is_some() {
            self.output.turn(first, Bytes::Dropped);
        } else if path.is_cut() {
            self.output.turn(here, Bytes::Dropped);
        }
        Ok(if path.is_entered() { Next::Inside } else { Next::Past })
    }

    /// Handles the last byte of a value, which is the one before `here`.
    pub(super) fn ends(&mut self, here: Cursor<'_>) -> Result<(), FilterError> {
        if self.is_cut() {
            self.output.turn(here.back(1), Bytes::Copied);
        }
        let value = self.open.pop().ok_or(FilterError::Malformed)?;
        self.check_length(&value, here)?;
        match value.path {
            JsonPath::Labels => self.judge(&value, here)?,
            JsonPath::Token => self.token_ends(here),
            JsonPath::Data if !value.fields.has(layout::list(self.listing)) => {
                return Err(FilterError::Shape);
            }
            JsonPath::Data => self.cut_token(&value, here),
            JsonPath::Group | JsonPath::Rule | JsonPath::One => self.keep_or_cut(&value, here),
            path => self.output.write(path.replaced().unwrap_or_default()),
        }
        self.output.turn(here, if self.is_cut() { Bytes::Dropped } else { Bytes::Copied });
        Ok(())
    }

    /// Returns `true` if a field with this name has to be looked at. Names that are too long for a key are among these,
    /// since they are refused.
    pub(super) fn matters(&self, name: &[u8]) -> bool {
        let is_other = |object: &Open| object.path.field(name) == (Fields::OTHER, JsonPath::Other);
        name.len() > MAX_NAME || !self.open.last().is_some_and(is_other)
    }

    /// Handles the quote before a key, which is the byte before `here`.
    pub(super) fn key_begins(&mut self, here: Cursor<'_>) {
        let first = here.back(1);
        self.output.turn(first, Bytes::Copied);
        self.key = Some(self.output.position(first));
        if self.open.last().is_some_and(|object| object.path == JsonPath::Data && !object.fields.is_empty()) {
            self.output.write(b",");
        }
    }

    /// Handles the quote after a key, which is the byte before `here`.
    pub(super) fn key_ends(&mut self, here: Cursor<'_>) -> Result<Next, FilterError> {
        let start = self.key.take().ok_or(FilterError::Malformed)?;
        let key = self.output.since(start, here);
        if key.len() > MAX_KEY {
            return Err(FilterError::TooLong);
        }
        let (name, _) = Text::split(key.strip_prefix(b",").unwrap_or(&key)).ok_or(FilterError::Malformed)?;
        let object = self.open.last_mut().ok_or(FilterError::Malformed)?;
        let path = object.field(name.decoded()?.as_bytes())?;
        if path == JsonPath::Token && !object.kept {
            object.token = Some(0);
            object.start = start;
        }
        Ok(self.announce(path))
    }

    /// Handles a whole key without escapes. The quote after it is the byte before `here`.
    pub(super) fn key(&mut self, here: Cursor<'_>, name: &[u8]) -> Result<Next, FilterError> {
        match self.open.last_mut() {
            Some(object) if object.path != JsonPath::Data => {
                if name.len() > MAX_NAME {
                    return Err(FilterError::TooLong);
                }
                let path = object.field(name)?;
                Ok(self.announce(path))
            }
            _ => {
                self.key_begins(here.back(name.len().saturating_add(1)));
                self.key_ends(here)
            }
        }
    }

    /// Remembers the path of the value that follows. A value that doesn't matter is skipped.
    fn announce(&mut self, path: JsonPath) -> Next {
        if path == JsonPath::Other {
            return Next::Past;
        }
        self.field = Some(path);
        Next::Inside
    }

    /// Handles the end of a piece.
    pub(super) fn piece_ends(&mut self, here: Cursor<'_>) -> Result<(), FilterError> {
        self.check_held(here)?;
        if self.key.is_some_and(|start| self.output.position(here).saturating_sub(start) > MAX_KEY) {
            return Err(FilterError::TooLong);
        }
        self.output.piece_ends(here);
        Ok(())
    }

    /// Returns the bytes that may go on by now.
    pub(super) fn release(&mut self) -> Vec<u8> {
        let held = self.open.iter().find(|value| value.holds()).map(|value| value.start);
        let length = held.or(self.key).unwrap_or(self.output.len());
        for value in &mut self.open {
            value.start = value.start.saturating_sub(length);
        }
        self.key = self.key.map(|start| start.saturating_sub(length));
        self.output.release(length)
    }

    /// Returns `true` if parts of the innermost open value may be cut out.
    fn is_cut(&self) -> bool {
        self.open.last().is_some_and(|value| value.path.is_cut())
    }

    /// Checks that the text that is held back up to `here` isn't too long. A value that begins there and is held back
    /// itself is counted on its own.
    fn check_held(&self, here: Cursor<'_>) -> Result<(), FilterError> {
        let holding = self.open.iter().rev().find(|value| value.holds());
        holding.map_or(Ok(()), |value| self.check_length(value, here))
    }

    /// Checks that the text of one value isn't too long, if it is held back.
    fn check_length(&self, value: &Open, here: Cursor<'_>) -> Result<(), FilterError> {
        if value.holds() && self.output.position(here).saturating_sub(value.start) > MAX_HELD {
            return Err(FilterError::TooLong);
        }
        Ok(())
    }

    /// Returns the path of a value that begins.
    fn path(&mut self, shape: Shape) -> Result<JsonPath, FilterError> {
        let path = match (self.field.take(), self.open.last()) {
            (Some(field), _) => field.of_shape(shape),
            (None, None) => JsonPath::Answer,
            (None, Some(list)) => list.path.element().ok_or(FilterError::Malformed)?,
        };
        match path.shape() {
            Some(_) if shape == Shape::Null && path.may_be_null() => Ok(JsonPath::Other),
            Some(needed) if shape != needed => Err(FilterError::Shape),
            _ => Ok(path),
        }
    }

    /// Decides if the value around these labels stays: it does if they satisfy the restriction.
    fn judge(&mut self, labels: &Open, here: Cursor<'_>) -> Result<(), FilterError> {
        let kept = labels::satisfy(&self.output.since(labels.start, here), &self.restriction)?;
        if let Some(value) = self.open.last_mut() {
            value.kept |= kept;
            value.judged = true;
        }
        Ok(())
    }

    /// Keeps a group, rule, alert or target and with it the values around it, or cuts it out.
    fn keep_or_cut(&mut self, value: &Open, here: Cursor<'_>) {
        let is_without_labels = value.path.is_judged() && !value.judged;
        if value.kept || (is_without_labels && labels::none_satisfy(&self.restriction)) {
            for around in self.open.iter_mut().rev() {
                around.kept = true;
                // A rule is kept because of its alert, but the values around it wait for the rule's end.
                if around.path.is_judged() {
                    break;
                }
            }
        } else {
            self.output.cut(value.start, here);
        }
    }

    fn token_ends(&mut self, here: Cursor<'_>) {
        let end = self.output.position(here);
        if let Some(data) = self.open.last_mut() {
            data.token = data.token.map(|_| end.saturating_sub(data.start));
        }
    }

    /// Cuts the token out of `data` if no group was kept.
    fn cut_token(&mut self, data: &Open, here: Cursor<'_>) {
        if let Some(length) = data.token.filter(|_| !data.kept) {
            self.output.cut_field(data.start, length, here);
        }
    }
}
