//! The metrics that a module defines, shared by all workers of a plugin.

/// A metric's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetricValue {
    /// A sum that only grows.
    Counter(u64),
    /// A value that goes up and down.
    Gauge(u64),
    /// What was recorded: how many values, and their sum.
    Histogram {
        /// How many values were recorded.
        count: u64,
        /// Their sum.
        sum: u64,
    },
}
