//! Durations, instants and rates. The texts of configurations and requests come in, and go out as whole numbers; the
//! bucket that counts requests against a rate is here too.

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
