//! Rewrites the texts of one parameter: each query or selector is read, checked, and gets the restriction. An expression gets
//! all alternatives of it, and a list of selectors one more for each.

use super::Requirements;
use crate::api::endpoint::{SelectorForm, Selectors};
use crate::enforce::checks::Checks;
use crate::enforce::restriction::{Alternative, Restriction};
use crate::enforce::rewrite_cache::{Original, RewriteCache};
use crate::enforce::violation::Violation;
use crate::promql::{Alternation, Bounds, Counts, MAX_RESTRICTED, Query};
use crate::target::parameters::{FormText, Parameters};
use crate::time::dialect::Dialect;
use std::rc::Rc;

impl Requirements {
    /// Reads every query or selector, checks it and writes the restriction into it. `spent` is what the first half has
    /// taken of the bounds. If there are no guards to check, a cached query isn't read again.
    pub(super) fn restrict(
        &self,
        selectors: Selectors,
        parameters: &mut Parameters,
        mut spent: Counts,
        rewrites: &mut RewriteCache,
        checks: &Checks<'_>,
    ) -> Result<(), Violation> {
        let name = selectors.parameter;
        let mut left = MAX_RESTRICTED;
        let restriction = self.restriction.as_ref().filter(|_| reads_series(selectors.form));
        let alternatives = restriction.map_or(1, |restriction| restriction.number());
        let is_list = selectors.form != SelectorForm::Expression;
        if is_list && alternatives > 1 && parameters.has(name) {
            check_takes_all(name, restriction)?;
            parameters.repeat(name, alternatives);
        }
        // Guards have to read the query, and so have bounds that several texts share, or that aren't those of others. Of a
        // repeated selector each has another alternative.
        let is_one = spent == Counts::default() && parameters.named(name).nth(1).is_none();
        let is_usual = self.bounds == Bounds { length: self.bounds.length, ..Bounds::default() };
        let mut rewrites = Some(rewrites).filter(|_| self.guarded.is_none() && is_one && is_usual);
        let (dialect, mut turn) = (self.profile.dialect, 0_usize);
        parameters.rewrite(name, |given| {
            let Some(restriction) = restriction.filter(|_| given.fits(self.bounds.length)) else {
                let text = given.value();
                let query = self.read(selectors, &text, spent)?;
                checks.check(&query)?;
                spent = query.counts();
                return Ok(None);
            };
            let original =
                Original { form: selectors.form, dialect, text: given.written_value(), restriction };
            if let Some((restricted, work)) = rewrites.as_ref().and_then(|rewrites| rewrites.find(&original))
            {
                checks.check_work(work)?;
                return Ok(Some(restricted.clone()));
            }
            let text = given.value();
            let mut query = self.read(selectors, &text, spent)?;
            let way = alternation(dialect);
            if !is_list && alternatives > 1 {
                let multiplied = query.multiply(alternatives, way, &self.bounds, spent);
                multiplied.map_err(|error| Violation::Syntax(name, error))?;
            }
            let work = checks.check(&query)?;
            spent = query.counts();
            // A selector that filters an answer is about other labels than those of series.
            if let Some(shared) = restriction.shared()
                && selectors.form != SelectorForm::Filters
            {
                query.leave_out(&|name| shared.has(name));
            }
            let matchers = |number| restriction.alternative(number).map_or("", Alternative::matchers);
            let restricted = if is_list {
                let number = turn;
                turn = if number.saturating_add(1) < alternatives { number.saturating_add(1) } else { 0 };
                query.restricted(matchers(number))
            } else if alternatives > 1 {
                let alternated = query.alternated(alternatives, &matchers, way);
                alternated.map_err(|error| Violation::Syntax(name, error))?
            } else {
                query.restricted(restriction.matchers())
            };
            let restricted = restricted.ok_or(Violation::TooLong)?;
            left = left.checked_sub(restricted.len()).ok_or(Violation::TooLong)?;
            let restricted = FormText::new(&restricted);
            if let (Some(rewrites), Some(work)) = (&mut rewrites, work) {
                rewrites.remember(&original, &restricted, work);
            }
            Ok(Some(restricted))
        })
    }

    /// Parses a query or a selector. Bounds are tighter where the server's time grows faster than the length.
    pub(super) fn read<'a>(
        &self,
        selectors: Selectors,
        text: &'a str,
        spent: Counts,
    ) -> Result<Query<'a>, Violation> {
        let bounds = match selectors.form {
            SelectorForm::Formatted => self.bounds.within(Bounds::FORMATTED),
            SelectorForm::Parsed => self.bounds.within(Bounds::PARSED),
            _ => self.bounds,
        };
        let refused = |error| Violation::Syntax(selectors.parameter, error);
        let query = Query::parse_within(text, selectors.form.wanted(), &bounds, spent).map_err(refused)?;
        // The matchers of a restriction keep the braces of the selectors that get them.
        let gets_all = self.restriction.as_ref().is_some_and(|restriction| restriction.shared().is_none());
        if self.profile.dialect == Dialect::VictoriaMetrics && !gets_all {
            query.check_printed().map_err(refused)?;
        }
        Ok(query)
    }
}

/// Returns the way in which a server reads alternatives.
fn alternation(dialect: Dialect) -> Alternation {
    match dialect {
        Dialect::Prometheus => Alternation::Union,
        Dialect::VictoriaMetrics => Alternation::Native,
    }
}

/// Checks that a parameter takes a selector for each alternative of the restriction.
pub(super) fn check_takes_all(
    name: &'static str,
    restriction: Option<&Rc<Restriction>>,
) -> Result<(), Violation> {
    match restriction {
        Some(restriction) if restriction.has_alternatives() && !name.ends_with("[]") => {
            Err(Violation::OneSelector(name))
        }
        _ => Ok(()),
    }
}

/// Returns `true` if the server reads series by these texts, so that they get the restriction.
fn reads_series(form: SelectorForm) -> bool {
    match form {
        SelectorForm::Expression | SelectorForm::AnyOf | SelectorForm::Filters => true,
        SelectorForm::Formatted
        | SelectorForm::Parsed
        | SelectorForm::Matchers
        | SelectorForm::OwnMatchers => false,
    }
}
