//! The functions of the stable grammar, by their arguments.

/// Functions with the form `f(range)`.
pub(super) const OF_A_RANGE: &[&str] = &[
    "rate",
    "increase",
    "irate",
    "delta",
    "idelta",
    "deriv",
    "changes",
    "resets",
    "avg_over_time",
    "min_over_time",
    "max_over_time",
    "sum_over_time",
    "count_over_time",
    "stddev_over_time",
    "stdvar_over_time",
    "last_over_time",
    "present_over_time",
];

/// Functions with the form `f(vector)`.
pub(super) const OF_A_VECTOR: &[&str] = &[
    "abs",
    "ceil",
    "floor",
    "exp",
    "ln",
    "log2",
    "log10",
    "sqrt",
    "sgn",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "sinh",
    "cosh",
    "tanh",
    "asinh",
    "acosh",
    "atanh",
    "deg",
    "rad",
    "round",
    "sort",
    "sort_desc",
    "timestamp",
];

/// Functions with the forms `f(vector)` and `f()`.
pub(super) const OF_A_TIME: &[&str] =
    &["minute", "hour", "day_of_week", "day_of_month", "day_of_year", "days_in_month", "month", "year"];

/// Functions with the form `f(vector)` whose result is empty for samples without a native histogram.
pub(super) const OF_NATIVE_HISTOGRAMS: &[&str] = &["histogram_count", "histogram_sum"];

/// Aggregations with the form `op(vector)`.
pub(super) const AGGREGATIONS: &[&str] = &["sum", "min", "max", "avg", "group", "stddev", "stdvar", "count"];

pub(super) const ARITHMETIC: &[&str] = &["+", "-", "*", "/", "%", "^", "atan2"];

/// Comparisons, each with a number that most samples pass.
pub(super) const COMPARISONS: &[(&str, &str)] =
    &[("==", "1"), ("!=", "12345"), (">", "-1e9"), ("<", "Inf"), (">=", "-0x1000"), ("<=", "1e300")];

pub(super) const SETS: &[&str] = &["and", "or", "unless"];
