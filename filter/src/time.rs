//! Times as configurations and requests write them: durations, instants and rates, and the bucket that counts against one.

pub(crate) mod bucket;
pub(crate) mod duration;
pub mod instant;
pub(crate) mod parameters;
pub mod rate;
pub(crate) mod seconds;

/// When an expression is evaluated: the first time and the last, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first time.
    pub start: i64,
    /// The last one; the same for an instant query.
    pub end: i64,
}
