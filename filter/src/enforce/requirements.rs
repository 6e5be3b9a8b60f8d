//! The requirements of a rule on a request's parameters. The restriction is written into every selector, and the guards
//! are checked; the parameters as they go upstream come out.
//!
//! A form arrives after the headers have been forwarded, so such a request has two halves. The effect that the query
//! string would have alone is decided with the headers (`threats.md` P4): if it would read everything, it gets a
//! selector that matches nothing. Servers combine the selectors of both halves, so this one changes nothing once the
//! form is there.

mod rewriting;

use super::checks::Checks;
use super::guards::Guarded;
use super::restriction::Restriction;
use super::rewrite_cache::RewriteCache;
use super::violation::{MAX_SEARCHED, Violation};
use crate::api::endpoint::{SelectorForm, Selectors};
use crate::api::profile::Profile;
use crate::promql::{Bounds, Counts};
use crate::target::parameters::{Parameter, ParameterNames, Parameters};
use crate::time::parameters::{TimeError, Times};
use rewriting::check_takes_all;
use std::rc::Rc;

/// The requirements of a rule on the parameters of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirements {
    /// The API of the server that the request is for.
    pub profile: &'static Profile,
    /// The parameters that the endpoint lists. Any other is refused, since it may widen the answer (`threats.md` P5).
    pub names: ParameterNames,
    /// The parameters that clients send and the server doesn't read here. They are removed.
    pub unread: ParameterNames,
    /// The parameter that holds selectors, if there is one.
    pub selectors: Option<Selectors>,
    /// The restriction that is written into the selectors, or `None` if the rule has only guards.
    pub restriction: Option<Rc<Restriction>>,
    /// The guards that the request is checked against.
    pub guarded: Option<Guarded>,
    /// The bounds on the texts in the parameter for selectors.
    pub bounds: Bounds,
    /// The time at which the request came, in milliseconds since 1970, if it was asked for.
    pub now: Option<i64>,
}

/// A selector that matches no series. Not by name: VictoriaMetrics refuses two names.
const NOTHING: &str = r#"{nothing="at",nothing="all"}"#;

/// A selector that matches every series.
const EVERYTHING: &str = r#"{__name__!=""}"#;

impl Requirements {
    /// Rewrites the query string of a request without a form.
    ///
    /// # Errors
    ///
    /// Returns an error if the query string violates the requirements.
    pub fn of_query(&self, query: Parameters, rewrites: &mut RewriteCache) -> Result<Parameters, Violation> {
        self.of_last_half(query, &Parameters::default(), rewrites)
    }

    /// Returns the reason why no form may follow this query string: guards would have to read its selectors with times
    /// that are not known yet.
    pub fn ends_with(&self, query: &Parameters) -> Option<Violation> {
        self.guarded.as_ref()?;
        let Selectors { parameter: name, .. } = self.selectors?;
        query.has(name).then_some(Violation::Split(name))
    }

    /// Rewrites the query string of a request whose form follows. It goes upstream ahead of the form.
    ///
    /// # Errors
    ///
    /// Returns an error if the query string violates the requirements, whatever the form says.
    pub fn of_first_half(
        &self,
        mut query: Parameters,
        rewrites: &mut RewriteCache,
    ) -> Result<Parameters, Violation> {
        if let Some(violation) = self.ends_with(&query) {
            return Err(violation);
        }
        self.keep_named(&mut query)?;
        let Some(selectors) = self.selectors else { return Ok(query) };
        let name = selectors.parameter;
        if let Some(guarded) = &self.guarded {
            guarded.prepare(self.profile.dialect, &mut query)?;
        }
        let checks = self.checks(selectors, None, &query, &Parameters::default())?;
        self.restrict(selectors, &mut query, Counts::default(), rewrites, &checks)?;
        if selectors.form == SelectorForm::AnyOf && !query.has(name) {
            query.put_first(name, NOTHING);
        }
        Ok(query)
    }

    /// Rewrites the form of a request. `query` are the parameters of the query string, as they were received.
    ///
    /// # Errors
    ///
    /// Returns an error if the form violates the requirements, by itself or together with the query string.
    pub fn of_form(
        &self,
        form: Parameters,
        query: &Parameters,
        rewrites: &mut RewriteCache,
    ) -> Result<Parameters, Violation> {
        let mut form = self.of_last_half(form, query, rewrites)?;
        if let Some(Selectors { parameter: name, form: SelectorForm::AnyOf }) = self.selectors {
            // Without a restriction, the selector that was sent ahead must not be the only one.
            if !form.has(name) && !query.has(name) {
                form.put_first(name, EVERYTHING);
            }
        }
        Ok(form)
    }

