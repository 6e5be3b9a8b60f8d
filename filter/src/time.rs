//! Durations, instants and rates. The texts of configurations and requests come in, and go out as whole numbers; the
//! bucket that counts requests against a rate is here too.

pub(crate) mod bucket;
mod date;
pub mod dialect;
pub(crate) mod duration;
pub mod instant;
pub(crate) mod parameters;
pub mod rate;
pub(crate) mod seconds;

use dialect::Dialect;

/// The times at which an expression is evaluated, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// The time of the first evaluation.
    pub start: i64,
    /// The time of the last evaluation; the same as `start` for an instant query.
    pub end: i64,
}

impl Window {
    /// Returns the time from the earlier start to the later end.
    #[must_use]
    pub fn joined(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// The evaluation of a query that a request asks for. Durations are in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// The times at which the query is evaluated.
    pub window: Window,
    /// The time between two evaluations, or `None` if the endpoint has no steps and evaluates once.
    pub step: Option<i64>,
    /// The time that a selector without a range reads back in Prometheus.
    pub lookback_delta: i64,
    /// The dialect of the server.
    pub dialect: Dialect,
}

impl Evaluation {
    /// Returns the number of points at which a query is evaluated. A step of zero counts as the shortest one.
    pub fn points(&self) -> u64 {
        let Some(step) = self.step.map(|step| step.max(1)) else { return 1 };
        let range = self.window.end.saturating_sub(self.window.start).max(0);
        range.checked_div(step).unwrap_or_default().unsigned_abs().saturating_add(1)
    }
}
