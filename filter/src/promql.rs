//! A reader of PromQL for a gateway: it finds each selector of a query, so that a matcher can be inserted into it, and
//! measures how much the query reads, so that a guard can refuse it.
//!
//! The text of a query or of a selector comes in; a [`Query`] or a [`SyntaxError`] goes out. The text is never printed
//! anew: the server gets what the caller wrote, byte for byte, with matchers inserted. The grammar is that of stable
//! Prometheus 3.x. Anything else is an error, and so is refused to callers whose queries have to be read (`threats.md`
//! R1).

mod cost;
mod error;
mod functions;
mod labels;
mod lexer;
mod modifiers;
mod parser;
mod time;

pub use cost::Reach;
pub use error::{Problem, SyntaxError};

use parser::Wanted;
use time::Shift;

/// The greatest depth of expressions within expressions (`threats.md` S1).
pub const MAX_DEPTH: usize = 64;

/// The longest query that is read, in bytes (`threats.md` S1).
pub const MAX_LENGTH: usize = 16 * 1024;

/// The longest query with matchers inserted, in bytes (`threats.md` R6).
pub const MAX_RESTRICTED: usize = 256 * 1024;

/// A parsed query, with the text that it was parsed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query<'a> {
    text: &'a str,
    /// The selectors in the order of the text.
    selectors: Vec<Selector>,
    /// The subqueries; an outer one stands after those within it.
    subqueries: Vec<Subquery>,
}

/// A selector: where a matcher is inserted, and what moves the time at which it is read. Durations are in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Selector {
    place: Insertion,
    /// The length of its range; zero if it has none.
    range: i64,
    shift: Shift,
    /// The index of the innermost subquery around it.
    within: Option<usize>,
}

/// The position at which a matcher is inserted, in bytes from the start of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Insertion {
    /// After a metric's name; the matcher gets braces of its own.
    AfterName(usize),
    /// Between braces that are empty.
    Alone(usize),
    /// Between braces, before the matchers that stand there.
    BeforeOthers(usize),
}

/// A subquery, or an expression that some servers evaluate as one. Durations are in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Subquery {
    range: i64,
    step: Option<i64>,
    shift: Shift,
    /// The index of the innermost subquery around it.
    within: Option<usize>,
}

impl Selector {
    /// Returns `true` if neither a range nor a modifier follows the selector.
    fn is_plain(&self) -> bool {
        self.range == 0 && self.shift == Shift::default()
    }
}

impl<'a> Query<'a> {
    /// Parses an expression, as the parameter `query` holds it.
    ///
    /// # Errors
    ///
    /// Returns an error with its position if the text isn't an expression that this parser understands.
    pub fn parse(text: &'a str) -> Result<Self, SyntaxError> {
        parser::parse(text, Wanted::Expression)
    }

    /// Parses a single selector without a range or modifiers, as the parameter `match[]` holds it.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`parse`](Self::parse).
    pub fn parse_selector(text: &'a str) -> Result<Self, SyntaxError> {
        parser::parse(text, Wanted::Selector)
    }

    /// Returns the number of selectors in the query.
    pub fn selectors(&self) -> usize {
        self.selectors.len()
    }

    /// Returns the text with `matchers`, which are joined by commas, inserted into every selector; nothing else in it
    /// changes. Returns `None` if the result would be longer than [`MAX_RESTRICTED`].
    pub fn restricted(&self, matchers: &str) -> Option<String> {
        let added = self.selectors.len().saturating_mul(matchers.len().saturating_add(2));
        let length = self.text.len().saturating_add(added);
        if length > MAX_RESTRICTED {
            return None;
        }
        let mut text = String::with_capacity(length);
        let mut copied = 0;
        for selector in &self.selectors {
            let (at, before, after) = match selector.place {
                Insertion::AfterName(at) => (at, "{", "}"),
                Insertion::Alone(at) => (at, "", ""),
                Insertion::BeforeOthers(at) => (at, "", ","),
            };
            text.push_str(self.text.get(copied..at)?);
            text.push_str(before);
            text.push_str(matchers);
            text.push_str(after);
            copied = at;
        }
        text.push_str(self.text.get(copied..)?);
        Some(text)
    }
}

#[cfg(test)]
mod tests;