    /// Rewrites the last half of a request, after which nothing more can come. Parameters that are added stand first
    /// (`threats.md` R6).
    fn of_last_half(
        &self,
        mut last: Parameters,
        first: &Parameters,
        rewrites: &mut RewriteCache,
    ) -> Result<Parameters, Violation> {
        self.keep_named(&mut last)?;
        if self.restriction.is_some() {
            last.remove(|given| given.is_any(self.profile.parameters.paging));
        }
        let times = match &self.guarded {
            Some(guarded) => Some(guarded.times(self.profile.dialect, self.names, &mut last, first)?),
            None => None,
        };
        let Some(selectors) = self.selectors else { return Ok(last) };
        if matches!(selectors.form, SelectorForm::Matchers | SelectorForm::OwnMatchers) {
            self.add_matchers(selectors, &mut last);
            return Ok(last);
        }
        let checks = self.checks(selectors, times, &last, first)?;
        let spent = self.spent(selectors, first, &checks)?;
        self.restrict(selectors, &mut last, spent, rewrites, &checks)?;
        let name = selectors.parameter;
        if let Some(restriction) = &self.restriction
            && selectors.form == SelectorForm::AnyOf
            && !last.has(name)
            && !first.has(name)
        {
            // Servers combine selectors, so the caller gets the shared metrics beside their own series. A parameter
            // that may stand only once has no room for these.
            if let Some(shared) = restriction.shared()
                && name.ends_with("[]")
            {
                last.put_first(name, &format!("{{{}}}", shared.matchers()));
            }
            check_takes_all(name, Some(restriction))?;
            for alternative in restriction.alternatives().rev() {
                last.put_first(name, &alternative.selector());
            }
        }
        if let (Some(restriction), Some(lock)) = (&self.restriction, self.profile.second_lock)
            && selectors.form != SelectorForm::Filters
        {
            // The server holds each selector to any one of these.
            if let Some(shared) = restriction.shared() {
                last.put_first(lock, &format!("{{{}}}", shared.matchers()));
            }
            for alternative in restriction.alternatives().rev() {
                last.put_first(lock, &format!("{{{}}}", alternative.matchers()));
            }
        }
        Ok(last)
    }

    /// Adds the restriction as matchers of Alertmanager, each as a value of its own. The caller's own stay, since the server
    /// takes each value for one matcher, and holds everything to all of them. It has no alternatives, so these are left to the
    /// filter of the answer.
    fn add_matchers(&self, selectors: Selectors, parameters: &mut Parameters) {
        let restriction = self.restriction.as_ref().filter(|restriction| !restriction.has_alternatives());
        for term in restriction.iter().flat_map(|restriction| restriction.all_terms()).rev() {
            if selectors.form == SelectorForm::Matchers || term.only_value().is_some() {
                let separate = term.separate();
                separate.iter().rev().for_each(|matcher| parameters.put_first(selectors.parameter, matcher));
            }
        }
    }

    /// Removes parameters that nobody reads, and refuses those that the endpoint doesn't list, that widen a restricted
    /// answer, or that take the server long.
    fn keep_named(&self, parameters: &mut Parameters) -> Result<(), Violation> {
        let special = &self.profile.parameters;
        parameters.remove(|given| given.is_any(special.ignored) || given.is_any(self.unread));
        let widens = |given: &Parameter<'_>| {
            self.restriction.as_ref().is_some_and(|restriction| {
                given.is_any(special.widening)
                    || given.is_any(special.dropping) && restriction.depends_on(&given.value())
            })
        };
        for name in special.searched {
            let lengths = parameters.named(name).map(Parameter::value_length);
            if lengths.fold(0, usize::saturating_add) > MAX_SEARCHED {
                return Err(Violation::Searched(name));
            }
        }
        match parameters.iter().find(|given| !given.is_any(self.names) || widens(given)) {
            None => Ok(()),
            Some(refused) => {
                let name = refused.name();
                let known = self.profile.knows(&name);
                Err(Violation::Parameter(name.into_owned(), known))
            }
        }
    }

    /// Returns what the selectors of the first half have taken of the bounds, and checks the query that stands there with
    /// the times of both halves. A parameter with one value has the same one in both halves.
    fn spent(
        &self,
        selectors: Selectors,
        first: &Parameters,
        checks: &Checks<'_>,
    ) -> Result<Counts, Violation> {
        let mut spent = Counts::default();
        for value in first.values(selectors.parameter) {
            let query = self.read(selectors, &value, spent)?;
            checks.check(&query)?;
            if matches!(selectors.form, SelectorForm::AnyOf | SelectorForm::Filters) {
                spent = query.counts();
            }
        }
        Ok(spent)
    }

    /// Returns the checks of the queries of a request, whose times guards may have read already.
    fn checks(
        &self,
        selectors: Selectors,
        of_guards: Option<Times>,
        last: &Parameters,
        first: &Parameters,
    ) -> Result<Checks<'_>, TimeError> {
        let form = selectors.form;
        let times = match of_guards {
            Some(times) => times,
            None => {
                let names = if form == SelectorForm::Expression { self.names } else { &[] };
                let given = |name| last.value(name).or(first.value(name)).filter(|value| !value.is_empty());
                Times::of_evaluation(self.profile.dialect, names, &given, self.now)?
            }
        };
        Ok(Checks { form, guarded: self.guarded.as_ref(), most: self.bounds.work, times })
    }
}

#[cfg(test)]
mod tests;
