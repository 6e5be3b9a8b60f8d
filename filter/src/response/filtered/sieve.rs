//! Takes an answer apart as the scanner finds its values and keys, copies what may go on, and holds back what isn't
//! decided yet.

use super::Kind;
use super::error::FilterError;
use super::labels;
use super::place::{Fields, Place};
use super::scanner::Shape;
use super::text;
use crate::access::restriction::Restriction;
use std::mem;
use std::rc::Rc;

/// The longest text that is held back for one decision, in bytes: a rule, an alert, a target, what a group says of itself
/// before its first rule, what stands between the token and the first group.
const MAX_HELD: usize = 1 << 20;

/// The longest key where keys matter, in bytes as written.
const MAX_KEY: usize = 4_096;

/// Whether to go into a value that begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Its parts matter.
    Inside,
    /// It is taken as a whole.
    Past,
}

/// What becomes of the bytes that come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bytes {
    Copied,
    Dropped,
}

/// A value whose end is still to come.
#[derive(Clone, Debug)]
struct Open {
    place: Place,
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
    /// Whether the text from its start on is held back.
    fn holds(&self) -> bool {
        self.place.is_judged() || (!self.kept && (self.place == Place::Group || self.token.is_some()))
    }
}

/// The state between two pieces.
#[derive(Clone, Debug)]
pub(super) struct Sieve {
    kind: Kind,
    restriction: Rc<Restriction>,
    /// Values that were entered, and the one that is being passed, the innermost last.
    open: Vec<Open>,
    /// Where the key that is being read begins in the text, its comma included.
    key: Option<usize>,
    /// What the value after a key is.
    field: Option<Place>,
    bytes: Bytes,
    /// How much of the piece has been copied or dropped.
    done: usize,
    /// What may go on, followed by what is held back.
    text: Vec<u8>,
}

impl Sieve {
    pub(super) fn new(kind: Kind, restriction: Rc<Restriction>) -> Self {
        let (open, text) = (Vec::new(), Vec::new());
        Self { kind, restriction, open, key: None, field: None, bytes: Bytes::Copied, done: 0, text }
    }

    /// A value's first byte, the one before `at`.
    pub(super) fn begins(&mut self, piece: &[u8], at: usize, shape: Shape) -> Result<Next, FilterError> {
        self.copy(piece, at.saturating_sub(1))?;
        let place = self.place(shape)?;
        let start = self.text.len();
        if self.open.last().is_some_and(|list| list.kept && list.place.element().is_some()) {
            self.text.push(b',');
        }
        self.open.push(Open {
            place,
            start,
            fields: Fields::default(),
            kept: false,
            judged: false,
            token: None,
        });
        self.bytes = if place.replaced().is_some() { Bytes::Dropped } else { Bytes::Copied };
        if place.is_cut() {
            self.copy(piece, at)?;
            self.bytes = Bytes::Dropped;
        }
        Ok(if place.is_entered() { Next::Inside } else { Next::Past })
    }

    /// A value's last byte, the one before `at`.
    pub(super) fn ends(&mut self, piece: &[u8], at: usize) -> Result<(), FilterError> {
        if self.open.last().is_some_and(|value| value.place.is_cut()) {
            self.copy(piece, at.saturating_sub(1))?;
            self.bytes = Bytes::Copied;
        }
        self.copy(piece, at)?;
        let value = self.open.pop().ok_or(FilterError::Malformed)?;
        match value.place {
            Place::Labels => self.judge(&value)?,
            Place::Token => self.token_ends(),
            Place::Data if !value.fields.has(self.kind.list()) => return Err(FilterError::Shape),
            Place::Data => self.cut_token(&value),
            Place::Group | Place::Rule | Place::One => self.keep_or_cut(&value),
            place => self.text.extend(place.replaced().unwrap_or_default()),
        }
        let is_cut = self.open.last().is_some_and(|value| value.place.is_cut());
        self.bytes = if is_cut { Bytes::Dropped } else { Bytes::Copied };
        Ok(())
    }

    /// The quote before a key, the byte before `at`.
    pub(super) fn key_begins(&mut self, piece: &[u8], at: usize) -> Result<(), FilterError> {
        self.copy(piece, at.saturating_sub(1))?;
        self.bytes = Bytes::Copied;
        self.key = Some(self.text.len());
        if self.open.last().is_some_and(|object| object.place == Place::Data && !object.fields.is_empty()) {
            self.text.push(b',');
        }
        Ok(())
    }

