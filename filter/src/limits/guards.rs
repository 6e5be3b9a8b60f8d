//! Guards: how much one query may touch. They read the merged parameters and the parsed query, so that no syntax of
//! times and durations slips past them (`threats.md` R5).

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
