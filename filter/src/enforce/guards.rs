//! Guards: bounds on how much one query may touch. A guard reads the merged parameters and the parsed query, so that no
//! way of writing times and durations gets past it (`threats.md` R5).

use super::RuleNumber;
use crate::promql::{Bounds, Query, SyntaxError};
use crate::target::parameters::{FormText, ParameterNames, Parameters};
use crate::time::Window;
use crate::time::dialect::Dialect;
use crate::time::duration::Shown;
use crate::time::parameters::{self, TimeError, Times, milliseconds, seconds, spelled_out};
use crate::time::seconds::Rounded;
use std::fmt;

/// The guards of a rule: everything in its `limits` but the rate. Durations are in milliseconds and more than 0; `None`
/// means no guard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Guards {
    /// The longest time from `start` to `end`. A missing `start` becomes `end` − `range`.
    pub range: Option<i64>,
    /// The longest time from the evaluation of a query back to the oldest sample that a selector may touch, by range,
    /// `offset`, `@`, subqueries and `lookback_delta`.
    pub lookback: Option<i64>,
    /// The longest time from now back to the oldest sample.
    pub oldest: Option<i64>,
    /// The largest value of the parameter `timeout`, which is added where it is missing.
    pub timeout: Option<i64>,
    /// The most points of one series: (range / step + 1) × the product of range / step of enclosing subqueries. A
    /// subquery without a step counts with a step of 1 s.
    pub points: Option<u64>,
    /// The bounds on the texts of a request; `None` means those that hold by default.
    pub bounds: Option<Bounds>,
}

impl Guards {
    /// Returns the name of each guard in a configuration, with the amount that it allows.
    pub fn allow(self) -> Vec<(&'static str, String)> {
        let duration = |name, most: Option<i64>| Some((name, Shown(most?).to_string()));
        let points = self.points.map(|most| ("points", most.to_string()));
        let guards = [
            duration("range", self.range),
            duration("lookback", self.lookback),
            duration("oldest", self.oldest),
            points,
            duration("timeout", self.timeout),
        ];
        guards.into_iter().flatten().collect()
    }
}

/// The guards of a rule, applied to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guarded {
    /// The rule that has the guards.
    pub rule: RuleNumber,
    /// The bounds to check against.
    pub guards: Guards,
    /// The time at which the request came, in milliseconds since 1970.
    pub now: i64,
}

/// The error of a request that exceeds a guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exceeded {
    /// The rule that has the guard.
    pub rule: RuleNumber,
    /// The guard that is exceeded, and by how much.
    pub guard: Guard,
}

/// A guard that a request exceeds, with the requested and the allowed amount. Durations are in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// The time from `start` to `end`.
    Range { asked: i64, most: i64 },
    /// The time from an evaluation back to the oldest sample.
    Lookback { asked: i64, most: i64 },
    /// The time from now back to the oldest sample.
    Oldest { asked: i64, most: i64 },
    /// The number of points of one series.
    Points { asked: u64, most: u64 },
}

/// The reason why guards refuse a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GuardError {
    /// A time or a duration can't be read.
    Time(TimeError),
    /// The request exceeds a guard.
    Exceeded(Exceeded),
    /// The query has a duration that can't be worked out.
    Duration(SyntaxError),
}

impl fmt::Display for GuardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(error) => error.fmt(f),
            Self::Exceeded(exceeded) => exceeded.fmt(f),
            Self::Duration(error) => error.fmt(f),
        }
    }
}

impl From<TimeError> for GuardError {
    fn from(error: TimeError) -> Self {
        Self::Time(error)
    }
}

impl From<Exceeded> for GuardError {
    fn from(exceeded: Exceeded) -> Self {
        Self::Exceeded(exceeded)
    }
}

impl fmt::Display for Exceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rule = self.rule;
        match self.guard {
            Guard::Range { asked, most } => {
                let (asked, most) = (Shown(asked), Shown(most));
                write!(f, "the time from start to end is {asked}, and {rule}.limits.range allows {most}")
            }
            Guard::Lookback { asked, most } => {
                let (asked, most) = (Shown(asked), Shown(most));
                write!(f, "the query looks back {asked}, and {rule}.limits.lookback allows {most}")
            }
            Guard::Oldest { asked, most } => {
                let (asked, most) = (Shown(asked), Shown(most));
                write!(
                    f,
                    "the request reads data that is {asked} old, and {rule}.limits.oldest allows {most}"
                )
            }
            Guard::Points { asked, most } => {
                write!(
                    f,
                    "the query is evaluated at {asked} points, and {rule}.limits.points allows {most}: take a longer step"
                )
            }
        }
    }
}

impl Guarded {
    /// Removes empty times, which servers treat as missing, writes the others as the server reads them, and shortens a
    /// timeout that is longer than is allowed.
    ///
    /// # Errors
    ///
    /// Returns an error if a time or a duration can't be read.
    pub fn prepare(&self, dialect: Dialect, parameters: &mut Parameters) -> Result<(), TimeError> {
        parameters.remove(|given| given.is_empty() && given.is_any(&TIMES));
        if dialect.is_spelled_out() {
            for name in TIMES {
                parameters.rewrite(name, |given| {
                    let spelled = spelled_out(dialect, name, &given.value(), self.now)?;
                    Ok(Some(FormText::new(&spelled)))
                })?;
            }
        }
        let Some(most) = self.guards.timeout else { return Ok(()) };
        parameters.rewrite(TIMEOUT, |given| {
            let timeout = parameters::duration(TIMEOUT, &given.value(), Rounded::Up)?;
            let is_longer = timeout > most || (timeout == 0 && dialect.is_spelled_out());
            Ok(is_longer.then(|| FormText::new(&milliseconds(most))))
        })
    }

