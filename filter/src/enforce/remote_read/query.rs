//! A query of a message: a selector as a list of matchers, its times, and hints of how the samples are used.
//!
//! Of the hints a server may take the times in place of those of the query, so guards hold both.

use super::ReadTerms;
use super::error::ReadError;
use crate::enforce::shared::NAME;
use crate::enforce::term::escape;
use crate::promql::Counts;
use crate::time::Window;
use crate::wire::protobuf::{Reader, Value, write_bytes, write_number};
use std::str;

/// Queries as they are written anew, one after the other.
#[derive(Default)]
pub(super) struct Query {
    written: Vec<u8>,
    hints: Vec<u8>,
}

/// The parts of a query that decide what it gets, and if it is allowed.
#[derive(Default)]
struct Found<'a> {
    times: Window,
    of_hints: Option<Window>,
    /// True if a matcher is about the name of the metric.
    is_name_mentioned: bool,
    /// The name of the metric, if an equality is all that is said of it.
    name: Option<&'a str>,
}

impl Query {
    /// Returns the query that was written last.
    pub(super) fn written(&self) -> &[u8] {
        &self.written
    }

    /// Writes a query anew, with the matchers that a restriction adds to it, and returns the time that it may read. `counts` are
    /// those of the queries so far.
    ///
    /// # Errors
    ///
    /// Returns an error if the query can be read in two ways, or violates the requirements.
    pub(super) fn restrict(
        &mut self,
        query: &[u8],
        terms: &ReadTerms,
        added: &[u8],
        counts: &mut Counts,
    ) -> Result<Window, ReadError> {
        if query.len() > terms.bounds.length {
            return Err(ReadError::LongQuery(terms.bounds.length));
        }
        self.written.clear();
        let mut found = Found::default();
        let (mut seen, mut reader) = (Seen::default(), Reader::new(query));
        while let Some(field) = reader.field()? {
            match (field.number, field.value) {
                (number @ (1 | 2), Value::Varint(time)) => {
                    write_number(&mut self.written, number, time);
                    set(&mut found.times, number == 1, time);
                }
                (3, Value::Bytes(matcher)) => {
                    let matcher = Matcher::read(matcher)?;
                    counts.add_matcher(matcher.regex(), &terms.bounds)?;
                    if matcher.name == NAME {
                        found.name = matcher.equal().filter(|_| !found.is_name_mentioned);
                        found.is_name_mentioned = true;
                    }
                    matcher.write(&mut self.written);
                    continue;
                }
                (4, Value::Bytes(hints)) => found.of_hints = Some(self.hints(hints, terms, counts)?),
                _ => return Err(ReadError::Field),
            }
            seen.once(field.number)?;
        }
        counts.add_selector(found.name.is_some(), &terms.bounds)?;
        let shared = terms.restriction.as_ref().and_then(|restriction| restriction.shared());
        match shared.and_then(|shared| found.name.filter(|name| shared.has(name))) {
            None => self.written.extend_from_slice(added),
            // Servers take an equality on a label that they add to their answers themselves for one that is missing.
            Some(name) => {
                let mut pattern = String::new();
                escape(&mut pattern, name);
                Matcher::of_pattern(NAME, &pattern).write(&mut self.written);
            }
        }
        // Whichever times the server takes.
        Ok(found.times.joined(found.of_hints.unwrap_or(found.times)))
    }

    /// Reads the hints of a query, writes each anew and returns their times. One that is missing is zero. A label to group by
    /// counts as a matcher.
    fn hints(&mut self, hints: &[u8], terms: &ReadTerms, counts: &mut Counts) -> Result<Window, ReadError> {
        self.hints.clear();
        let mut times = Window::default();
        let (mut seen, mut reader) = (Seen::default(), Reader::new(hints));
        while let Some(field) = reader.field()? {
            match (field.number, field.value) {
                (number @ (1 | 3 | 4 | 7), Value::Varint(time)) => {
                    write_number(&mut self.hints, number, time);
                    if number == 3 || number == 4 {
                        set(&mut times, number == 3, time);
                    }
                }
                (6, Value::Varint(by)) => write_number(&mut self.hints, 6, (by != 0).into()),
                (number @ (2 | 5), Value::Bytes(bytes)) => {
                    write_bytes(&mut self.hints, number, text(bytes)?.as_bytes());
                }
                _ => return Err(ReadError::Field),
            }
            match field.number {
                5 => counts.add_matcher(None, &terms.bounds)?,
                number => seen.once(number)?,
            }
        }
        write_bytes(&mut self.written, 4, &self.hints);
        Ok(times)
    }
}

