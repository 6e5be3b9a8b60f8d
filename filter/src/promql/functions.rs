//! The functions of Prometheus 3.x, taken from its source (`promql/parser/functions.go`). `info` is left out: it selects
//! series inside the engine, where no matcher can be inserted.

use super::extensions::Extensions;

/// Returns `true` if a function is known to read nothing but its arguments.
pub(super) fn is_function(name: &str, extensions: Extensions) -> bool {
    FUNCTIONS.binary_search_by(|known| (*known).cmp(name)).is_ok()
        || extensions.has(Extensions::FUNCTIONS) && is_experimental(name)
}

/// Returns `true` if a function is one of those that a server has switched on or not.
pub(super) fn is_experimental(name: &str) -> bool {
    EXPERIMENTAL.binary_search_by(|known| (*known).cmp(name)).is_ok()
}

/// Returns `true` if a known function reads the samples of a window. VictoriaMetrics evaluates its arguments as
/// subqueries if they aren't selectors.
pub(super) fn reads_windows(name: &str) -> bool {
    name.ends_with("_over_time") || OVER_WINDOWS.binary_search_by(|known| (*known).cmp(name)).is_ok()
}

/// The names, in the order of their bytes, that don't say so themselves.
const OVER_WINDOWS: [&str; 12] = [
    "changes",
    "delta",
    "deriv",
    "double_exponential_smoothing",
    "holt_winters",
    "idelta",
    "increase",
    "irate",
    "predict_linear",
    "rate",
    "resets",
    "timestamp",
];

/// The names in the order of their bytes. `holt_winters` is the name of `double_exponential_smoothing` in releases
/// before 3.0.
#[rustfmt::skip]
const FUNCTIONS: [&str; 74] = [
    "abs", "absent", "absent_over_time", "acos", "acosh", "asin", "asinh", "atan", "atanh", "avg_over_time", "ceil",
    "changes", "clamp", "clamp_max", "clamp_min", "cos", "cosh", "count_over_time", "day_of_month", "day_of_week",
    "day_of_year", "days_in_month", "deg", "delta", "deriv", "exp", "first_over_time", "floor", "histogram_avg", 
    "histogram_count", "histogram_fraction", "histogram_quantile", "histogram_stddev", "histogram_stdvar", "histogram_sum",
    "holt_winters", "hour", "idelta", "increase", "irate", "label_join", "label_replace", "last_over_time", "ln",
    "log10", "log2", "max_over_time", "min_over_time", "minute", "month", "pi", "predict_linear", "present_over_time",
    "quantile_over_time", "rad", "rate", "resets", "round", "scalar", "sgn", "sin", "sinh", "sort", "sort_desc",
    "sqrt", "stddev_over_time", "stdvar_over_time", "sum_over_time", "tan", "tanh", "time", "timestamp", "vector",
    "year",
];

/// Returns `true` if a function sorts the samples of each window.
pub(super) fn sorts_windows(function: &str) -> bool {
    matches!(function, "quantile_over_time" | "mad_over_time")
}

/// The names of experimental functions (`promql-experimental-functions`), in the order of their bytes.
#[rustfmt::skip]
const EXPERIMENTAL: [&str; 16] = [
    "double_exponential_smoothing", "end", "histogram_quantiles", "mad_over_time", "max_of", "min_of", "range",
    "sort_by_label", "sort_by_label_desc", "start", "start_timestamp", "step", "ts_of_first_over_time",
    "ts_of_last_over_time", "ts_of_max_over_time", "ts_of_min_over_time",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_in_order_so_that_each_is_found() {
        assert!(FUNCTIONS.is_sorted() && OVER_WINDOWS.is_sorted());
        assert!(EXPERIMENTAL.is_sorted());
        assert!(FUNCTIONS.iter().all(|name| is_function(name, Extensions::NONE)));
        assert!(EXPERIMENTAL.iter().all(|name| is_function(name, Extensions::FUNCTIONS)));
    }

    #[test]
    fn what_selects_series_inside_the_engine_is_none_whatever_is_switched_on() {
        for name in ["info", "INFO", "Step", "label_values", ""] {
            assert!(!is_function(name, Extensions::FUNCTIONS), "{name}");
        }
    }

    #[test]
    fn what_reads_more_than_its_arguments_is_none() {
        for name in ["info", "INFO", "Rate", "sort_by_label", "mad_over_time", "label_values", "", "start"] {
            assert!(!is_function(name, Extensions::NONE), "{name}");
        }
    }
}
