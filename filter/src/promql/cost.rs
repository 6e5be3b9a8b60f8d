//! The cost of a query, as far as its text and its times tell: how far back it reads, and at how many points it is
//! evaluated (`threats.md` R5).

use super::Query;
use crate::time::Window;

/// The distance that a query reads back in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The oldest sample that a selector may touch, in milliseconds since 1970.
    pub oldest: i64,
    /// The longest time from an evaluation back to the oldest sample that it may touch, in milliseconds.
    pub lookback: i64,
}

/// The window in which an expression is evaluated, and whether `@` has set it apart from the window of the query.
#[derive(Clone, Copy)]
struct Evaluated {
    window: Window,
    is_set: bool,
}

impl Query<'_> {
    /// Returns how far back the query reads if it is evaluated in this window, or `None` if it reads no series. A
    /// selector without a range touches samples of the last `lookback_delta` milliseconds.
    pub fn reach(&self, whole: Window, lookback_delta: i64) -> Option<Reach> {
        let subqueries = self.evaluated(whole);
        let mut reach: Option<Reach> = None;
        for selector in &self.selectors {
            let outer = within(selector.within, &subqueries, whole);
            let is_set = outer.is_set || selector.shift.at.is_some();
            let range = if selector.range > 0 { selector.range } else { lookback_delta };
            let oldest = selector.shift.apply(outer.window, whole).start.saturating_sub(range);
            let evaluated = if is_set { whole.end } else { whole.start };
            let lookback = evaluated.saturating_sub(oldest);
            reach = Some(reach.map_or(Reach { oldest, lookback }, |known| Reach {
                oldest: known.oldest.min(oldest),
                lookback: known.lookback.max(lookback),
            }));
        }
        reach
    }

    /// Returns at how many points the innermost expression is evaluated for each point of the query: the product of
    /// range / step of all subqueries around it.
    pub fn points(&self) -> u64 {
        let mut most = 1;
        let mut points = vec![1_u64; self.subqueries.len()];
        // An outer subquery stands after those within it, so it comes first in this order.
        for (number, subquery) in self.subqueries.iter().enumerate().rev() {
            let outer = subquery.within.and_then(|outer| points.get(outer)).copied().unwrap_or(1);
            let step = subquery.step.filter(|step| *step > 0).unwrap_or(match subquery.step {
                None => DEFAULT_STEP,
                Some(_) => 1,
            });
            let own = subquery.range.checked_div(step).unwrap_or_default().max(1);
            let product = outer.saturating_mul(own.unsigned_abs());
            most = most.max(product);
            points.get_mut(number).into_iter().for_each(|points| *points = product);
        }
        most
    }

    /// Returns the window in which the expression within each subquery is evaluated.
    fn evaluated(&self, whole: Window) -> Vec<Evaluated> {
        let mut all = vec![Evaluated { window: whole, is_set: false }; self.subqueries.len()];
        for (number, subquery) in self.subqueries.iter().enumerate().rev() {
            let outer = within(subquery.within, &all, whole);
            let Window { start, end } = subquery.shift.apply(outer.window, whole);
            let window = Window { start: start.saturating_sub(subquery.range), end };
            let is_set = outer.is_set || subquery.shift.at.is_some();
            all.get_mut(number).into_iter().for_each(|inner| *inner = Evaluated { window, is_set });
        }
        all
    }
}

fn within(number: Option<usize>, subqueries: &[Evaluated], whole: Window) -> Evaluated {
    let outer = number.and_then(|number| subqueries.get(number)).copied();
    outer.unwrap_or(Evaluated { window: whole, is_set: false })
}

/// The step of a subquery that names none, in milliseconds: the server's evaluation interval isn't known here.
const DEFAULT_STEP: i64 = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000;
    const M: i64 = 60 * S;
    const H: i64 = 60 * M;

    /// The window from 100 h to 110 h after the start of 1970.
    const WINDOW: Window = Window { start: 100 * H, end: 110 * H };

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
            let reach = Query::parse(text).unwrap().reach(WINDOW, 5 * M);
            assert_eq!(reach, Some(Reach { oldest, lookback }), "{text}");
        }
        assert_eq!(Query::parse("1 + vector(time())").unwrap().reach(WINDOW, 5 * M), None);
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
            assert_eq!(Query::parse(text).unwrap().points(), points, "{text}");
        }
    }
}
