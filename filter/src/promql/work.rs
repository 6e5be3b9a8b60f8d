//! The work that a query is for the server that evaluates it, as far as its text and its times tell (`threats.md` P6).
//!
//! A server evaluates each part of a query at each point: operators, calls, selectors, numbers. Prometheus also asks each
//! time if the request has ended, through as many layers as it has evaluated parts, so that a part takes the longer the
//! more of them there are (measured with 2.42 and 3.5: 0.1 to 0.4 µs, and 3 ns for each other part). Long labels are
//! copied at each point too. What lies in a subquery is evaluated from its first window to its last, once, and
//! each window is read again.

use super::bounds::Bound;
use super::cost::{count, step_within};
use super::{Duration, Query, Subquery};
use crate::time::dialect::Dialect;
use crate::time::{Evaluation, Window};

/// The work of a query, which its times multiply. One unit takes Prometheus 0.2 µs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// The number of parts outside all subqueries.
    parts: u32,
    /// The weight of each part.
    weight: u64,
    /// The number of parts that VictoriaMetrics parses anew at most.
    parsed: u64,
    /// The subqueries; an outer one stands after those within it. Their parts are those that are in no other one.
    subqueries: Vec<Subquery>,
}

/// The points at which a part of the query is evaluated.
#[derive(Clone, Copy)]
struct Scope {
    points: u64,
    /// The time from the first point to the last, in milliseconds.
    span: i64,
    /// The time between two of them, in milliseconds.
    step: i64,
}

/// The weight of a part by itself, and of a byte that is written into labels.
const UNIT: u64 = 1_024;

/// The weight that each part adds to every part, and each label that groups or matches series.
const SHARED: u64 = UNIT / 64;

/// The weight of a part that is parsed anew (measured with VictoriaMetrics 1.145: 5 µs).
const PARSED: u64 = 26 * UNIT;

/// The weight of a point in a window, and of one that is sorted with the others.
const READ: u64 = UNIT / 20;
const SORTED: u64 = UNIT / 2;

/// The step of a subquery that names none, in milliseconds: the evaluation interval that Prometheus has unless its
/// configuration says another one. A client can't make it shorter, and panels rely on it.
const EVALUATION_INTERVAL: i64 = 60_000;

impl Query<'_> {
    /// Returns the work of the query, or `None` if it has subqueries whose durations have to be worked out first.
    pub fn work(&self) -> Option<Work> {
        let matters =
            |duration| matches!(duration, Duration::RangeOfSubquery(_) | Duration::StepOfSubquery(_));
        let is_known = !self.calculated.iter().any(|calculated| matters(calculated.duration));
        is_known.then(|| Work::of(self))
    }
}

impl Work {
    fn of(query: &Query<'_>) -> Self {
        let mut subqueries = query.subqueries.clone();
        let mut parts = query.parts;
        for subquery in &query.subqueries {
            let around = subquery.within.and_then(|outer| subqueries.get_mut(outer));
            let around = around.map_or(&mut parts, |outer| &mut outer.parts);
            *around = around.saturating_sub(subquery.parts);
        }
        let written = query.counts.of(Bound::WrittenBytes);
        let shared = u64::from(query.parts).saturating_add(query.labels.into()).saturating_mul(SHARED);
        let weight = UNIT.saturating_add(shared).saturating_add(written.into());
        let parsed = u64::from(query.read_anew).saturating_mul(query.parts.into());
        Self { parts, weight, parsed, subqueries }
    }

