//! The dialects of servers: the texts that each takes for a time, and what each takes where nothing is said.

use super::date;
use super::duration;
use super::seconds::{self, Rounded};

/// The dialect of a server: the way in which it reads the times of a request and of a query. Every API has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Times are seconds or RFC 3339; `start()` and `end()` are those of the whole query.
    Prometheus,
    /// Times may also be relative, dates, or milliseconds; a selector reads at least a step back, and before it for the
    /// sample before that.
    VictoriaMetrics,
}

impl Dialect {
    /// Returns `true` if servers of this dialect read some requests in another way than the rest of the filter does.
    /// So the times that were read here are written into the request, those too that it doesn't give.
    pub(crate) fn is_spelled_out(self) -> bool {
        self == Self::VictoriaMetrics
    }

    /// Returns the time that the server takes for now, in milliseconds since 1970.
    pub(super) fn present(self, now: i64) -> i64 {
        match self {
            Self::Prometheus => now,
            Self::VictoriaMetrics => now.saturating_sub(now.rem_euclid(1_000)),
        }
    }

    /// Returns the step that is taken if a request names none, in milliseconds. Prometheus then refuses a range query,
    /// and the shortest usual one is assumed.
    pub(super) fn default_step(self) -> i64 {
        match self {
            Self::Prometheus => 1_000,
            Self::VictoriaMetrics => 300_000,
        }
    }

    /// Returns `true` if the server takes a parameter of this length for a step. VictoriaMetrics reads one of zero as none:
    /// an instant query then looks back by the usual step.
    pub(super) fn is_step(self, step: i64) -> bool {
        self == Self::Prometheus || step > 0
    }

    /// Returns the time closest to this one that the server reads as it is written. VictoriaMetrics reads small numbers
    /// with a fraction as larger ones, and has no sample that old.
    pub(crate) fn representable(self, time: i64) -> i64 {
        const SMALLEST: i64 = 10_000_000_000;
        match self {
            Self::VictoriaMetrics if time < SMALLEST => 0,
            _ => time,
        }
    }

    /// Parses a time, and returns it in milliseconds since 1970.
    pub(super) fn time(self, text: &str, rounded: Rounded, now: i64) -> Option<i64> {
        match self {
            Self::Prometheus => seconds::parse(text, rounded).or_else(|| {
                let digits =
                    text.split_once('.').map(|(_, rest)| rest.bytes().take_while(u8::is_ascii_digit));
                let is_finer = digits.is_some_and(|digits| digits.count() > THOUSANDTHS);
                let more = i64::from(is_finer && rounded == Rounded::Up);
                date::rfc3339(text).map(|time| time.saturating_add(more))
            }),
            Self::VictoriaMetrics => relative(text, now)
                .or_else(|| date::abbreviated(text))
                .or_else(|| number(text, rounded))
                .map(|time| self.representable(time)),
        }
    }
}

/// The digits of a fraction of a second that make whole milliseconds.
const THOUSANDTHS: usize = 3;

/// Parses a time before now: `now`, `now-1h`, `-1h`, `1h`, and also `-60`, a number of seconds.
fn relative(text: &str, now: i64) -> Option<i64> {
    if text == "now" {
        return Some(now);
    }
    let after = text.strip_prefix("now").unwrap_or(text);
    let back = match after.strip_prefix('-') {
        Some(back) => seconds::parse(back, Rounded::Down).or_else(|| duration::parse(back)),
        None => duration::parse(after).filter(|_| after != "0"),
    };
    back.filter(|back| *back >= 0).map(|back| now.saturating_sub(back))
}

/// Parses a number of seconds since 1970, or of milliseconds where it is too large for seconds.
fn number(text: &str, rounded: Rounded) -> Option<i64> {
    /// The largest number of seconds, which is that of nanoseconds in 64 bits, in milliseconds.
    const MOST: i64 = 9_223_372_036_000;
    let time = seconds::parse(text, rounded).filter(|time| *time >= 0)?;
    if time <= MOST {
        return Some(time);
    }
    let (whole, rest) = (time.div_euclid(1_000), time.rem_euclid(1_000));
    Some(if rounded == Rounded::Up && rest > 0 { whole.saturating_add(1) } else { whole })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The present: 2023-11-14T22:13:20.5Z, in milliseconds.
    const NOW: i64 = 1_700_000_000_500;

    #[test]
    fn victoria_metrics_takes_more_for_a_time() {
        for (text, milliseconds) in [
            ("now", NOW),
            ("now-1h", NOW - 3_600_000),
            ("-1h30m", NOW - 5_400_000),
            ("1h", NOW - 3_600_000),
            ("-5", NOW - 5_000),
            ("-0.5", NOW - 500),
            ("now-90", NOW - 90_000),
            ("-0", NOW),
            ("2022", 1_640_995_200_000),
            ("2023-11", 1_698_796_800_000),
            ("2023-11-14T22:13:20.123+01:00", 1_699_996_400_123),
            ("1700000000", 1_700_000_000_000),
            ("1.7e9", 1_700_000_000_000),
            ("1700000000.123", 1_700_000_000_123),
            ("1700000000123", 1_700_000_000_123),
            ("1700000000123.5", 1_700_000_000_123),
            ("9223372036", 9_223_372_036_000),
            ("9199999999999", 9_199_999_999_999),
            ("0", 0),
            ("1969-12-31T23:59:59Z", 0),
            ("1000000.123", 0),
        ] {
            let time = Dialect::VictoriaMetrics.time(text, Rounded::Down, NOW);
            assert_eq!(time, Some(milliseconds), "{text}");
        }
    }

    #[test]
    fn what_victoria_metrics_takes_for_no_time_is_none() {
        for text in [
            "", "-", "now+1h", "nowish", "tomorrow", "--1h", "-1h-5m", "1h-5m", "+5m", "5x", "NaN", "-Inf",
            "1e300",
        ] {
            assert_eq!(Dialect::VictoriaMetrics.time(text, Rounded::Down, NOW), None, "{text}");
        }
    }

    #[test]
    fn a_time_is_its_own_spelling() {
        for time in [0, 10_000_000_000, 10_000_000_001, NOW, 4_102_444_800_123] {
            let text = super::super::parameters::seconds(time);
            for dialect in [Dialect::Prometheus, Dialect::VictoriaMetrics] {
                for rounded in [Rounded::Up, Rounded::Down] {
                    assert_eq!(dialect.time(&text, rounded, NOW), Some(time), "{text}");
                }
            }
        }
    }
}
