//! The times in a request's parameters, in every syntax that Prometheus accepts: numbers of seconds, RFC 3339,
//! durations. A time that can't be read can't be guarded, and is therefore refused.

use super::Window;
use super::duration;
use crate::time::seconds::{self, Rounded};
use std::fmt;

/// The times of a request, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// The span in which the query is evaluated.
    pub window: Window,
    /// The parameter `start`, if it is given.
    pub start: Option<i64>,
    /// The parameter `end`, else `time`, else now.
    pub end: i64,
    /// The time that a selector without a range reads back.
    pub lookback_delta: i64,
    /// The time between two evaluations, or `None` if there is only one.
    step: Option<i64>,
}

/// The error of a parameter that should be a time or a duration. It carries the name of the parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeError {
    /// The value is not a time.
    Time(&'static str),
    /// The time is too far in the future.
    Ahead(&'static str),
    /// The value is not a duration.
    Duration(&'static str),
}

impl fmt::Display for TimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(name) => write!(
                f,
                "the parameter \"{name}\" must be a time: seconds since 1970, or one like 2006-01-02T15:04:05Z"
            ),
            Self::Ahead(name) => {
                write!(
                    f,
                    "the parameter \"{name}\" is more than {AHEAD_YEARS} years ahead: give a time in seconds"
                )
            }
            Self::Duration(name) => {
                write!(f, "the parameter \"{name}\" must be a duration like 30s, or a number of seconds")
            }
        }
    }
}

/// The time that a selector reads back if the request doesn't say it: Prometheus' default (`--query.lookback-delta`),
/// in milliseconds.
const LOOKBACK_DELTA: i64 = 300_000;

/// The step that is assumed if there is none, in milliseconds.
const DEFAULT_STEP: i64 = 1_000;

/// The furthest that a time may lie in the future, in years. Some servers read a larger number as milliseconds, which
/// is a time long ago.
const AHEAD_YEARS: i64 = 10;

/// The same bound in milliseconds.
const AHEAD: i64 = AHEAD_YEARS * 365 * 24 * 3_600_000;

impl Times {
    /// Reads the times. `names` are the endpoint's parameters, `given` returns a parameter's value, and `now` is in
    /// milliseconds since 1970.
    ///
    /// # Errors
    ///
    /// Returns an error if one of the times can't be read.
    pub fn read<'a>(
        names: &[&str],
        given: &impl Fn(&'static str) -> Option<&'a str>,
        now: i64,
    ) -> Result<Self, TimeError> {
        let at = |name, rounded| match given(name).map(|text| time(name, text, rounded)).transpose()? {
            Some(time) if time > now.saturating_add(AHEAD) => Err(TimeError::Ahead(name)),
            time => Ok(time),
        };
        let lasts = |name| given(name).map(|text| duration(name, text, Rounded::Down)).transpose();
        let instant = at("time", Rounded::Down)?.unwrap_or(now);
        Ok(Self {
            window: Window { start: instant, end: instant },
            start: at("start", Rounded::Down)?,
            end: at("end", Rounded::Up)?.unwrap_or(instant),
            lookback_delta: lasts("lookback_delta")?.filter(|delta| *delta > 0).unwrap_or(LOOKBACK_DELTA),
            step: if names.contains(&"step") { Some(lasts("step")?.unwrap_or(DEFAULT_STEP)) } else { None },
        })
    }

    /// Returns the number of points at which a query is evaluated. A step of zero counts as the shortest one, a missing
    /// step as one second.
    pub fn points(&self) -> u64 {
        let Some(step) = self.step.map(|step| step.max(1)) else { return 1 };
        let range = self.window.end.saturating_sub(self.window.start).max(0);
        range.checked_div(step).unwrap_or_default().unsigned_abs().saturating_add(1)
    }
}

/// Parses a time: seconds since 1970, or RFC 3339.
fn time(name: &'static str, text: &str, rounded: Rounded) -> Result<i64, TimeError> {
    seconds::parse(text, rounded).or_else(|| rfc3339(text)).ok_or(TimeError::Time(name))
}

/// Parses a duration: seconds, or numbers with units.
pub(crate) fn duration(name: &'static str, text: &str, rounded: Rounded) -> Result<i64, TimeError> {
    let duration = seconds::parse(text, rounded).or_else(|| duration::parse(text));
    duration.filter(|duration| *duration >= 0).ok_or(TimeError::Duration(name))
}