    /// Returns the work in this evaluation.
    pub fn at(&self, evaluation: &Evaluation) -> u64 {
        let Window { start, end } = evaluation.window;
        let whole = Scope {
            points: evaluation.points(),
            span: end.saturating_sub(start).max(0),
            step: evaluation.step.unwrap_or(1).max(1),
        };
        let mut work = self.weigh(self.parts, whole);
        if evaluation.dialect == Dialect::VictoriaMetrics {
            work = work.saturating_add(self.parsed.saturating_mul(PARSED));
        }
        let mut scopes = vec![whole; self.subqueries.len()];
        // An outer subquery stands after those within it, so it comes first in this order.
        for (number, subquery) in self.subqueries.iter().enumerate().rev() {
            let outer = subquery.within.and_then(|outer| scopes.get(outer)).copied().unwrap_or(whole);
            let (step, more) = match evaluation.dialect {
                // A window without a length is none: the function gets what the text says.
                Dialect::Prometheus if subquery.range == 0 => (outer.step, 0),
                Dialect::Prometheus => (subquery.step.unwrap_or(EVALUATION_INTERVAL).max(1), 0),
                dialect => step_within(dialect, subquery.step, outer.step),
            };
            let span = outer.span.saturating_add(subquery.range).saturating_add(more);
            let inner = Scope { points: count(span, step).saturating_add(1), span, step };
            let windows = outer.points.saturating_mul(count(subquery.range, step));
            let read = windows.saturating_mul(if subquery.is_sorted { SORTED } else { READ });
            work = work.saturating_add(self.weigh(subquery.parts, inner)).saturating_add(read);
            scopes.get_mut(number).into_iter().for_each(|scope| *scope = inner);
        }
        work / UNIT
    }

    fn weigh(&self, parts: u32, scope: Scope) -> u64 {
        scope.points.saturating_mul(parts.into()).saturating_mul(self.weight)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const M: i64 = 60_000;
    const H: i64 = 60 * M;

    /// Returns the work of a query at so many points, a minute apart.
    fn work(text: &str, points: i64, dialect: Dialect) -> u64 {
        let window = Window { start: 100 * H, end: 100 * H + (points - 1) * M };
        let evaluation = Evaluation { window, step: Some(M), lookback_delta: 5 * M, dialect };
        Query::parse(text).unwrap().work().unwrap().at(&evaluation)
    }

    #[test]
    fn each_part_counts_at_each_point_and_more_the_more_there_are() {
        for (text, work_of_1000) in [
            ("up", 1_015),
            ("1", 1_015),
            ("-up", 2_062),
            ("up + on (job) up", 3_187),
            ("sum(rate(up[5m]))", 3_140),
            ("sum by (a, b) (up)", 2_125),
            ("time() > bool inf", 3_140),
            // A label that is written is copied whenever it is compared.
            (r#"label_replace(up, "a", "$1", "job", "(.*)")"#, 2_316),
        ] {
            assert_eq!(work(text, 1_000, Dialect::Prometheus), work_of_1000, "{text}");
        }
        let chain = format!("up{}", "+up".repeat(250));
        assert_eq!(work(&chain, 1, Dialect::Prometheus), 4_422);
        assert_eq!(work(&chain, 11_000, Dialect::Prometheus), 48_651_796);
    }

    #[test]
    fn victoria_metrics_parses_the_longer_side_of_some_operators_anew() {
        let chain = |operator: &str| format!("up{}", format!("{operator}up").repeat(99));
        for (operator, of_other) in [(" and ", 513_043), (" AND ", 513_043), ("^", 513_043), ("+", 817)] {
            let text = chain(operator);
            let works =
                [Dialect::Prometheus, Dialect::VictoriaMetrics].map(|dialect| work(&text, 1, dialect));
            assert_eq!(works, [817, of_other], "{text}");
        }
    }

    #[test]
    fn what_lies_in_a_subquery_counts_from_its_first_window_to_its_last() {
        for (text, points, of_prometheus, of_other) in [
            // 61 points for the selector and the subquery itself, and 60 that are read.
            ("max_over_time(up[1h:1m])", 1, 131, 148),
            ("max_over_time(up[1h:1m])", 61, 499, 516),
            ("max_over_time((up + up)[1h:1m])", 1, 267, 301),
            ("quantile_over_time(0.5, ((up)[1h:1m]))", 1, 164, 447),
            ("max_over_time(up[1h:])", 1, 131, 148),
            ("max_over_time(max_over_time(up[1h:1m])[1d:1h])", 1, 3_367, 3_799),
            // Neither is evaluated at more points than the query itself by Prometheus.
            ("rate(sum(up))", 61, 259, 284),
            ("up[290y:1ms]", 1, 19_317_955_781_252, 19_317_956_400_008),
        ] {
            assert_eq!(work(text, points, Dialect::Prometheus), of_prometheus, "{text}");
            assert_eq!(work(text, points, Dialect::VictoriaMetrics), of_other, "{text}");
        }
        assert_eq!(work("((a[290y:1ms])[290y:1ms])[290y:1ms]", 1, Dialect::Prometheus), u64::MAX / UNIT);
    }
}
