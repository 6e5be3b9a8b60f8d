//! Takes an answer apart as the scanner finds its values and keys, copies what may go on, and holds back what isn't
//! decided yet.

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

/// The longest text that is held back for one decision, in bytes: a rule, an alert, a target, what a group says of itself
/// before its first rule, what stands between the token and the first group.
const MAX_HELD: usize = 1 << 20;

/// The longest key where keys matter, in bytes as written.
const MAX_KEY: usize = 4_096;

/// The same without its quotes.
const MAX_NAME: usize = MAX_KEY - 2;

/// Whether to go into a value that begins, or whose key has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Its parts matter.
    Inside,
    /// It is taken as a whole.
    Past,
}

/// A value whose end is still to come.
#[derive(Clone, Debug)]
struct Open {
    path: JsonPath,
    /// Where it begins in the text, its comma included. In `data`, where the token begins.
    start: usize,
    /// The fields that it has so far.
    fields: Fields,
    /// Whether something in it stays: its labels satisfy the restriction, or one of its parts was kept.
    kept: bool,
    /// Whether its labels have been looked at.
    judged: bool,
    /// The length of the token and its key, while it is open whether they stay.
    token: Option<usize>,
}

impl Open {
    /// What the field of this name is.
    #[inline]
    fn field(&mut self, name: &[u8]) -> Result<JsonPath, FilterError> {
        let (field, path) = self.path.field(name);
        if field != Fields::OTHER && self.fields.has(field) {
            return Err(FilterError::Twice);
        }
        self.fields.add(field);
        Ok(path)
    }

    /// Whether the text from its start on is held back.
    fn holds(&self) -> bool {
        self.path.is_judged() || (!self.kept && (self.path.is_held() || self.token.is_some()))
    }
}

/// The state between two pieces.
#[derive(Clone, Debug)]
pub(super) struct LabelFilter {
    listing: Listing,
    restriction: Rc<Restriction>,
    /// Values that were entered, and the one that is being passed, the innermost last.
    open: Vec<Open>,
    /// Where the key that is being read begins in the text, its comma included.
    key: Option<usize>,
    /// What the value after a key is.
    field: Option<JsonPath>,
    /// What may go on, followed by what is held back.
    output: Output,
}

impl LabelFilter {
    pub(super) fn new(listing: Listing, restriction: Rc<Restriction>) -> Self {
        Self { listing, restriction, open: Vec::new(), key: None, field: None, output: Output::default() }
    }

    /// A value's first byte, the one before here.
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

    /// A value's last byte, the one before here.
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

    /// Whether a field of this name matters, or its value does. What is too long for a key does, since it is refused.
    pub(super) fn matters(&self, name: &[u8]) -> bool {
        let is_other = |object: &Open| object.path.field(name) == (Fields::OTHER, JsonPath::Other);
        name.len() > MAX_NAME || !self.open.last().is_some_and(is_other)
    }

    /// The quote before a key, the byte before here.
    pub(super) fn key_begins(&mut self, here: Cursor<'_>) {
        let first = here.back(1);
        self.output.turn(first, Bytes::Copied);
        self.key = Some(self.output.position(first));
        if self.open.last().is_some_and(|object| object.path == JsonPath::Data && !object.fields.is_empty()) {
            self.output.write(b",");
        }
    }

    /// The quote after a key, the byte before here.
    pub(super) fn key_ends(&mut self, here: Cursor<'_>) -> Result<Next, FilterError> {
        let start = self.key.take().ok_or(FilterError::Malformed)?;
        let key = self.output.since(start, here);
        if key.len() > MAX_KEY {
            return Err(FilterError::TooLong);
        }
        let (name, _) = Text::split(key.strip_prefix(b",").unwrap_or(&key)).ok_or(FilterError::Malformed)?;
        let object = self.open.last_mut().ok_or(FilterError::Malformed)?;
        let path = object.field(name.says()?.as_bytes())?;
        if path == JsonPath::Token && !object.kept {
            object.token = Some(0);
            object.start = start;
        }
        Ok(self.announce(path))
    }

    /// A whole key that says what it is written as. The quote after it is the byte before here.
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

    /// Takes a value for what its key says; what is of no matter isn't looked at.
    fn announce(&mut self, path: JsonPath) -> Next {
        if path == JsonPath::Other {
            return Next::Past;
        }
        self.field = Some(path);
        Next::Inside
    }

    /// The end of a piece.
    pub(super) fn piece_ends(&mut self, here: Cursor<'_>) -> Result<(), FilterError> {
        self.check_held(here)?;
        if self.key.is_some_and(|start| self.output.position(here).saturating_sub(start) > MAX_KEY) {
            return Err(FilterError::TooLong);
        }
        self.output.piece_ends(here);
        Ok(())
    }

    /// What may go on by now.
    pub(super) fn release(&mut self) -> Vec<u8> {
        let held = self.open.iter().find(|value| value.holds()).map(|value| value.start);
        let length = held.or(self.key).unwrap_or(self.output.len());
        for value in &mut self.open {
            value.start = value.start.saturating_sub(length);
        }
        self.key = self.key.map(|start| start.saturating_sub(length));
        self.output.release(length)
    }

    /// Whether parts of the innermost open value may be cut out.
    fn is_cut(&self) -> bool {
        self.open.last().is_some_and(|value| value.path.is_cut())
    }

    /// Checks that what is held back up to here isn't too long, before more is on its own.
    fn check_held(&self, here: Cursor<'_>) -> Result<(), FilterError> {
        let holding = self.open.iter().rev().find(|value| value.holds());
        holding.map_or(Ok(()), |value| self.check_length(value, here))
    }

    /// The same for one value.
    fn check_length(&self, value: &Open, here: Cursor<'_>) -> Result<(), FilterError> {
        if value.holds() && self.output.position(here).saturating_sub(value.start) > MAX_HELD {
            return Err(FilterError::TooLong);
        }
        Ok(())
    }

    /// What a value that begins is.
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

    /// Says of the value around labels whether they satisfy the restriction.
    fn judge(&mut self, labels: &Open, here: Cursor<'_>) -> Result<(), FilterError> {
        let kept = labels::satisfy(&self.output.since(labels.start, here), &self.restriction)?;
        if let Some(value) = self.open.last_mut() {
            value.kept |= kept;
            value.judged = true;
        }
        Ok(())
    }

    /// Keeps a group, rule, alert or target, and with it what it is a part of, or cuts it out.
    fn keep_or_cut(&mut self, value: &Open, here: Cursor<'_>) {
        let is_without_labels = value.path.is_judged() && !value.judged;
        if value.kept || (is_without_labels && labels::none_satisfy(&self.restriction)) {
            for around in self.open.iter_mut().rev() {
                around.kept = true;
                // A rule is kept for its alert, but what is around it waits for the rule's end.
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

    /// Cuts the token out of `data` of which no group was kept.
    fn cut_token(&mut self, data: &Open, here: Cursor<'_>) {
        if let Some(length) = data.token.filter(|_| !data.kept) {
            self.output.cut_field(data.start, length, here);
        }
    }
}
