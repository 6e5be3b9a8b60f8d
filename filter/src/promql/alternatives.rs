//! Writes matchers into the selectors of a query, or alternatives of which any may hold.
//!
//! PromQL has no alternatives within a selector, so that the selector becomes a union: `x` with the alternatives A and B
//! is `(x{A} or x{B})`. `or` drops an element of its right side if one of its left side has the same labels but for the
//! name. Nothing is lost by that: alternatives are about labels other than the name, so that whoever has the same labels
//! as an element of the left side satisfies A as well, and stands on the left side itself.
//!
//! A union is no range, so it is made around the whole call of a function that looks at each series by itself:
//! `(rate(x{A}[5m]) or rate(x{B}[5m]))`. Such functions drop the name or keep it; either way two series that only the
//! name tells apart satisfy the same alternatives, so that they meet on one side as they would without alternatives.
//! `timestamp` reads the time of a sample only if its argument is a selector. Anything else that looks at a selector, and
//! not at its series alone, is refused.

use super::bounds::{Bound, Bounds, Counts};
use super::error::{Problem, SyntaxError};
use super::functions::reads_windows;
use super::lexer::Token;
use super::parser::Parser;
use super::{Insertion, Query, Selector};

/// The longest query with matchers inserted, in bytes (`threats.md` R6).
pub const MAX_RESTRICTED: usize = 256 * 1024;

/// The part of a query that stands there once for each alternative: a selector with its modifiers, or the call of a
/// function that takes a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    start: usize,
    pub(super) end: usize,
    /// The number of parts of the query within it.
    parts: u32,
    extent: Extent,
    /// True if a parenthesis here would be taken for that of labels, after `group_left` or `group_right`.
    needs_labels: bool,
}

/// The extent of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    Selector,
    Call,
    /// A selector whose matchers a function shows, so that it can't be taken apart.
    Shown,
}

impl Unit {
    /// Creates the unit of a selector that begins here.
    pub(super) fn new(start: usize, needs_labels: bool) -> Self {
        Self { start, end: start, parts: 1, extent: Extent::Selector, needs_labels }
    }
}

impl Parser<'_> {
    /// Notes what becomes of a selector that is an argument of this call by itself. The call has been read; before it the
    /// query had so many parts.
    pub(super) fn unite_call(&mut self, word: Token, parts: u32, function: &str, argument: Option<usize>) {
        let parts = self.query.parts.saturating_sub(parts);
        let needs_labels = self.ungrouped == Some(word.start);
        let Some(selector) = argument.and_then(|at| self.query.selectors.get_mut(at)) else { return };
        let unit = &mut selector.unit;
        match function {
            "absent" | "absent_over_time" => unit.extent = Extent::Shown,
            _ if reads_windows(function) || function == "start_timestamp" => {
                *unit = Unit { start: word.start, end: self.used, parts, extent: Extent::Call, needs_labels };
            }
            _ => {}
        }
    }
}

