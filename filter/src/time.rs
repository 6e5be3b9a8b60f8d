//! Times as configurations and requests write them: durations, instants and rates, and the bucket that counts against one.

pub mod bucket;
pub mod duration;
pub mod instant;
pub mod parameters;
pub mod rate;
pub mod seconds;

/// When an expression is evaluated: the first time and the last, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first time.
    pub start: i64,
    /// The last one; the same for an instant query.
    pub end: i64,
}
