//! The times that a query names, in milliseconds: numbers, durations, `offset` and `@`, and how they move the window in
//! which a selector is read.

use crate::time::Window;
use crate::time::duration;
use crate::time::seconds::{self, Rounded};

/// The time that the modifier `@` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    /// A time in milliseconds since 1970.
    Time(i64),
    /// The first time of the whole query, as `start()` says.
    Start,
    /// The last time of the whole query, as `end()` says.
    End,
}

/// The modifiers of an expression that move its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shift {
    /// The distance back in time, in milliseconds; negative for a later time.
    pub(super) offset: Option<i64>,
    /// The time at which the expression is read instead.
    pub(super) at: Option<At>,
}

impl Shift {
    /// Returns the window that these modifiers move `window` to, in a query whose whole window is `whole`.
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

/// Parses a duration, or a number of seconds in its place, and returns it in milliseconds. Numbers may have
/// underscores, or be hexadecimal. A number that begins with a needless zero is refused: it is octal to Prometheus, and
/// decimal to others.
pub(super) fn milliseconds(text: &str, rounded: Rounded) -> Option<i64> {
    if let Some(milliseconds) = duration::parse(text) {
        return Some(milliseconds);
    }
    let plain: String = text.chars().filter(|&character| character != '_').collect();
    if let Some(digits) = plain.strip_prefix("0x").or(plain.strip_prefix("0X")) {
        return i64::from_str_radix(digits, 16).ok()?.checked_mul(1_000);
    }
    let is_octal =
        plain.strip_prefix('0').is_some_and(|rest| rest.starts_with(|next: char| next.is_ascii_digit()));
    if is_octal { None } else { seconds::parse(&plain, rounded) }
}