impl Query<'_> {
    /// Returns the text with `matchers`, which are joined by commas, inserted into every selector; nothing else in it
    /// changes. Returns `None` if the result would be longer than [`MAX_RESTRICTED`].
    pub fn restricted(&self, matchers: &str) -> Option<String> {
        self.with_any_of(&[matchers])
    }

    /// Returns the text with alternatives inserted into every selector, so that it gives the series of any of them. Each
    /// alternative is matchers that are joined by commas, none of them on the name. Returns `None` if the result would be
    /// longer than [`MAX_RESTRICTED`].
    ///
    /// # Errors
    ///
    /// Returns an error for a selector that can't have alternatives without another change of what the query gives.
    pub fn alternated(&self, alternatives: &[&str], way: Alternation) -> Result<Option<String>, SyntaxError> {
        let mut done = 0;
        for selector in &self.selectors {
            let unit = &selector.unit;
            let refuse = |problem| Err(SyntaxError { at: selector.place.at(), problem });
            match unit.extent {
                Extent::Shown => return refuse(Problem::ShownMatchers),
                _ if way == Alternation::Native => {}
                _ if unit.start < done => return refuse(Problem::BesideRange),
                Extent::Selector if selector.range > 0 => return refuse(Problem::LoneRange),
                Extent::Selector | Extent::Call => done = unit.end,
            }
        }
        Ok(match way {
            Alternation::Union => self.with_unions(alternatives),
            Alternation::Native => self.with_any_of(alternatives),
        })
    }

    /// Returns the text with alternatives between the braces of every selector, joined by `or`, as MetricsQL has them.
    fn with_any_of(&self, alternatives: &[&str]) -> Option<String> {
        let copied = |selector: &Selector| selector.others.saturating_sub(selector.place.at());
        let mut text = self.room_for(alternatives, copied)?;
        let mut done = 0;
        for selector in &self.selectors {
            let at = selector.place.at();
            let others = self.text.get(at..selector.others)?;
            let (before, after) = selector.place.braces();
            text.push_str(self.text.get(done..at)?);
            text.push_str(before);
            for (number, matchers) in alternatives.iter().enumerate() {
                text.push_str(if number > 0 { OR } else { "" });
                text.push_str(matchers);
                text.push_str(selector.place.comma());
                text.push_str(others);
            }
            text.push_str(after);
            done = selector.others;
        }
        text.push_str(self.text.get(done..)?);
        Some(text)
    }

    /// Returns the text with a union for every selector.
    fn with_unions(&self, alternatives: &[&str]) -> Option<String> {
        let copied = |Selector { unit, .. }: &Selector| unit.end.saturating_sub(unit.start);
        let mut text = self.room_for(alternatives, copied)?;
        let mut done = 0;
        for Selector { unit, place, .. } in &self.selectors {
            let (before, after) = place.braces();
            text.push_str(self.text.get(done..unit.start)?);
            text.push_str(if unit.needs_labels { "() (" } else { "(" });
            for (number, matchers) in alternatives.iter().enumerate() {
                text.push_str(if number > 0 { OR } else { "" });
                text.push_str(self.text.get(unit.start..place.at())?);
                text.push_str(before);
                text.push_str(matchers);
                text.push_str(place.comma());
                text.push_str(after);
                text.push_str(self.text.get(place.at()..unit.end)?);
            }
            text.push(')');
            done = unit.end;
        }
        text.push_str(self.text.get(done..)?);
        Some(text)
    }

    /// Returns an empty text with room for the query and for what is inserted, of which `copied` is the length of the part
    /// of the query that is repeated. Returns `None` if it would be longer than [`MAX_RESTRICTED`].
    fn room_for(&self, alternatives: &[&str], copied: impl Fn(&Selector) -> usize) -> Option<String> {
        let added = |selector: &Selector| {
            let more = alternatives.iter().map(|matchers| matchers.len().saturating_add(2));
            let repeated = alternatives.len().saturating_sub(1);
            let around = if repeated > 0 { AROUND } else { 0 };
            let copies = repeated.saturating_mul(copied(selector).saturating_add(AROUND));
            more.fold(copies.saturating_add(around), usize::saturating_add)
        };
        let length = self.selectors.iter().map(added).fold(self.text.len(), usize::saturating_add);
        (length <= MAX_RESTRICTED).then(|| String::with_capacity(length))
    }

    /// Counts each selector once for each of so many alternatives. `spent` are the counts of earlier texts.
    ///
    /// # Errors
    ///
    /// Returns an error if that exceeds a bound.
    pub fn multiply(
        &mut self,
        alternatives: u32,
        way: Alternation,
        bounds: &Bounds,
        spent: Counts,
    ) -> Result<(), SyntaxError> {
        let more = alternatives.saturating_sub(1);
        let own = |bound| self.counts.of(bound).saturating_sub(spent.of(bound)).saturating_mul(more);
        let counted = [Bound::Selectors, Bound::Unnamed, Bound::Matchers, Bound::Repetitions];
        let mut added = counted.map(|bound| (bound, own(bound))).to_vec();
        if way == Alternation::Union {
            for Selector { unit, within, .. } in &self.selectors {
                let parts = unit.parts.saturating_add(1).saturating_mul(more);
                self.parts = self.parts.saturating_add(parts);
                let mut within = *within;
                while let Some(subquery) = within.and_then(|number| self.subqueries.get_mut(number)) {
                    subquery.parts = subquery.parts.saturating_add(parts);
                    within = subquery.within;
                }
                added.push((Bound::Operators, more));
                added.push((Bound::Calls, unit.parts.saturating_sub(1).saturating_mul(more)));
            }
        }
        for (bound, number) in added {
            self.counts.add(bound, number, bounds).map_err(|most| SyntaxError {
                at: 0,
                problem: Problem::Multiplied(alternatives, bound, most),
            })?;
        }
        Ok(())
    }
}

/// The way in which alternatives are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alternation {
    /// As a union of expressions.
    Union,
    /// As alternatives within a selector, or as further selectors of a list.
    Native,
}

impl Insertion {
    /// Returns the braces around matchers that are inserted here.
    fn braces(self) -> (&'static str, &'static str) {
        match self {
            Self::AfterName(_) => ("{", "}"),
            Self::Alone(_) | Self::BeforeOthers(_) => ("", ""),
        }
    }

    /// Returns what separates matchers that are inserted here from those that follow.
    fn comma(self) -> &'static str {
        match self {
            Self::BeforeOthers(_) => ",",
            Self::AfterName(_) | Self::Alone(_) => "",
        }
    }
}

/// The operator between alternatives.
pub const OR: &str = " or ";

/// The most bytes that a union adds around a selector, and the most between two copies.
const AROUND: usize = 6;
