//! The answers of `/api/v1/rules`, `/api/v1/alerts` and `/api/v1/targets`, cut down to what a restricted caller may see
//! (`threats.md` R3). The JSON is walked as it comes: what is about nobody's series passes, a rule, an alert or a target
//! is held until it is complete, and goes on if its labels satisfy the restriction. So an answer of any length takes a
//! bounded memory, and nothing is given out before it was checked.

mod cursor;
mod error;
mod event;
pub mod headers;
mod label_filter;
mod labels;
mod layout;
mod number;
mod output;
mod scanner;
mod text;
mod utf8;

pub use error::FilterError;

use crate::api::listing::Listing;
use crate::enforce::restriction::Restriction;
use crate::target::body::End;
use cursor::Cursor;
use event::Event;
use label_filter::LabelFilter;
use scanner::Scanner;
use std::rc::Rc;
use utf8::Utf8;

/// Filters one answer. It holds back at most some 4 MiB, of what it was given a piece at a time.
#[derive(Clone, Debug)]
pub struct Filter {
    utf8: Utf8,
    scanner: Scanner,
    filter: LabelFilter,
    failed: Option<FilterError>,
}

impl Filter {
    /// A filter for one answer of this kind, to a caller under this restriction.
    pub fn new(listing: Listing, restriction: Rc<Restriction>) -> Self {
        let filter = LabelFilter::new(listing, restriction);
        Self { utf8: Utf8::default(), scanner: Scanner::default(), filter, failed: None }
    }

    /// Takes the next piece of the answer, which may end anywhere, and gives what goes on in its place.
    ///
    /// # Errors
    ///
    /// The answer isn't what it should be, or can't be looked at within the bounds. What was given out before is no
    /// complete answer and must not look like one; every further call gives the same error.
    pub fn next(&mut self, piece: &[u8], end: End) -> Result<Vec<u8>, FilterError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let passed = self.pass(piece, end);
        self.failed = passed.as_ref().err().copied();
        passed
    }

    fn pass(&mut self, piece: &[u8], end: End) -> Result<Vec<u8>, FilterError> {
        self.utf8.check(piece)?;
        let mut cursor = Cursor::new(piece);
        while let Some(event) = self.scanner.next(&mut cursor, |name| self.filter.matters(name))? {
            match event {
                Event::Begins(shape) => {
                    if self.filter.begins(cursor, shape)? == label_filter::Next::Inside {
                        self.scanner.enter();
                    }
                }
                Event::Ends => self.filter.ends(cursor)?,
                Event::KeyBegins => self.filter.key_begins(cursor),
                Event::Key(name) => {
                    if self.filter.key(cursor, name)? == label_filter::Next::Past {
                        self.scanner.pass();
                    }
                }
                Event::KeyEnds => {
                    if self.filter.key_ends(cursor)? == label_filter::Next::Past {
                        self.scanner.pass();
                    }
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
