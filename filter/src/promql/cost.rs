//! The cost of a query, as far as its text and its times tell: how far back it reads, and at how many points it is
//! evaluated (`threats.md` R5).
//!
//! VictoriaMetrics reads more than the text says, all of it taken from its source (`app/vmselect/promql/eval.go`): for each
//! window the sample before it, at least a step, and for each subquery two steps. It keeps the answers for long windows,
//! and corrects them by what lies before.

use super::time::Shift;
use super::{Query, Selector};
use crate::time::dialect::Dialect;
use crate::time::{Evaluation, Window};

/// The distance that a query reads back in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The oldest sample that a selector may touch, in milliseconds since 1970.
    pub oldest: i64,
    /// The longest time from an evaluation back to the oldest sample that it may touch, in milliseconds.
    pub lookback: i64,
}

/// The window in which an expression is evaluated.
#[derive(Clone, Copy)]
struct Evaluated {
    window: Window,
    /// The time between two evaluations, in milliseconds.
    step: i64,
    /// True if `@` has set the window apart from that of the query.
    is_set: bool,
}

impl Query<'_> {
    /// Returns how far back the query reads in this evaluation, or `None` if it reads no series.
    pub fn reach(&self, evaluation: &Evaluation) -> Option<Reach> {
        let whole = whole(evaluation);
        let subqueries = self.evaluated(evaluation);
        let mut reach: Option<Reach> = None;
        for selector in &self.selectors {
            let outer = within(selector.within, &subqueries, whole);
            let inner = outer.moved(selector.shift, selector.within, evaluation);
            let oldest = inner.window.start.saturating_sub(selector.reads_back(inner, evaluation));
            let evaluated = if inner.is_set { whole.window.end } else { whole.window.start };
            let lookback = evaluated.saturating_sub(oldest);
            reach = Some(reach.map_or(Reach { oldest, lookback }, |known| Reach {
                oldest: known.oldest.min(oldest),
                lookback: known.lookback.max(lookback),
            }));
        }
        reach
    }

    /// Returns at how many points the innermost expression is evaluated: the points of the query, times range / step of
    /// all subqueries around it.
    pub fn points(&self, evaluation: &Evaluation) -> u64 {
        let evaluated = self.evaluated(evaluation);
        let own = evaluation.points();
        let mut most = own;
        let mut points = vec![own; self.subqueries.len()];
        // An outer subquery stands after those within it, so it comes first in this order.
        for (number, (subquery, inner)) in self.subqueries.iter().zip(&evaluated).enumerate().rev() {
            let outer = subquery.within.and_then(|outer| points.get(outer)).copied().unwrap_or(own);
            let product = outer.saturating_mul(count(subquery.range, inner.step).max(1));
            most = most.max(product);
            if evaluation.dialect == Dialect::VictoriaMetrics {
                // It evaluates what is within a subquery once, from the first window to the last.
                let length = inner.window.end.saturating_sub(inner.window.start);
                most = most.max(count(length, inner.step).saturating_add(2));
            }
            points.get_mut(number).into_iter().for_each(|points| *points = product);
        }
        most
    }

    /// Returns the window in which the expression within each subquery is evaluated.
    fn evaluated(&self, evaluation: &Evaluation) -> Vec<Evaluated> {
        let whole = whole(evaluation);
        let mut all = vec![whole; self.subqueries.len()];
        for (number, subquery) in self.subqueries.iter().enumerate().rev() {
            let outer = within(subquery.within, &all, whole);
            let moved = outer.moved(subquery.shift, subquery.within, evaluation);
            let (step, more) = step_within(evaluation.dialect, subquery.step, outer.step);
            // Counted are the earliest start, and the earliest end for `end()`.
            let after = if more > 0 { step } else { 0 };
            let before = more.saturating_sub(after);
            let start = moved.window.start.saturating_sub(subquery.range).saturating_sub(before);
            let window = Window { start, end: moved.window.end.saturating_add(after) };
            all.get_mut(number).into_iter().for_each(|inner| *inner = Evaluated { window, step, ..moved });
        }
        all
    }
}

