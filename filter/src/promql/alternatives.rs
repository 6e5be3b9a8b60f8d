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
pub(super) enum Extent {
    /// A selector with its modifiers.
    Selector,
    /// The call of a function that takes a range, or reads the time of a sample.
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
    /// Notes the extent of the unit of a selector that is an argument of this call by itself. The call has been read; before
    /// it the query had so many parts.
    pub(super) fn unite_call(
        &mut self,
        word: Token,
        function: &str,
        extent: Extent,
        parts: u32,
        argument: Option<usize>,
    ) {
        let Some(selector) = argument.and_then(|at| self.query.selectors.get_mut(at)) else { return };
        let extent = match function {
            "absent" | "absent_over_time" => Extent::Shown,
            "start_timestamp" => Extent::Call,
            _ => extent,
        };
        if extent != Extent::Selector {
            let parts = self.query.parts.saturating_sub(parts);
            let needs_labels = self.ungrouped == Some(word.start);
            selector.unit = Unit { start: word.start, end: self.used, parts, extent, needs_labels };
        }
    }
}

impl Query<'_> {
    /// Returns the text with `matchers`, which are joined by commas, inserted into every selector; nothing else in it
    /// changes. Returns `None` if the result would be longer than [`MAX_RESTRICTED`].
    pub fn restricted(&self, matchers: &str) -> Option<String> {
        self.written(1, &|_| matchers, Alternation::Native)
    }

    /// Returns the text with so many alternatives inserted into every selector, so that it gives the series of any of them.
    /// The matchers of each are joined by commas, and none of them is on the name. Returns `None` if the result would be
    /// longer than [`MAX_RESTRICTED`].
    ///
    /// # Errors
    ///
    /// Returns an error for a selector that can't have alternatives without another change of what the query gives.
    pub fn alternated<'m>(
        &self,
        number: usize,
        matchers: &dyn Fn(usize) -> &'m str,
        way: Alternation,
    ) -> Result<Option<String>, SyntaxError> {
        let mut done = 0;
        for selector in &self.selectors {
            let unit = &selector.unit;
            let problem = match unit.extent {
                Extent::Shown => Problem::ShownMatchers,
                _ if way == Alternation::Native => continue,
                _ if unit.start < done => Problem::BesideRange,
                Extent::Selector if selector.range > 0 => Problem::LoneRange,
                Extent::Selector | Extent::Call => {
                    done = unit.end;
                    continue;
                }
            };
            return Err(SyntaxError { at: selector.place.at(), problem });
        }
        Ok(self.written(number, matchers, way))
    }

    /// Returns the text with alternatives, or with the matchers of the only one, which repeats nothing and is always native.
    fn written<'m>(
        &self,
        number: usize,
        matchers: &dyn Fn(usize) -> &'m str,
        way: Alternation,
    ) -> Option<String> {
        let inserted = self.selectors.len().saturating_mul(matchers(0).len().saturating_add(2));
        let length = self.text.len().saturating_add(inserted);
        let mut text = String::with_capacity(length.min(MAX_RESTRICTED));
        let mut done = 0;
        for selector in &self.selectors {
            let at = selector.place.at();
            let (from, to) = if number > 1 { selector.repeated(way) } else { (at, at) };
            let (before, comma, after) = match selector.place {
                Insertion::AfterName(_) => ("{", "", "}"),
                Insertion::Alone(_) => ("", "", ""),
                Insertion::BeforeOthers(_) => ("", ",", ""),
            };
            // A union has braces for each alternative, and parentheses around all.
            let ([open, close], [before, after]) = match way {
                Alternation::Native => ([before, after], ["", ""]),
                Alternation::Union if selector.unit.needs_labels => (["() (", ")"], [before, after]),
                Alternation::Union => (["(", ")"], [before, after]),
            };
            text.push_str(self.part(done, from));
            text.push_str(open);
            let (first, last) = (self.part(from, at), self.part(at, to));
            let mut or = "";
            for number in 0..number {
                for part in [or, first, before, matchers(number), comma, after, last] {
                    // Most of them are empty mostly.
                    if !part.is_empty() {
                        text.push_str(part);
                    }
                }
                or = OR;
                if text.len() > MAX_RESTRICTED {
                    return None;
                }
            }
            text.push_str(close);
            done = to;
        }
        text.push_str(self.part(done, self.text.len()));
        (text.len() <= MAX_RESTRICTED).then_some(text)
    }

    /// Returns the text between two positions.
    #[inline(never)]
    fn part(&self, from: usize, to: usize) -> &str {
        self.text.get(from..to).unwrap_or_default()
    }

    /// Counts each selector once for each of so many alternatives. `spent` are the counts of earlier texts.
    ///
    /// # Errors
    ///
    /// Returns an error if that exceeds a bound.
    pub fn multiply(
        &mut self,
        alternatives: usize,
        way: Alternation,
        bounds: &Bounds,
        spent: Counts,
    ) -> Result<(), SyntaxError> {
        let alternatives = u32::try_from(alternatives).unwrap_or(u32::MAX);
        let more = alternatives.saturating_sub(1);
        let (mut operators, mut calls) = (0_u32, 0_u32);
        if way == Alternation::Union {
            for Selector { unit, within, .. } in &self.selectors {
                operators = operators.saturating_add(more);
                calls = calls.saturating_add(unit.parts.saturating_sub(1).saturating_mul(more));
                let parts = unit.parts.saturating_add(1).saturating_mul(more);
                self.parts = self.parts.saturating_add(parts);
                let mut within = *within;
                while let Some(subquery) = within.and_then(|number| self.subqueries.get_mut(number)) {
                    subquery.parts = subquery.parts.saturating_add(parts);
                    within = subquery.within;
                }
            }
        }
        for bound in [
            Bound::Selectors,
            Bound::Unnamed,
            Bound::Matchers,
            Bound::Repetitions,
            Bound::Operators,
            Bound::Calls,
        ] {
            let number = match bound {
                Bound::Operators => operators,
                Bound::Calls => calls,
                _ => self.counts.of(bound).saturating_sub(spent.of(bound)).saturating_mul(more),
            };
            if let Err(most) = self.counts.add(bound, number, bounds) {
                let at = self.selectors.last().map_or(0, |selector| selector.place.at());
                return Err(SyntaxError { at, problem: Problem::Multiplied(alternatives, bound, most) });
            }
        }
        Ok(())
    }
}

impl Selector {
    /// Returns the part of the text that stands once for each alternative, by its beginning and its end.
    fn repeated(&self, way: Alternation) -> (usize, usize) {
        match way {
            Alternation::Native => (self.place.at(), self.others),
            Alternation::Union => (self.unit.start, self.unit.end),
        }
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

/// The operator between alternatives.
pub const OR: &str = " or ";