/// A matcher of a query.
pub(super) struct Matcher<'a> {
    kind: u64,
    name: &'a str,
    value: &'a str,
}

/// The type of a matcher that one value satisfies.
const EQUAL: u64 = 0;

/// The type of a matcher that one value doesn't satisfy.
const NOT_EQUAL: u64 = 1;

/// The type of a matcher that the values satisfy which a regular expression matches.
const MATCHING: u64 = 2;

/// The type of a matcher that these values don't satisfy.
const NOT_MATCHING: u64 = 3;

impl<'a> Matcher<'a> {
    /// Creates a matcher of the values that a regular expression matches, which servers anchor.
    pub(super) fn of_pattern(name: &'a str, pattern: &'a str) -> Self {
        Self { kind: MATCHING, name, value: pattern }
    }

    /// Creates a matcher of any series that has a label.
    pub(super) fn of_presence(name: &'a str) -> Self {
        Self { kind: NOT_EQUAL, name, value: "" }
    }

    /// Reads a matcher of a query.
    fn read(matcher: &'a [u8]) -> Result<Self, ReadError> {
        let (mut kind, mut name, mut value) = (EQUAL, "", "");
        let (mut seen, mut reader) = (Seen::default(), Reader::new(matcher));
        while let Some(field) = reader.field()? {
            match (field.number, field.value) {
                (1, Value::Varint(number)) => kind = number,
                (2, Value::Bytes(bytes)) => name = text(bytes)?,
                (3, Value::Bytes(bytes)) => value = text(bytes)?,
                _ => return Err(ReadError::Field),
            }
            seen.once(field.number)?;
        }
        match kind {
            // To some servers an empty name and an empty value are all series.
            _ if name.is_empty() => Err(ReadError::Text),
            EQUAL..=NOT_MATCHING => Ok(Self { kind, name, value }),
            _ => Err(ReadError::Matcher(kind)),
        }
    }

    /// Writes the matcher as a field of a query.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let mut matcher = Vec::new();
        write_number(&mut matcher, 1, self.kind);
        write_bytes(&mut matcher, 2, self.name.as_bytes());
        write_bytes(&mut matcher, 3, self.value.as_bytes());
        write_bytes(out, 3, &matcher);
    }

    /// Returns the value that a label must have, unless that is none.
    fn equal(&self) -> Option<&'a str> {
        Some(self.value).filter(|value| self.kind == EQUAL && !value.is_empty())
    }

    /// Returns the regular expression, if the matcher has one.
    fn regex(&self) -> Option<&'a str> {
        Some(self.value).filter(|_| self.kind >= MATCHING)
    }
}

/// The fields of a message that have been read, of those that may stand once. Of two, some servers take the last, and some
/// both.
#[derive(Default)]
struct Seen(u32);

impl Seen {
    /// Notes the number of a field, which may come once only.
    #[inline(never)]
    fn once(&mut self, number: u32) -> Result<(), ReadError> {
        let before = self.0;
        self.0 |= 1_u32.wrapping_shl(number);
        if self.0 == before { Err(ReadError::Malformed) } else { Ok(()) }
    }
}

/// Sets the start or the end of a time.
fn set(window: &mut Window, is_start: bool, time: u64) {
    *(if is_start { &mut window.start } else { &mut window.end }) = time.cast_signed();
}

/// Returns bytes as text, which names and values have to be.
#[inline(never)]
fn text(bytes: &[u8]) -> Result<&str, ReadError> {
    str::from_utf8(bytes).map_err(|_| ReadError::Text)
}