impl Evaluated {
    /// Returns this window as the modifiers of an expression move it. `within` is the subquery around the expression.
    fn moved(self, shift: Shift, within: Option<usize>, evaluation: &Evaluation) -> Self {
        let is_set = self.is_set || shift.at.is_some();
        let window = match evaluation.dialect {
            Dialect::Prometheus => shift.apply(self.window, evaluation.window),
            Dialect::VictoriaMetrics => {
                let moved = shift.apply(self.window, self.window);
                // If an instant query is nothing but a range or a subquery, its `@` isn't looked at.
                let is_whole = within.is_none() && evaluation.window.start == evaluation.window.end;
                let unset = Shift { at: None, ..shift }.apply(self.window, self.window);
                Window { start: if is_whole { moved.start.min(unset.start) } else { moved.start }, ..moved }
            }
        };
        Self { window, is_set, ..self }
    }
}

impl Selector {
    /// Returns how far the selector reads back from each time in the window.
    fn reads_back(&self, inner: Evaluated, evaluation: &Evaluation) -> i64 {
        match evaluation.dialect {
            Dialect::Prometheus if self.range > 0 && self.is_extended => {
                self.range.saturating_add(evaluation.lookback_delta)
            }
            Dialect::Prometheus if self.range > 0 => self.range,
            Dialect::Prometheus => evaluation.lookback_delta,
            Dialect::VictoriaMetrics => {
                let is_kept = inner.is_set && self.range >= KEPT_FROM;
                let kept = if is_kept { KEPT.min(self.range.div_euclid(2)) } else { 0 };
                self.range.max(inner.step).saturating_add(SILENCE).saturating_add(kept)
            }
        }
    }
}

/// Returns the window of the whole query. VictoriaMetrics moves the start of many points back to a multiple of the step.
fn whole(evaluation: &Evaluation) -> Evaluated {
    let Window { start, end } = evaluation.window;
    let step = evaluation.step.unwrap_or(DEFAULT_STEP).max(1);
    let is_aligned = evaluation.dialect == Dialect::VictoriaMetrics && evaluation.points() >= ALIGNED_FROM;
    let start = if is_aligned { start.saturating_sub(start.rem_euclid(step)) } else { start };
    Evaluated { window: Window { start, end }, step, is_set: false }
}

fn within(number: Option<usize>, subqueries: &[Evaluated], whole: Evaluated) -> Evaluated {
    number.and_then(|number| subqueries.get(number)).copied().unwrap_or(whole)
}

/// Returns the step of a subquery in an evaluation with this step, and the time by which its window is longer than its text
/// says, in milliseconds. VictoriaMetrics moves its start back by one step and then to a multiple of it, and its end ahead
/// in the same way.
pub(super) fn step_within(dialect: Dialect, step: Option<i64>, outer: i64) -> (i64, i64) {
    match dialect {
        Dialect::Prometheus => (step.map_or(DEFAULT_STEP, |step| step.max(1)), 0),
        Dialect::VictoriaMetrics => {
            let step = step.filter(|step| *step > 0).unwrap_or(outer);
            (step, step.saturating_mul(3).saturating_add(SILENCE))
        }
    }
}

/// Returns how many steps a length has, rounded down.
pub(super) fn count(length: i64, step: i64) -> u64 {
    length.max(0).checked_div(step.max(1)).unwrap_or_default().unsigned_abs()
}

/// The step of a subquery that names none, in milliseconds: Prometheus' evaluation interval isn't known here.
const DEFAULT_STEP: i64 = 1_000;

/// The time in which VictoriaMetrics looks for the sample before a window (`-search.minStalenessInterval`).
const SILENCE: i64 = 300_000;

/// The number of points from which VictoriaMetrics aligns the times of a range query to its step.
const ALIGNED_FROM: u64 = 50;

