//! Decides what stays of an answer. The scanner's events come in; the values that may go on are copied to the output,
//! and those that are not decided yet are held back.

use super::cursor::Cursor;
use super::element;
use super::error::FilterError;
use super::event::Shape;
use super::labels;
use super::layout::{self, JsonPath, MAX_KEY, MAX_NAME, Names};
use super::nesting::Nesting;
use super::open::Open;
use super::output::{Bytes, Output};
use super::text::Text;
use crate::api::listing::Listing;
use crate::enforce::judge::Judge;
use crate::enforce::restriction::Restriction;
use crate::enforce::silence;
use std::rc::Rc;

/// The longest text that is held back for one decision, in bytes. Such a text is a rule, an alert, a target, the fields
/// of a group before its first rule, or everything between the token and the first group.
const MAX_HELD: usize = 1 << 20;

/// The decision to read the inside of a value or not, made when it begins or when its key has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next<'a> {
    /// The parts of the value matter.
    Inside,
    /// The value is taken as a whole.
    Past,
    /// The value has been read already. These are the bytes after it.
    Behind(&'a [u8]),
}

/// The state of the filter between two pieces.
#[derive(Clone, Debug)]
pub(super) struct LabelFilter {
    listing: Listing,
    judge: Judge,
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
        let judge = Judge::new(restriction);
        Self { listing, judge, open: Vec::new(), key: None, field: None, output: Output::default() }
    }

    /// Handles the first byte of a value, which is the one before `here`.
    pub(super) fn begins<'a>(&mut self, here: Cursor<'a>, shape: Shape) -> Result<Next<'a>, FilterError> {
        let first = here.back(1);
        let path = self.path(shape)?;
        if path.is_held() {
            self.check_held(first)?;
        }
        if path.is_judged_by_labels()
            && let Some(rest) = self.whole_elements(path, here)
        {
            return Ok(Next::Behind(rest));
        }
        let start = self.copy_from(first);
        self.open.push(Open::new(path, start));
        if path.replaced().is_some() {
            self.output.turn(first, Bytes::Dropped);
        } else if path.is_cut() {
            self.output.turn(here, Bytes::Dropped);
        }
        Ok(if path.is_entered() { Next::Inside } else { Next::Past })
    }

    /// Starts to copy a value from its first byte on, with the comma before it, and returns its position.
    fn copy_from(&mut self, first: Cursor<'_>) -> usize {
        self.output.turn(first, Bytes::Copied);
        let start = self.output.position(first);
        if self.open.last().is_some_and(|list| list.kept && list.path.element().is_some()) {
            self.output.write(b",");
        }
        start
    }

    /// Handles rules, alerts or targets at once, as many as stand whole in the piece, from after the brace of the first.
    /// Returns the bytes after the last one, or `None` if there is none.
    fn whole_elements<'a>(&mut self, path: JsonPath, first: Cursor<'a>) -> Option<&'a [u8]> {
        let inside = Nesting::inside(self.open.len().saturating_add(1));
        let mut here = first;
        let mut end = None;
        while let Some((stays, after)) = element::judge_whole(path, here.rest(), inside, &mut self.judge) {
            let behind = here.before(after);
            if behind.at().saturating_sub(here.at()) >= MAX_HELD {
                break;
            }
            if stays {
                self.copy_from(here.back(1));
                self.output.turn(behind, Bytes::Dropped);
                self.keep();
            }
            end = Some(after);
            let [b',', b'{', next @ ..] = after else { break };
            here = behind.before(next);
        }
        end
    }

    /// Handles the last byte of a value, which is the one before `here`.
    pub(super) fn ends(&mut self, here: Cursor<'_>) -> Result<(), FilterError> {
        if self.is_cut() {
            self.output.turn(here.back(1), Bytes::Copied);
        }
        let value = self.open.pop().ok_or(FilterError::Malformed)?;
        self.check_length(&value, here)?;
        match value.path {
            JsonPath::Labels => {
                let labels = self.output.since(value.start, here);
                let allowed = labels::judge_any(&labels, &mut self.judge)?;
                self.judged(allowed);
            }
            JsonPath::Matchers => {
                let matchers = self.output.since(value.start, here);
                let allowed = silence::judge(&matchers, self.judge.restriction());
                self.judged(allowed.map_err(|_| FilterError::Shape)?);
            }
            JsonPath::Token => self.token_ends(here),
            JsonPath::Data if !value.fields.has(layout::list(self.listing)) => {
                return Err(FilterError::Shape);
            }
            JsonPath::Data => self.cut_token(&value, here),
            JsonPath::Group | JsonPath::Rule | JsonPath::One | JsonPath::AlertGroup | JsonPath::Silence => {
                self.keep_or_cut(&value, here)
            }
            path => self.output.write(path.replaced().unwrap_or_default()),
        }
        self.output.turn(here, if self.is_cut() { Bytes::Dropped } else { Bytes::Copied });
        Ok(())
    }

    /// Returns the names that have to be looked at in the innermost object that was entered.
    pub(super) fn names(&self) -> &'static Names {
        self.open.last().map_or(JsonPath::Answer, |value| value.path).names()
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
    pub(super) fn key_ends<'a>(&mut self, here: Cursor<'a>) -> Result<Next<'a>, FilterError> {
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
        Ok(self.announce(path, here))
    }

    /// Handles a whole key without escapes. The quote after it is the byte before `here`.
    pub(super) fn key<'a>(&mut self, here: Cursor<'a>, name: &[u8]) -> Result<Next<'a>, FilterError> {
        match self.open.last_mut() {
            Some(object) if object.path != JsonPath::Data => {
                if name.len() > MAX_NAME {
                    return Err(FilterError::TooLong);
                }
                let path = object.field(name)?;
                Ok(self.announce(path, here))
            }
            _ => {
                self.key_begins(here.back(name.len().saturating_add(1)));
                self.key_ends(here)
            }
        }
    }

    /// Remembers the path of the value that follows. A value that doesn't matter is skipped.
    fn announce<'a>(&mut self, path: JsonPath, here: Cursor<'a>) -> Next<'a> {
        if path == JsonPath::Other {
            return Next::Past;
        }
        if path == JsonPath::Labels
            && let Some(labels) = here.rest().strip_prefix(b":")
            && let Some((allowed, after)) = labels::judge_plain(labels, &mut self.judge)
        {
            self.judged(allowed);
            return Next::Behind(after);
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
        if self.output.position(here) <= MAX_HELD {
            return Ok(());
        }
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
            (None, None) => JsonPath::whole(self.listing, shape),
            (None, Some(list)) => list.path.element().ok_or(FilterError::Malformed)?,
        };
        match path.shape() {
            Some(_) if shape == Shape::Null && path.may_be_null() => Ok(JsonPath::Other),
            Some(needed) if shape != needed => Err(FilterError::Shape),
            _ => Ok(path),
        }
    }

    /// Decides if the value around these labels stays: it does if they satisfy the restriction.
    fn judged(&mut self, allowed: bool) {
        if let Some(value) = self.open.last_mut() {
            value.kept |= allowed;
            value.judged = true;
        }
    }

    /// Keeps a group, rule, alert or target and with it the values around it, or cuts it out.
    fn keep_or_cut(&mut self, value: &Open, here: Cursor<'_>) {
        let is_without_labels = value.path.is_judged_by_labels() && !value.judged;
        if value.kept || (is_without_labels && self.judge.begin().is_allowed()) {
            self.keep();
        } else {
            self.output.cut(value.start, here);
        }
    }

    /// Keeps the values around one that is kept.
    fn keep(&mut self) {
        for around in self.open.iter_mut().rev() {
            around.kept = true;
            // A rule is kept because of its alert, but the values around it wait for the rule's end.
            if around.path.is_judged() {
                break;
            }
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