/// Parses `2006-01-02T15:04:05.999Z` or `…+01:00` (RFC 3339 §5.6), and drops parts of a millisecond.
fn rfc3339(text: &str) -> Option<i64> {
    let (date, rest) = text.split_once('T')?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let zone_at = rest.find(['Z', '+', '-'])?;
    let (clock, zone) = rest.split_at_checked(zone_at)?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    let is_date = (1..=12).contains(&month) && (1..=31).contains(&day);
    if !is_date || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let offset = match zone.split_at_checked(1)? {
        ("Z", "") => 0,
        (sign, zone) => {
            let [hours, minutes] = numbers(zone, ':', [2, 2])?;
            let offset = hours.saturating_mul(60).saturating_add(minutes);
            if sign == "-" { offset.saturating_neg() } else { offset }
        }
    };
    let is_fraction = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let thousandths = fraction.bytes().chain(std::iter::repeat(b'0')).take(3);
    let thousandths = thousandths.fold(0_i64, |sum, digit| {
        sum.saturating_mul(10).saturating_add(i64::from(digit.saturating_sub(b'0')))
    });
    let minutes = days(year, month, day).saturating_mul(1_440).saturating_add(hour.saturating_mul(60));
    let minutes = minutes.saturating_add(minute).saturating_sub(offset);
    let seconds = minutes.saturating_mul(60).saturating_add(second);
    is_fraction.then(|| seconds.saturating_mul(1_000).saturating_add(thousandths))
}

/// Parses numbers that are separated by `sign` and have exactly these numbers of digits.
fn numbers<const N: usize>(text: &str, sign: char, digits: [usize; N]) -> Option<[i64; N]> {
    let mut parts = text.split(sign);
    let mut numbers = [0; N];
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part = parts.next().filter(|part| part.len() == digits)?;
        *number = part.parse().ok().filter(|_| part.bytes().all(|byte| byte.is_ascii_digit()))?;
    }
    parts.next().is_none().then_some(numbers)
}

/// Returns the days from 1970-01-01 to a date of the Gregorian calendar. The year is counted from March here, so that
/// the leap day is its last one.
#[allow(clippy::arithmetic_side_effects, reason = "years have four digits, months and days two")]
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_in_every_syntax() {
        for (text, milliseconds) in [
            ("0", 0),
            ("-1.5", -1_500),
            ("1e3", 1_000_000),
            ("1700000000.123", 1_700_000_000_123),
            ("1970-01-01T00:00:00Z", 0),
            ("2023-11-14T22:13:20Z", 1_700_000_000_000),
            ("2023-11-14T23:13:20.1239+01:00", 1_700_000_000_123),
            ("2023-11-14T20:43:20.5-01:30", 1_700_000_000_500),
            ("2000-02-29T00:00:00Z", 951_782_400_000),
            ("1969-12-31T23:59:59Z", -1_000),
            ("0000-03-01T00:00:00Z", -62_162_035_200_000),
        ] {
            assert_eq!(time("time", text, Rounded::Down), Ok(milliseconds), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_or_duration_is_refused() {
        for text in [
            "",
            "NaN",
            "Inf",
            "-inf",
            "1e300",
            "now",
            "5m",
            "1_000",
            "2023-11-14",
            "2023-11-14 22:13:20Z",
            "2023-11-14T22:13:20",
            "2023-00-14T22:13:20Z",
            "2023-13-14T22:13:20Z",
            "2023-11-00T22:13:20Z",
            "2023-11-32T22:13:20Z",
            "2023-11-14T24:00:00Z",
            "2023-11-14T22:60:20Z",
            "2023-11-14T22:13:60Z",
            "2023-11-14T22:13:20.5.5Z",
            "2023-11-14T22:13:20Z0",
            "2023-11-14T22:13:20+0:100",
            "2023-11-14T22:13:20+01:00:00",
            "2023-+1-14T22:13:20Z",
            "2023-11-14T22:13:20.Z",
            "2023-11-14T22:13:20+1:00",
            "23-11-14T22:13:20Z",
            "-292273086-05-16T16:47:06Z",
        ] {
            assert_eq!(time("time", text, Rounded::Down), Err(TimeError::Time("time")), "{text}");
        }
        for text in ["", "NaN", "Inf", "-1", "-5m", "5x", "1e300"] {
            assert_eq!(duration("step", text, Rounded::Down), Err(TimeError::Duration("step")), "{text}");
        }
    }

    #[test]
    fn a_duration_is_seconds_or_has_units() {
        for (text, milliseconds) in [("15", 15_000), ("0.5", 500), ("1h30m", 5_400_000), ("0", 0)] {
            assert_eq!(duration("step", text, Rounded::Down), Ok(milliseconds), "{text}");
        }
    }
}
