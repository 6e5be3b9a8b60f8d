//! The amounts that a request asks of guards, for people who want to see how far it is from them. The module never asks
//! for them.

use super::guards::Guarded;
use crate::api::endpoint::{Endpoint, SelectorForm, Selectors, ToRestricted};
use crate::promql::{Bounds, Counts, Extensions, Query, Wanted};
use crate::target::parameters::Parameters;
use crate::time::Window;
use crate::time::dialect::Dialect;
use crate::time::duration::Shown;
use crate::time::parameters::Times;

/// The amounts that a request asks. `None` is an amount that the request doesn't have, or that can't be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Amounts {
    range: Option<i64>,
    lookback: Option<i64>,
    oldest: Option<i64>,
    points: Option<u64>,
}

impl Guarded {
    /// Returns the name of each guard that a request asks something of, with the amount. `parameters` are all parameters
    /// of a request to this endpoint of a server with this dialect.
    pub fn amounts(
        &self,
        endpoint: &Endpoint,
        dialect: Dialect,
        extensions: Extensions,
        parameters: &Parameters,
    ) -> Vec<(&'static str, String)> {
        let Some(Amounts { range, lookback, oldest, points }) =
            self.read(endpoint, dialect, extensions, parameters)
        else {
            return Vec::new();
        };
        let duration = |name, amount: Option<i64>| Some((name, Shown(amount?).to_string()));
        let points = points.map(|points| ("points", points.to_string()));
        let all = [
            duration("range", range.filter(|_| self.guards.range.is_some())),
            duration("lookback", lookback.filter(|_| self.guards.lookback.is_some())),
            duration("oldest", oldest.filter(|_| self.guards.oldest.is_some())),
            points.filter(|_| self.guards.points.is_some()),
        ];
        all.into_iter().flatten().collect()
    }

    fn read(
        &self,
        endpoint: &Endpoint,
        dialect: Dialect,
        extensions: Extensions,
        parameters: &Parameters,
    ) -> Option<Amounts> {
        let names = endpoint.treatment.parameters;
        let given = |name| parameters.value(name).filter(|value| !value.is_empty());
        let mut times = Times::read(dialect, names, &given, self.now).ok()?;
        let mut amounts = Amounts::default();
        let age = |time: i64| self.now.saturating_sub(time);
        if names.contains(&"start") {
            let start = times.start?;
            times.evaluation.window = Window { start, end: times.end };
            amounts.range = Some(times.end.saturating_sub(start));
            amounts.oldest = Some(age(start));
        }
        let ToRestricted::Restrict(Selectors { parameter, form: SelectorForm::Expression }) =
            endpoint.treatment.to_restricted
        else {
            return Some(amounts);
        };
        let bounds = Bounds { length: usize::MAX, extensions, ..Bounds::default() };
        for text in parameters.values(parameter) {
            let query = Query::parse_within(&text, Wanted::Expression, &bounds, Counts::default()).ok()?;
            let query = query.worked_out(&times.evaluation, times.longest_step).ok()?;
            amounts.points = Some(query.points(&times.evaluation));
            let Some(reach) = query.reach(&times.evaluation) else { continue };
            amounts.lookback = Some(reach.lookback);
            amounts.oldest = amounts.oldest.max(Some(age(reach.oldest)));
        }
        Some(amounts)
    }
}