    /// Reads the times of a request from both its halves, checks them, and adds the missing ones to the last half.
    /// `names` are the parameters of the endpoint.
    ///
    /// # Errors
    ///
    /// Returns an error if a time can't be read, or if the times exceed `range` or `oldest`.
    pub fn times(
        &self,
        dialect: Dialect,
        names: ParameterNames,
        last: &mut Parameters,
        first: &Parameters,
    ) -> Result<Times, GuardError> {
        self.prepare(dialect, last)?;
        if let Some(most) = self.guards.timeout
            && names.contains(&TIMEOUT)
            && is_missing(TIMEOUT, last, first)
        {
            last.put_first(TIMEOUT, &milliseconds(most));
        }
        let given = |name| last.value(name).or(first.value(name)).filter(|value| !value.is_empty());
        let mut times = Times::read(dialect, names, &given, self.now)?;
        if names.contains(&START) {
            let start = match (times.start, self.earliest(times.end, names)) {
                (Some(start), _) => start,
                (None, Some(earliest)) => {
                    let earliest = dialect.representable(earliest);
                    last.put_first(START, &seconds(earliest));
                    earliest
                }
                (None, None) => times.end,
            };
            times.evaluation.window = Window { start, end: times.end };
            self.check_window(times.evaluation.window)?;
        }
        if dialect.is_spelled_out() {
            self.spell_out(&times, names, last, first)?;
        }
        Ok(times)
    }

    /// Writes what the request leaves to the server into it, and keeps answers at one time from coming out of a cache,
    /// which a server fills by reading further back.
    fn spell_out(
        &self,
        times: &Times,
        names: ParameterNames,
        last: &mut Parameters,
        first: &Parameters,
    ) -> Result<(), TimeError> {
        let Window { start, end } = times.evaluation.window;
        if start > end {
            return Err(TimeError::Order);
        }
        let step = times.evaluation.step.map(milliseconds).unwrap_or_default();
        for (name, value) in [(STEP, step), ("end", seconds(end)), ("time", seconds(end))] {
            if names.contains(&name) && is_missing(name, last, first) {
                last.put_first(name, &value);
            }
        }
        let is_held = self.guards.lookback.or(self.guards.oldest).is_some();
        if is_held && start == end && names.contains(&NOCACHE) {
            last.remove(|given| given.is(NOCACHE));
            last.put_first(NOCACHE, "1");
        }
        Ok(())
    }

    /// Returns the start of a request that gives none: the earliest time that the guards allow. If there is no such
    /// guard, but the endpoint takes steps, `start` still has to be sent, and is `end`.
    fn earliest(&self, end: i64, names: ParameterNames) -> Option<i64> {
        let by_range = self.guards.range.map(|range| end.saturating_sub(range));
        let by_age = self.guards.oldest.map(|oldest| self.now.saturating_sub(oldest));
        let earliest = by_range.max(by_age).map(|earliest| earliest.max(0));
        earliest.or(names.contains(&STEP).then_some(end))
    }

    /// Checks a time in which samples are read.
    ///
    /// # Errors
    ///
    /// Returns an error if it exceeds `range` or `oldest`.
    pub fn check_window(&self, window: Window) -> Result<(), Exceeded> {
        let asked = window.end.saturating_sub(window.start);
        if let Some(most) = self.guards.range.filter(|most| asked > *most) {
            return Err(self.exceeded(Guard::Range { asked, most }));
        }
        self.check_age(window.start)
    }

    fn check_age(&self, oldest: i64) -> Result<(), Exceeded> {
        let asked = self.now.saturating_sub(oldest);
        match self.guards.oldest.filter(|most| asked > *most) {
            Some(most) => Err(self.exceeded(Guard::Oldest { asked, most })),
            None => Ok(()),
        }
    }

    /// Checks a query that is evaluated at these times.
    ///
    /// # Errors
    ///
    /// Returns an error if the query reads further back, or is evaluated at more points, than is allowed.
    pub fn check(&self, query: &Query<'_>, times: &Times) -> Result<(), GuardError> {
        let Guards { points, lookback, oldest, .. } = self.guards;
        if points.is_none() && lookback.or(oldest).is_none() {
            return Ok(());
        }
        let query = query.worked_out(&times.evaluation, times.longest_step).map_err(GuardError::Duration)?;
        if let Some(most) = points {
            let asked = query.points(&times.evaluation);
            if asked > most {
                return Err(self.exceeded(Guard::Points { asked, most }).into());
            }
        }
        let Some(reach) = query.reach(&times.evaluation) else { return Ok(()) };
        if let Some(most) = lookback.filter(|most| reach.lookback > *most) {
            return Err(self.exceeded(Guard::Lookback { asked: reach.lookback, most }).into());
        }
        Ok(self.check_age(reach.oldest)?)
    }

    fn exceeded(&self, guard: Guard) -> Exceeded {
        Exceeded { rule: self.rule, guard }
    }
}

/// Returns `true` if neither half of a request gives a parameter a value.
fn is_missing(name: &str, last: &Parameters, first: &Parameters) -> bool {
    last.value(name).or(first.value(name)).is_none_or(|value| value.is_empty())
}

/// The parameters that give a time or a duration.
const TIMES: [&str; 6] = [TIMEOUT, START, STEP, "end", "time", "lookback_delta"];

const TIMEOUT: &str = "timeout";
const START: &str = "start";
const STEP: &str = "step";
const NOCACHE: &str = "nocache";