    /// The quote after a key, the byte before `at`.
    pub(super) fn key_ends(&mut self, piece: &[u8], at: usize) -> Result<(), FilterError> {
        self.copy(piece, at)?;
        let (Some(start), Some(object)) = (self.key.take(), self.open.last_mut()) else {
            return Err(FilterError::Malformed);
        };
        let key = self.text.get(start..).unwrap_or_default();
        let (field, place) = object.place.field(&text::read(key.strip_prefix(b",").unwrap_or(key))?);
        if field != Fields::OTHER && object.fields.has(field) {
            return Err(FilterError::Twice);
        }
        object.fields.add(field);
        if place == Place::Token && !object.kept {
            object.token = Some(0);
            object.start = start;
        }
        self.field = Some(place);
        Ok(())
    }

    /// The end of a piece.
    pub(super) fn piece_ends(&mut self, piece: &[u8]) -> Result<(), FilterError> {
        self.copy(piece, piece.len())?;
        self.done = 0;
        Ok(())
    }

    /// What may go on by now.
    pub(super) fn release(&mut self) -> Vec<u8> {
        let first = self.open.iter().find(|value| value.holds()).map(|value| value.start);
        let length = first.or(self.key).unwrap_or(self.text.len()).min(self.text.len());
        if length == 0 {
            return Vec::new();
        }
        for value in &mut self.open {
            value.start = value.start.saturating_sub(length);
        }
        self.key = self.key.map(|start| start.saturating_sub(length));
        let held = self.text.split_off(length);
        mem::replace(&mut self.text, held)
    }

    /// Copies, or drops, the piece up to `to`.
    fn copy(&mut self, piece: &[u8], to: usize) -> Result<(), FilterError> {
        if self.bytes == Bytes::Copied {
            self.text.extend_from_slice(piece.get(self.done..to).unwrap_or_default());
        }
        self.done = to;
        let holding = self.open.iter().rev().find(|value| value.holds());
        let held = self.key.map(|start| (start, MAX_KEY)).or(holding.map(|value| (value.start, MAX_HELD)));
        match held {
            Some((start, max)) if self.text.len().saturating_sub(start) > max => Err(FilterError::TooLong),
            _ => Ok(()),
        }
    }

    /// What a value that begins is.
    fn place(&mut self, shape: Shape) -> Result<Place, FilterError> {
        let place = match (self.field.take(), self.open.last()) {
            (Some(field), _) => field.of_shape(shape),
            (None, None) => Place::Answer,
            (None, Some(list)) => list.place.element().ok_or(FilterError::Malformed)?,
        };
        match place.shape() {
            Some(_) if shape == Shape::Null && place.may_be_null() => Ok(Place::Other),
            Some(needed) if shape != needed => Err(FilterError::Shape),
            _ => Ok(place),
        }
    }

    /// Says of the value around labels whether they satisfy the restriction.
    fn judge(&mut self, object: &Open) -> Result<(), FilterError> {
        let object = self.text.get(object.start..).unwrap_or_default();
        let kept = labels::satisfy(object, &self.restriction)?;
        if let Some(value) = self.open.last_mut() {
            value.kept |= kept;
            value.judged = true;
        }
        Ok(())
    }

    /// Keeps a group, rule, alert or target, and with it what it is a part of, or cuts it out.
    fn keep_or_cut(&mut self, value: &Open) {
        let is_without_labels = value.place.is_judged() && !value.judged;
        if value.kept || (is_without_labels && labels::none_satisfy(&self.restriction)) {
            for around in self.open.iter_mut().rev() {
                around.kept = true;
                // A rule is kept for its alert, but what is around it waits for the rule's end.
                if around.place.is_judged() {
                    break;
                }
            }
        } else {
            self.text.truncate(value.start);
        }
    }

    fn token_ends(&mut self) {
        let length = self.text.len();
        if let Some(data) = self.open.last_mut() {
            data.token = data.token.map(|_| length.saturating_sub(data.start));
        }
    }

    /// Cuts the token out of `data` of which no group was kept.
    fn cut_token(&mut self, data: &Open) {
        let Some(length) = data.token.filter(|_| !data.kept) else { return };
        let after = self.text.split_off(data.start.saturating_add(length).min(self.text.len()));
        let is_first = self.text.get(data.start) != Some(&b',');
        self.text.truncate(data.start);
        self.text.extend(after.strip_prefix(b",").filter(|_| is_first).unwrap_or(&after));
    }
}
