//! Filters the answers of `/api/v1/rules`, `/api/v1/alerts` and `/api/v1/targets`, and Alertmanager's lists of alerts and
//! silences, so that a restricted caller gets only what they may see (`threats.md` R3). The JSON is read as it comes. A
//! rule, an alert, a target or a silence is held back until it is complete, and goes on if its labels or matchers satisfy
//! the restriction; everything that isn't about series passes.
//! So an answer of any length takes bounded memory, and nothing goes out before it has been checked.

mod cursor;
mod element;
mod error;
mod event;
pub mod headers;
mod label_filter;
mod labels;
mod layout;
mod nesting;
mod number;
mod open;
mod output;
mod plain;
mod scanner;
mod text;
mod token;
mod utf8;
mod whole;

pub use error::FilterError;

use crate::api::listing::Listing;
use crate::enforce::restriction::Restriction;
use crate::target::body::End;
use cursor::Cursor;
use event::Event;
use label_filter::{LabelFilter, Next};
use scanner::Scanner;
use std::rc::Rc;

/// A filter for one answer. It holds back at most about 4 MiB of an answer that comes in pieces.
#[derive(Clone, Debug)]
pub struct Filter {
    scanner: Scanner,
    filter: LabelFilter,
    failed: Option<FilterError>,
}

impl Filter {
    /// Creates a filter for one answer of this kind, to a caller with this restriction.
    pub fn new(listing: Listing, restriction: Rc<Restriction>) -> Self {
        let filter = LabelFilter::new(listing, restriction);
        Self { scanner: Scanner::default(), filter, failed: None }
    }

    /// Takes the next piece of the answer, which may end anywhere, and returns the bytes that go on in its place.
    ///
    /// # Errors
    ///
    /// Returns an error if the answer has another form than it should, or can't be checked within the bounds. The bytes
    /// that went out before are not a complete answer and must not look like one. Every further call returns the same
    /// error.
    pub fn next(&mut self, piece: &[u8], end: End) -> Result<Vec<u8>, FilterError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let passed = self.pass(piece, end);
        self.failed = passed.as_ref().err().copied();
        passed
    }

    fn pass(&mut self, piece: &[u8], end: End) -> Result<Vec<u8>, FilterError> {
        let mut cursor = Cursor::new(piece);
        while let Some(event) = self.scanner.next(&mut cursor, self.filter.names())? {
            let next = match event {
                Event::Begins(shape) => self.filter.begins(cursor, shape)?,
                Event::Key(name) => self.filter.key(cursor, name)?,
                Event::KeyEnds => self.filter.key_ends(cursor)?,
                Event::KeyBegins => {
                    self.filter.key_begins(cursor);
                    continue;
                }
                Event::Ends => {
                    self.filter.ends(cursor)?;
                    continue;
                }
            };
            match (event, next) {
                (Event::Begins(_), Next::Inside) => self.scanner.enter(),
                (Event::Begins(_), Next::Past) | (_, Next::Inside) => {}
                (_, Next::Past) => self.scanner.pass(),
                (_, Next::Behind(rest)) => {
                    cursor = cursor.before(rest);
                    self.scanner.go_behind()?;
                }
            }
        }
        self.filter.piece_ends(cursor)?;
        if end == End::Here && !self.scanner.is_complete() {
            return Err(FilterError::Incomplete);
        }
        Ok(self.filter.release())
    }
}

#[cfg(test)]
mod tests;
