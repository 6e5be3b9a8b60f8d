//! Guards: how much one query may touch. They read the merged parameters and the parsed query, so that no syntax of
//! times and durations slips past them (`threats.md` R5).

use super::RuleNumber;
use crate::promql::Query;
use crate::target::parameters::{ParameterNames, Parameters};
use crate::time::Window;
use crate::time::duration::Shown;
use crate::time::parameters::{self, TimeError, Times};
use crate::time::seconds::Rounded;
use std::fmt;

/// What a rule's `limits` say beside the rate. Times are in milliseconds and more than 0; none is no guard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Guards {
    /// The longest from `start` to `end`. A missing `start` counts as `end` − this.
    pub range: Option<i64>,
    /// The longest from the time at which a query is evaluated back to the oldest sample that a selector may touch, by
    /// range, `offset`, `@`, subqueries and `lookback_delta`.
    pub lookback: Option<i64>,
    /// The longest from now back to that sample.
    pub oldest: Option<i64>,
    /// What the parameter `timeout` may be at most; it is added where there is none.
    pub timeout: Option<i64>,
    /// The most points of one series: (range / step + 1) × the product of range / step of enclosing subqueries, of which
    /// one without a step counts at 1 s.
    pub points: Option<u64>,
}

/// The guards of a rule, held against a request that came at this time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guarded {
    /// The rule.
    pub rule: RuleNumber,
    /// Its guards.
    pub guards: Guards,
    /// When the request came: milliseconds since 1970.
    pub now: i64,
}

/// That a request goes beyond a guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exceeded {
    /// Whose guard.
    pub rule: RuleNumber,
    /// Which one, and how far the request goes.
    pub guard: Guard,
}

/// A guard, and how far a request goes: milliseconds, or points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// From `start` to `end`.
    Range {
        /// As much as is asked for.
        asked: i64,
        /// As much as is allowed.
        most: i64,
    },
    /// Back from an evaluation.
    Lookback {
        /// As much as is asked for.
        asked: i64,
        /// As much as is allowed.
        most: i64,
    },
    /// Back from now.
    Oldest {
        /// As much as is asked for.
        asked: i64,
        /// As much as is allowed.
        most: i64,
    },
    /// Points of one series.
    Points {
        /// As many as are asked for.
        asked: u64,
        /// As many as are allowed.
        most: u64,
    },
}

/// Why a request isn't let past the guards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuardError {
    /// A time or a duration can't be read.
    Time(TimeError),
    /// It goes beyond one.
    Exceeded(Exceeded),
}

impl fmt::Display for GuardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(error) => error.fmt(f),
            Self::Exceeded(exceeded) => exceeded.fmt(f),
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
                write!(f, "the request reads what is {asked} old, and {rule}.limits.oldest allows {most}")
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
    /// Takes out times that say nothing, which servers take for missing ones, and makes a timeout no longer than is
    /// allowed.
    ///
    /// # Errors
    ///
    /// A timeout is no duration.
    pub fn prepare(&self, parameters: &mut Parameters) -> Result<(), TimeError> {
        parameters.remove(|name, value| value.is_empty() && TIMES.contains(&name));
        let Some(most) = self.guards.timeout else { return Ok(()) };
        for value in parameters.values_mut(TIMEOUT) {
            if parameters::duration(TIMEOUT, value, Rounded::Up)? > most {
                *value = milliseconds(most);
            }
        }
        Ok(())
    }

    /// Reads the times of a request from both its halves, checks them, and writes into the last half what has to stand
    /// there. `names` are the parameters of the endpoint.
    ///
    /// # Errors
    ///
    /// One can't be read, or is beyond `range` or `oldest`.
    pub fn times(
        &self,
        names: ParameterNames,
        last: &mut Parameters,
        first: &Parameters,
    ) -> Result<Times, GuardError> {
        self.prepare(last)?;
        if let Some(most) = self.guards.timeout
            && names.contains(&TIMEOUT)
            && last.value(TIMEOUT).or(first.value(TIMEOUT)).is_none_or(str::is_empty)
        {
            last.put_first(TIMEOUT, milliseconds(most));
        }
        let given = |name| last.value(name).or(first.value(name)).filter(|value| !value.is_empty());
        let mut times = Times::read(names, &given, self.now)?;
        if names.contains(&START) {
            let start = match (times.start, self.earliest(times.end, names)) {
                (Some(start), _) => start,
                (None, Some(earliest)) => {
                    last.put_first(START, seconds(earliest));
                    earliest
                }
                (None, None) => times.end,
            };
            times.window = Window { start, end: times.end };
            self.check_window(times.window)?;
        }
        Ok(times)
    }

    /// Where a request begins that doesn't say so: as far back as guards allow. Where there are steps from there on, it
    /// has to be said in any case.
    fn earliest(&self, end: i64, names: ParameterNames) -> Option<i64> {
        let by_range = self.guards.range.map(|range| end.saturating_sub(range));
        let by_age = self.guards.oldest.map(|oldest| self.now.saturating_sub(oldest));
        let earliest = by_range.max(by_age).map(|earliest| earliest.max(0));
        earliest.or(names.contains(&STEP).then_some(end))
    }

    fn check_window(&self, window: Window) -> Result<(), Exceeded> {
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
    /// It reads further back, or is evaluated at more points, than is allowed.
    pub fn check(&self, query: &Query<'_>, times: &Times) -> Result<(), Exceeded> {
        if let Some(most) = self.guards.points {
            let asked = times.points().saturating_mul(query.points());
            if asked > most {
                return Err(self.exceeded(Guard::Points { asked, most }));
            }
        }
        let Some(reach) = query.reach(times.window, times.lookback_delta) else { return Ok(()) };
        if let Some(most) = self.guards.lookback.filter(|most| reach.lookback > *most) {
            return Err(self.exceeded(Guard::Lookback { asked: reach.lookback, most }));
        }
        self.check_age(reach.oldest)
    }

    fn exceeded(&self, guard: Guard) -> Exceeded {
        Exceeded { rule: self.rule, guard }
    }
}

/// The parameters that say when.
const TIMES: [&str; 6] = [TIMEOUT, START, STEP, "end", "time", "lookback_delta"];

const TIMEOUT: &str = "timeout";
const START: &str = "start";
const STEP: &str = "step";

/// A duration as every server reads it.
fn milliseconds(duration: i64) -> String {
    format!("{duration}ms")
}

/// A time as every server reads it: seconds since 1970.
fn seconds(time: i64) -> String {
    let (whole, thousandths) = (time.div_euclid(1_000), time.rem_euclid(1_000));
    format!("{whole}.{thousandths:03}")
}
