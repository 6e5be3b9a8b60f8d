//! A reader of PromQL for a gateway: it finds each selector of a query, so that a matcher can be inserted into it, and
//! measures how much the query reads, so that a guard can refuse it.
//!
//! The text of a query or of a selector comes in; a [`Query`] or a [`SyntaxError`] goes out. The text is never printed
//! anew: the server gets what the caller wrote, byte for byte, with matchers inserted. The grammar is that of stable
//! Prometheus 3.x, and of its experimental parts where they are switched on. Anything else is an error, and so is refused to callers whose queries have to be read (`threats.md`
//! R1).

mod alternatives;
mod bounds;
mod calls;
mod cost;
mod durations;
mod error;
mod extensions;
mod functions;
mod labels;
mod lexer;
mod literal;
mod matchers;
mod misprinted;
mod modifiers;
mod naming;
mod parser;
mod regex;
mod selectors;
#[cfg(not(target_arch = "wasm32"))]
mod texts;
mod time;
mod work;
mod written;

pub use alternatives::{Alternation, MAX_RESTRICTED, OR};
pub use bounds::{Bound, Bounds, Counts, MAX_COUNT, MAX_DEPTH};
pub use cost::Reach;
pub use error::{Problem, SyntaxError};
pub use extensions::Extensions;
pub use matchers::TooMany;
pub use parser::Wanted;
pub use work::Work;

use crate::time::Evaluation;
use alternatives::Unit;
use durations::Calculation;
use naming::NameSpan;
use std::borrow::Cow;
use time::Shift;

/// A parsed query, with the text that it was parsed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query<'a> {
    text: &'a str,
    /// The selectors in the order of the text.
    selectors: Vec<Selector>,
    /// The subqueries; an outer one stands after those within it.
    subqueries: Vec<Subquery>,
    /// The durations that are worked out with the times of the request.
    calculated: Vec<Calculated>,
    /// The counts of this text and of those before it.
    counts: Counts,
    /// The number of parts that a server evaluates at each point, and of labels that group or match series.
    parts: u32,
    labels: u32,
    /// The number of operators whose longer side VictoriaMetrics reads anew.
    read_anew: u32,
}

/// A duration that is worked out with the times of the request, and stands in the query as a placeholder.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Calculated {
    duration: Duration,
    calculation: Calculation,
    /// The position at which it begins, in bytes from the start of the text.
    at: usize,
}

/// A duration in the lists of a query, by the index of what has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Duration {
    RangeOfSelector(usize),
    OffsetOfSelector(usize),
    RangeOfSubquery(usize),
    StepOfSubquery(usize),
    OffsetOfSubquery(usize),
}

/// A selector: where a matcher is inserted, and what moves the time at which it is read. Durations are in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Selector {
    place: Insertion,
    /// The end of the last matcher between its braces; the place if there is none.
    others: usize,
    unit: Unit,
    /// The name of its metric, if it is named outright.
    name: Option<NameSpan>,
    /// True if its name is all that it says.
    is_alone: bool,
    /// The length of its range; zero if it has none.
    range: i64,
    shift: Shift,
    /// True if `anchored` or `smoothed` follows, so that samples before the range are read as well.
    is_extended: bool,
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

impl Insertion {
    /// Returns the position, in bytes from the start of the text.
    fn at(self) -> usize {
        match self {
            Self::AfterName(at) | Self::Alone(at) | Self::BeforeOthers(at) => at,
        }
    }
}

/// A subquery, or an expression that some servers evaluate as one. Durations are in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Subquery {
    range: i64,
    step: Option<i64>,
    shift: Shift,
    /// The index of the innermost subquery around it.
    within: Option<usize>,
    /// The number of parts of the query within it, those of subqueries within it and itself among them.
    parts: u32,
    /// True if a function sorts what it gives for each point.
    is_sorted: bool,
}

impl Selector {
    /// Returns `true` if neither a range nor a modifier follows the selector.
    fn is_plain(&self) -> bool {
        self.range == 0 && self.shift == Shift::default() && !self.is_extended
    }
}

impl<'a> Query<'a> {
    /// Parses a text within bounds. `spent` is what earlier texts of the same request have taken of them.
    ///
    /// # Errors
    ///
    /// Returns an error with its position if the text doesn't have the form that is wanted, isn't understood by this
    /// parser, or exceeds a bound.
    pub fn parse_within(
        text: &'a str,
        wanted: Wanted,
        bounds: &Bounds,
        spent: Counts,
    ) -> Result<Self, SyntaxError> {
        parser::parse(text, wanted, bounds, spent)
    }

    /// Parses an expression within the bounds that hold by default.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`parse_within`](Self::parse_within).
    pub fn parse(text: &'a str) -> Result<Self, SyntaxError> {
        parser::parse(text, Wanted::Expression, &Bounds::default(), Counts::default())
    }

    /// Parses a selector within the bounds that hold by default.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`parse_within`](Self::parse_within).
    pub fn parse_selector(text: &'a str) -> Result<Self, SyntaxError> {
        parser::parse(text, Wanted::Selector, &Bounds::default(), Counts::default())
    }

    /// Returns the counts of this text, and of those before it.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Returns the number of selectors in the query.
    pub fn selectors(&self) -> usize {
        self.selectors.len()
    }

    /// Leaves selectors out of those that get matchers: the ones that name their metric outright, where `is_shared`
    /// returns `true` for its name.
    pub fn leave_out(&mut self, is_shared: &dyn Fn(&str) -> bool) {
        let text = self.text;
        self.selectors
            .retain(|selector| !selector.name.and_then(|name| name.name(text)).is_some_and(is_shared));
    }

    /// Returns the query with its durations worked out for an evaluation, whose step may be as long as `longest_step`,
    /// in milliseconds. Of bounds, those are taken that let it read further back and at more points.
    ///
    /// # Errors
    ///
    /// Returns an error for a duration that can't be worked out here.
    pub fn worked_out(
        &self,
        evaluation: &Evaluation,
        longest_step: Option<i64>,
    ) -> Result<Cow<'_, Self>, SyntaxError> {
        if self.calculated.is_empty() {
            return Ok(Cow::Borrowed(self));
        }
        let mut query = Self { calculated: Vec::new(), ..self.clone() };
        for Calculated { duration, calculation, at } in &self.calculated {
            let (low, high) = calculation.value(evaluation, longest_step).ok_or(durations::unclear(*at))?;
            let (selectors, subqueries) = (&mut query.selectors, &mut query.subqueries);
            match *duration {
                Duration::RangeOfSelector(index) => {
                    selectors.get_mut(index).into_iter().for_each(|selector| selector.range = high.max(1));
                }
                Duration::OffsetOfSelector(index) => {
                    selectors
                        .get_mut(index)
                        .into_iter()
                        .for_each(|selector| selector.shift.offset = Some(high));
                }
                Duration::RangeOfSubquery(index) => {
                    subqueries.get_mut(index).into_iter().for_each(|subquery| subquery.range = high);
                }
                Duration::StepOfSubquery(index) => {
                    subqueries.get_mut(index).into_iter().for_each(|subquery| subquery.step = Some(low));
                }
                Duration::OffsetOfSubquery(index) => {
                    subqueries
                        .get_mut(index)
                        .into_iter()
                        .for_each(|subquery| subquery.shift.offset = Some(high));
                }
            }
        }
        Ok(Cow::Owned(query))
    }
}

#[cfg(test)]
mod tests;
