//! Takes an answer apart as the scanner finds its values and keys, copies what may go on, and holds back what isn't
//! decided yet.

use super::error::FilterError;
use super::event::Shape;
use super::labels;
use super::layout::{self, Fields, Place};
use super::output::{Bytes, Draft};
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
    /// What the field of this name is.
    #[inline]
    fn field(&mut self, name: &[u8]) -> Result<Place, FilterError> {
        let (field, place) = self.place.field(name);
        if field != Fields::OTHER && self.fields.has(field) {
            return Err(FilterError::Twice);
        }
        self.fields.add(field);
        Ok(place)
    }

    /// Whether the text from its start on is held back.
    fn holds(&self) -> bool {
        self.place.is_judged() || (!self.kept && (self.place.is_held() || self.token.is_some()))
    }
}

/// The state between two pieces.
#[derive(Clone, Debug)]
pub(super) struct Sieve {
    listing: Listing,
    restriction: Rc<Restriction>,
    /// Values that were entered, and the one that is being passed, the innermost last.
    open: Vec<Open>,
    /// Where the key that is being read begins in the text, its comma included.
    key: Option<usize>,
    /// What the value after a key is.
    field: Option<Place>,
    /// What may go on, followed by what is held back.
    draft: Draft,
}

impl Sieve {
    pub(super) fn new(listing: Listing, restriction: Rc<Restriction>) -> Self {
        Self { listing, restriction, open: Vec::new(), key: None, field: None, draft: Draft::default() }
    }

    /// A value's first byte, the one before `at`.
    pub(super) fn begins(&mut self, piece: &[u8], at: usize, shape: Shape) -> Result<Next, FilterError> {
        let first = at.saturating_sub(1);
        let place = self.place(shape)?;
        if place.is_held() {
            self.check_held(first)?;
        }
        self.draft.turn(piece, first, Bytes::Copied);
        let start = self.draft.position(first);
        if self.open.last().is_some_and(|list| list.kept && list.place.element().is_some()) {
            self.draft.write(b",");
        }
        self.open.push(Open {
            place,
            start,
            fields: Fields::default(),
            kept: false,
            judged: false,
            token: None,
        });
        if place.replaced().is_some() {
            self.draft.turn(piece, first, Bytes::Dropped);
        } else if place.is_cut() {
            self.draft.turn(piece, at, Bytes::Dropped);
        }
        Ok(if place.is_entered() { Next::Inside } else { Next::Past })
    }

    /// A value's last byte, the one before `at`.
    pub(super) fn ends(&mut self, piece: &[u8], at: usize) -> Result<(), FilterError> {
        if self.is_cut() {
            self.draft.turn(piece, at.saturating_sub(1), Bytes::Copied);
        }
        let value = self.open.pop().ok_or(FilterError::Malformed)?;
        self.check_length(&value, at)?;
        match value.place {
            Place::Labels => self.judge(&value, piece, at)?,
            Place::Token => self.token_ends(at),
            Place::Data if !value.fields.has(layout::list(self.listing)) => return Err(FilterError::Shape),
            Place::Data => self.cut_token(&value, piece, at),
            Place::Group | Place::Rule | Place::One => self.keep_or_cut(&value, at),
            place => self.draft.write(place.replaced().unwrap_or_default()),
        }
        self.draft.turn(piece, at, if self.is_cut() { Bytes::Dropped } else { Bytes::Copied });
        Ok(())
    }

    /// Whether a field of this name matters, or its value does. What is too long for a key does, since it is refused.
    pub(super) fn matters(&self, name: &[u8]) -> bool {
        let is_other = |object: &Open| object.place.field(name) == (Fields::OTHER, Place::Other);
        name.len() > MAX_NAME || !self.open.last().is_some_and(is_other)
    }

    /// The quote before a key, the byte before `at`.
    pub(super) fn key_begins(&mut self, piece: &[u8], at: usize) {
        let first = at.saturating_sub(1);
        self.draft.turn(piece, first, Bytes::Copied);
        self.key = Some(self.draft.position(first));
        if self.open.last().is_some_and(|object| object.place == Place::Data && !object.fields.is_empty()) {
            self.draft.write(b",");
        }
    }

