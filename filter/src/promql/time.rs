//! The times that a query names, in milliseconds: numbers, durations, `offset` and `@`, and how they move the window in
//! which a selector is read.

use crate::limits::duration;

/// When an expression is evaluated: the first time and the last, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first time.
    pub start: i64,
    /// The last one; the same for an instant query.
    pub end: i64,
}

/// What `@` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    /// Milliseconds since 1970.
    Time(i64),
    /// The first time of the whole query.
    Start,
    /// The last one.
    End,
}

/// How the modifiers of an expression move its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shift {
    /// How far back, in milliseconds.
    pub(super) offset: Option<i64>,
    /// To which time.
    pub(super) at: Option<At>,
}

impl Shift {
    /// Where a window is moved to, in a query of this whole window.
    pub(super) fn apply(self, window: Window, whole: Window) -> Window {
        let Window { start, end } = match self.at {
            None => window,
            Some(At::Time(time)) => Window { start: time, end: time },
            Some(At::Start) => Window { start: whole.start, end: whole.start },
            Some(At::End) => Window { start: whole.end, end: whole.end },
        };
        let offset = self.offset.unwrap_or_default();
        Window { start: start.saturating_sub(offset), end: end.saturating_sub(offset) }
    }
}

/// Which way a part of a millisecond goes: the one in which nothing reaches less far here than at the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounded {
    /// To the later time or the longer duration.
    Up,
    /// To the earlier time or the shorter duration.
    Down,
}

/// A duration, or a number of seconds in its place, in milliseconds; none is negative.
pub fn duration(text: &str, rounded: Rounded) -> Option<i64> {
    let known = duration::parse(text).or_else(|| milliseconds(number(text)?, rounded));
    known.filter(|duration| *duration >= 0)
}

/// A number as Prometheus reads it in a query: with underscores, in hexadecimal or octal, or a duration as its seconds.
pub(super) fn number(text: &str) -> Option<f64> {
    if let Some(milliseconds) = duration::parse(text) {
        return Some(to_float(milliseconds) / 1_000.0);
    }
    let plain: String = text.chars().filter(|&character| character != '_').collect();
    match plain.strip_prefix("0x").or(plain.strip_prefix("0X")) {
        Some(digits) => i64::from_str_radix(digits, 16).ok().map(to_float),
        None => octal(&plain).map(to_float).or_else(|| plain.parse().ok()),
    }
}

/// Go reads a whole number that begins with a zero as octal.
fn octal(text: &str) -> Option<i64> {
    i64::from_str_radix(text.strip_prefix('0')?, 8).ok()
}

/// Seconds as whole milliseconds; none for what isn't finite, or is further away than time is counted.
pub fn milliseconds(seconds: f64, rounded: Rounded) -> Option<i64> {
    /// About 290,000 years: further than Go can name a time.
    const MOST: f64 = 9.2e15;
    let exact = seconds * 1_000.0;
    let whole = match rounded {
        Rounded::Up => exact.ceil(),
        Rounded::Down => exact.floor(),
    };
    #[allow(clippy::cast_possible_truncation, reason = "it is a whole number within the bounds of the type")]
    (whole.abs() <= MOST).then_some(whole as i64)
}

#[allow(clippy::cast_precision_loss, reason = "a time is a float to the server too")]
fn to_float(number: i64) -> f64 {
    number as f64
}