/// The shortest window for which VictoriaMetrics keeps the answer at one time
/// (`-search.minWindowForInstantRollupOptimization`), and the longest time that it keeps it; half the window if that is
/// shorter.
const KEPT_FROM: i64 = 10_800_000;
const KEPT: i64 = 1_800_000;

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000;
    const M: i64 = 60 * S;
    const H: i64 = 60 * M;

    /// The window from 100 h to 110 h after the start of 1970.
    const WINDOW: Window = Window { start: 100 * H, end: 110 * H };

    const EVALUATION: Evaluation =
        Evaluation { window: WINDOW, step: Some(H), lookback_delta: 5 * M, dialect: Dialect::Prometheus };

    /// The same at a VictoriaMetrics.
    const OTHER: Evaluation = Evaluation { dialect: Dialect::VictoriaMetrics, ..EVALUATION };

    /// An evaluation there at one time.
    const INSTANT: Evaluation =
        Evaluation { window: Window { start: 100 * H, end: 100 * H }, step: Some(5 * M), ..OTHER };

    #[test]
    fn a_query_reads_as_far_back_as_its_selectors_do() {
        for (text, oldest, lookback) in [
            ("up", 100 * H - 5 * M, 5 * M),
            ("rate(up[1h])", 99 * H, H),
            ("up[3600]", 99 * H, H),
            ("up[1_0]", 100 * H - 10 * S, 10 * S),
            ("up[1h] offset 2h", 97 * H, 3 * H),
            ("up offset 1h30m", 98 * H + 25 * M, 95 * M),
            ("up offset -1h", 101 * H - 5 * M, -55 * M),
            ("up[1h] offset 0.5", 99 * H - 500, H + 500),
            ("max_over_time(up[1h:])", 99 * H - 5 * M, 65 * M),
            ("max_over_time(rate(up[1h])[2h:1m] offset 3h)", 94 * H, 6 * H),
            ("max_over_time(max_over_time(rate(up[1h])[2h:1m] offset 1h)[3h:])", 93 * H, 7 * H),
            ("up @ 3600", H - 5 * M, 109 * H + 5 * M),
            ("up @ 0x10 offset 16", -5 * M, 110 * H + 5 * M),
            ("up[1h] @ start()", 99 * H, 11 * H),
            ("up[1h] offset 1h @ end()", 108 * H, 2 * H),
            ("max_over_time(up[1h:] @ 7200)", H - 5 * M, 109 * H + 5 * M),
            ("max_over_time((up @ end())[1h:])", 110 * H - 5 * M, 5 * M),
            ("a - b[2h]", 98 * H, 2 * H),
            ("(a offset 1w)[1h:] + c", 100 * H - 169 * H - 5 * M, 169 * H + 5 * M),
        ] {
            let reach = Query::parse(text).unwrap().reach(&EVALUATION);
            assert_eq!(reach, Some(Reach { oldest, lookback }), "{text}");
        }
        assert_eq!(Query::parse("1 + vector(time())").unwrap().reach(&EVALUATION), None);
    }

    #[test]
    fn subqueries_within_subqueries_multiply_their_points() {
        for (text, points) in [
            ("up", 1),
            ("up[4h:1ms]", 14_400_000),
            ("up[4h:0.0001]", 14_400_000),
            ("up[1h:1m]", 60),
            ("up[1h:]", 3_600),
            ("up[1h:0s]", 3_600_000),
            ("up[1h:7d]", 1),
            ("max_over_time(up[1h:1m])[1d:1h]", 60 * 24),
            ("max_over_time(a[1h:1m]) + max_over_time(b[1d:1m])", 1_440),
            ("vector(1)[1h:1s]", 3_600),
            ("((a[290y:1ms])[290y:1ms])[290y:1ms]", u64::MAX),
        ] {
            let evaluation = Evaluation { step: None, ..EVALUATION };
            assert_eq!(Query::parse(text).unwrap().points(&evaluation), points, "{text}");
        }
    }

    #[test]
    fn victoria_metrics_reads_further_back_than_the_text_says() {
        for (evaluation, text, oldest, lookback) in [
            (OTHER, "up", 100 * H - H - 5 * M, H + 5 * M),
            (INSTANT, "up", 100 * H - 10 * M, 10 * M),
            (INSTANT, "rate(up)", 100 * H - 10 * M, 10 * M),
            (INSTANT, "rate(up[1m])", 100 * H - 10 * M, 10 * M),
            (INSTANT, "rate(up[1h])", 99 * H - 5 * M, 65 * M),
            (INSTANT, "up offset 1h", 99 * H - 10 * M, 70 * M),
            // A subquery is read two steps earlier, and from its own sample before.
            (INSTANT, "max_over_time(up[1h:1m])", 99 * H - (2 + 5 + 1 + 5) * M, (60 + 13) * M),
            (INSTANT, "max_over_time(up[1h:])", 99 * H - (10 + 5 + 5 + 5) * M, (60 + 25) * M),
            (INSTANT, "max_over_time(up[1h:0s])", 99 * H - (10 + 5 + 5 + 5) * M, (60 + 25) * M),
            // What a function over samples has without brackets is a subquery too.
            (INSTANT, "rate(sum(up))", 100 * H - (10 + 5 + 5 + 5) * M, 25 * M),
            (INSTANT, "rate(rate(up))", 100 * H - (10 + 5 + 5 + 5) * M, 25 * M),
            (INSTANT, "rate(-up[1h])", 99 * H - (10 + 5 + 5) * M, (60 + 20) * M),
            (INSTANT, "rate(rate(rate(up)))", 100 * H - (15 + 15 + 10) * M, 40 * M),
            (INSTANT, "abs(sum(up))", 100 * H - 10 * M, 10 * M),
            (INSTANT, "quantile_over_time(scalar(a), up[5m])", 100 * H - 25 * M, 25 * M),
            (INSTANT, "quantile_over_time(0.5, up[5m])", 100 * H - 10 * M, 10 * M),
            // An instant query that is a range or a subquery is read without its `@`.
            (INSTANT, "up[1h] @ 1e9", 99 * H - 5 * M, 65 * M),
            (INSTANT, "up[1h:1m] @ 1e9", 99 * H - 13 * M, 73 * M),
            (INSTANT, "up[1h] offset 1h @ end()", 98 * H - 5 * M, 125 * M),
            // `start()` in a subquery is its own start.
            (INSTANT, "max_over_time((up @ start())[1h:1m])", 99 * H - 13 * M, 73 * M),
            (INSTANT, "max_over_time((up[1h] @ end())[1h:20m])", 99 * H + 15 * M, 45 * M),
            (OTHER, "up[2h] @ end()", 108 * H - 5 * M, 125 * M),
            (OTHER, "up[4h] @ end()", 106 * H - 35 * M, 275 * M),
            (OTHER, "up[200m] @ end()", 110 * H - 235 * M, 235 * M),
        ] {
            let reach = Query::parse(text).unwrap().reach(&evaluation);
            assert_eq!(reach, Some(Reach { oldest, lookback }), "{text}");
        }
        let many =
            Evaluation { window: Window { start: 100 * H + 59 * S, end: 101 * H }, step: Some(M), ..OTHER };
        let reach = Query::parse("up").unwrap().reach(&many).unwrap();
        assert_eq!(reach, Reach { oldest: 100 * H - 6 * M, lookback: 6 * M });
    }

    #[test]
    fn victoria_metrics_evaluates_a_subquery_from_its_first_window_to_its_last() {
        for (text, points) in [
            ("up", 11),
            ("max_over_time(up[1s:1s])", 10 * 3_600 + 5 * 60 + 5 + 1),
            ("max_over_time(up[10h:1h])", 110),
            ("max_over_time(up[10h:])", 110),
        ] {
            assert_eq!(Query::parse(text).unwrap().points(&OTHER), points, "{text}");
        }
    }
}
