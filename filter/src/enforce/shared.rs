//! Metrics that are everybody's. A selector that names one of them gets no matcher, but only where every server reads
//! the name as an equality; the parser finds out which selectors those are.

use super::pattern::Pattern;
use super::term::{Absent, Term};
use std::rc::Rc;

/// The label that holds a metric's name.
pub(super) const NAME: &str = "__name__";

/// The metrics that the callers of a rule may see, whatever labels their series have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    names: Term,
    matchers: String,
}

impl Shared {
    /// Creates a list of metrics. Returns `None` if there is none in it, or one without a name.
    pub fn listed(names: Vec<String>) -> Option<Self> {
        Term::listed(NAME, names, Absent::Refused).map(Self::of)
    }

    /// Shares the metrics whose whole names match the pattern.
    pub fn matching(pattern: Rc<Pattern>) -> Self {
        Self::of(Term::matching(NAME, pattern))
    }

    fn of(names: Term) -> Self {
        let matchers = names.matchers();
        Self { names, matchers }
    }

    /// Returns `true` if the metric of this name is everybody's.
    pub fn has(&self, name: &str) -> bool {
        self.names.allows(name)
    }

    /// Returns matchers that select the series of all these metrics, joined by commas.
    pub fn matchers(&self) -> &str {
        &self.matchers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_shared_by_its_whole_name() {
        let pattern = Rc::new(Pattern::parse("kube_node_.*|machine_.*").unwrap());
        for (shared, names, others, matchers) in [
            (
                Shared::listed(vec!["up".into()]).unwrap(),
                &["up"][..],
                &["", "u", "upp", "UP"][..],
                r#"__name__="up""#,
            ),
            (
                Shared::listed(vec!["up".into(), "http.requests".into()]).unwrap(),
                &["up", "http.requests"],
                &["up|http.requests", "http_requests"],
                r#"__name__=~"up|http\\.requests""#,
            ),
            (
                Shared::matching(pattern),
                &["kube_node_labels", "kube_node_", "machine_cpu_cores"],
                &["", "kube_pod_info", "xkube_node_labels", "xmachine_"],
                r#"__name__=~"kube_node_.*|machine_.*",__name__!="""#,
            ),
        ] {
            assert!(names.iter().all(|name| shared.has(name)), "{shared:?}");
            assert!(!others.iter().any(|name| shared.has(name)), "{shared:?}");
            assert_eq!(shared.matchers(), matchers);
        }
        assert_eq!(Shared::listed(Vec::new()), None);
    }
}
