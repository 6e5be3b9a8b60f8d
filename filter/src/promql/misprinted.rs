//! Queries that VictoriaMetrics can't read any more once it has printed them. It prints `sum{} or x` as `sum or x`, takes `sum`
//! for an aggregation then, and ends (1.145, `metricsql.Clone`). A matcher on another label keeps the braces.

use super::error::{Problem, SyntaxError};
use super::{Query, Selector};

impl Query<'_> {
    /// Checks that no selector is taken for an aggregation after VictoriaMetrics has printed it.
    ///
    /// # Errors
    ///
    /// Returns an error for a selector that says nothing but a name, if that is an aggregation's, or is said twice or with
    /// escapes.
    pub fn check_printed(&self) -> Result<(), SyntaxError> {
        let is_misprinted = |selector: &&Selector| {
            let name = selector.name.and_then(|span| span.name(self.text));
            selector.is_alone && name.is_none_or(is_aggregation)
        };
        match self.selectors.iter().find(is_misprinted) {
            Some(selector) => Err(SyntaxError { at: selector.place.at(), problem: Problem::Misprinted }),
            None => Ok(()),
        }
    }
}

/// Returns `true` if MetricsQL has an aggregation of this name, in whichever case.
fn is_aggregation(name: &str) -> bool {
    AGGREGATIONS.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// The aggregations of MetricsQL, as VictoriaMetrics 1.145 has them (`aggr.go` of its parser).
const AGGREGATIONS: [&str; 37] = [
    "any",
    "avg",
    "bottomk",
    "bottomk_avg",
    "bottomk_last",
    "bottomk_max",
    "bottomk_median",
    "bottomk_min",
    "count",
    "count_values",
    "distinct",
    "geomean",
    "group",
    "histogram",
    "limitk",
    "mad",
    "max",
    "median",
    "min",
    "mode",
    "outliers_iqr",
    "outliers_mad",
    "outliersk",
    "quantile",
    "quantiles",
    "share",
    "stddev",
    "stdvar",
    "sum",
    "sum2",
    "topk",
    "topk_avg",
    "topk_last",
    "topk_max",
    "topk_median",
    "topk_min",
    "zscore",
];

#[cfg(test)]
mod tests {
    use crate::promql::Query;

    #[test]
    fn a_metric_that_is_named_like_an_aggregation_needs_another_matcher() {
        let is_refused = |text: &str| Query::parse(text).unwrap().check_printed().is_err();
        for text in [
            "sum{} or x",
            "x unless (Sum{})",
            "{__name__=\"zscore\"} + 1",
            "{\"limitk\",}",
            "sum{__name__=\"sum\"} or x",
            "up{__name__=\"up\"}",
            "rate(sum{}[5m])",
        ] {
            assert!(is_refused(text), "{text}");
        }
        for text in [
            "sum(x) or up",
            "sum{job=\"a\"} or x",
            "{__name__=\"sum\",job!=\"\"}",
            "{__name__=~\"sum|x\"}",
            "up{} or rate{}",
            "{__name__=\"up\"}",
        ] {
            assert!(!is_refused(text), "{text}");
        }
    }
}
