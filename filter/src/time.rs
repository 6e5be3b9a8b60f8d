//! Times as configurations and requests write them: durations, instants and rates, and the bucket that counts against one.

pub(crate) mod bucket;
pub(crate) mod duration;
pub mod instant;
pub(crate) mod parameters;
pub mod rate;
pub(crate) mod seconds;

/// The times at which an expression is evaluated, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The time of the first evaluation.
    pub start: i64,
    /// The time of the last evaluation; the same as `start` for an instant query.
    pub end: i64,
}