    /// The quote after a key, the byte before `at`.
    pub(super) fn key_ends(&mut self, piece: &[u8], at: usize) -> Result<Next, FilterError> {
        let start = self.key.take().ok_or(FilterError::Malformed)?;
        let key = self.draft.since(start, piece, at);
        if key.len() > MAX_KEY {
            return Err(FilterError::TooLong);
        }
        let (name, _) = Text::split(key.strip_prefix(b",").unwrap_or(&key)).ok_or(FilterError::Malformed)?;
        let object = self.open.last_mut().ok_or(FilterError::Malformed)?;
        let place = object.field(name.says()?.as_bytes())?;
        if place == Place::Token && !object.kept {
            object.token = Some(0);
            object.start = start;
        }
        Ok(self.announce(place))
    }

    /// A whole key that says what it is written as. The quote after it is the byte before `at`.
    pub(super) fn key(&mut self, piece: &[u8], at: usize, name: &[u8]) -> Result<Next, FilterError> {
        match self.open.last_mut() {
            Some(object) if object.place != Place::Data => {
                if name.len() > MAX_NAME {
                    return Err(FilterError::TooLong);
                }
                let place = object.field(name)?;
                Ok(self.announce(place))
            }
            _ => {
                self.key_begins(piece, at.saturating_sub(name.len()).saturating_sub(1));
                self.key_ends(piece, at)
            }
        }
    }

    /// Takes a value for what its key says; what is of no matter isn't looked at.
    fn announce(&mut self, place: Place) -> Next {
        if place == Place::Other {
            return Next::Past;
        }
        self.field = Some(place);
        Next::Inside
    }

    /// The end of a piece.
    pub(super) fn piece_ends(&mut self, piece: &[u8]) -> Result<(), FilterError> {
        self.check_held(piece.len())?;
        if self.key.is_some_and(|start| self.draft.position(piece.len()).saturating_sub(start) > MAX_KEY) {
            return Err(FilterError::TooLong);
        }
        self.draft.piece_ends(piece);
        Ok(())
    }

    /// What may go on by now.
    pub(super) fn release(&mut self) -> Vec<u8> {
        let held = self.open.iter().find(|value| value.holds()).map(|value| value.start);
        let length = held.or(self.key).unwrap_or(self.draft.position(0));
        for value in &mut self.open {
            value.start = value.start.saturating_sub(length);
        }
        self.key = self.key.map(|start| start.saturating_sub(length));
        self.draft.release(length)
    }

    /// Whether parts of the innermost open value may be cut out.
    fn is_cut(&self) -> bool {
        self.open.last().is_some_and(|value| value.place.is_cut())
    }

    /// Checks that what is held back up to the piece's byte `at` isn't too long, before more is on its own.
    fn check_held(&self, at: usize) -> Result<(), FilterError> {
        let holding = self.open.iter().rev().find(|value| value.holds());
        holding.map_or(Ok(()), |value| self.check_length(value, at))
    }

    /// The same for one value.
    fn check_length(&self, value: &Open, at: usize) -> Result<(), FilterError> {
        if value.holds() && self.draft.position(at).saturating_sub(value.start) > MAX_HELD {
            return Err(FilterError::TooLong);
        }
        Ok(())
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
    fn judge(&mut self, labels: &Open, piece: &[u8], at: usize) -> Result<(), FilterError> {
        let kept = labels::satisfy(&self.draft.since(labels.start, piece, at), &self.restriction)?;
        if let Some(value) = self.open.last_mut() {
            value.kept |= kept;
            value.judged = true;
        }
        Ok(())
    }

    /// Keeps a group, rule, alert or target, and with it what it is a part of, or cuts it out.
    fn keep_or_cut(&mut self, value: &Open, at: usize) {
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
            self.draft.cut(value.start, at);
        }
    }

    fn token_ends(&mut self, at: usize) {
        let end = self.draft.position(at);
        if let Some(data) = self.open.last_mut() {
            data.token = data.token.map(|_| end.saturating_sub(data.start));
        }
    }

    /// Cuts the token out of `data` of which no group was kept.
    fn cut_token(&mut self, data: &Open, piece: &[u8], at: usize) {
        if let Some(length) = data.token.filter(|_| !data.kept) {
            self.draft.cut_field(data.start, length, piece, at);
        }
    }
}
