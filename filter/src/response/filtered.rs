//! Filters the answers of `/api/v1/rules`, `/api/v1/alerts` and `/api/v1/targets`, so that a restricted caller gets
//! only what they may see (`threats.md` R3). The JSON is read as it comes. A rule, an alert or a target is held back
//! until it is complete, and goes on if its labels satisfy the restriction; everything that isn't about series passes.
//! So an answer of any length takes bounded memory, and nothing goes out before it has been checked.

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

/// A filter for one answer. It holds back at most about 4 MiB of an answer that comes in pieces.
#[derive(Clone, Debug)]
pub struct Filter {
    utf8: Utf8,
    scanner: Scanner,
    filter: LabelFilter,
    failed: Option<FilterError>,
}

impl Filter {
    /// Creates a filter for one answer of this kind, to a caller with this restriction.
    pub fn new(listing: Listing, restriction: Rc<Restriction>) -> Self {
        let filter = LabelFilter::new(listing, restriction);
        Self { utf8: Utf8::default(), scanner: Scanner::default(), filter, failed: None }
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
