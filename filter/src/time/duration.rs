//! Durations as Prometheus writes them in its configuration, such as `30s`, `7d` and `1h30m`: reading them as
//! milliseconds, and writing them for people.

use std::fmt;

/// The units with their length in milliseconds, from the longest to the shortest. A duration must list them in this
/// order.
const UNITS: [(&str, i64); 7] = [
    ("y", 31_536_000_000),
    ("w", 604_800_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// The longest duration that Prometheus accepts, in milliseconds: it counts nanoseconds in 64 bits.
const LONGEST: i64 = i64::MAX / 1_000_000;

/// Parses a duration and returns it in milliseconds. It is `0`, or whole numbers each with a unit of `y w d h m s ms`,
/// in this order and each unit at most once.
pub(crate) fn parse(text: &str) -> Option<i64> {
    if text == "0" {
        return Some(0);
    }
    let mut units = UNITS.iter();
    let (mut rest, mut sum) = (text, 0_i64);
    while !rest.is_empty() {
        let (number, after) = split(rest, |byte| byte.is_ascii_digit())?;
        let (unit, after) = split(after, |byte| byte.is_ascii_lowercase())?;
        let (_, length) = units.find(|(known, _)| *known == unit)?;
        let part = number.parse::<i64>().ok()?.checked_mul(*length)?;
        sum = sum.checked_add(part)?;
        rest = after;
    }
    Some(sum).filter(|sum| !text.is_empty() && *sum <= LONGEST)
}

/// Splits a text after the bytes of a kind that it begins with, of which there must be at least one.
fn split(text: &str, is_of_kind: impl Fn(u8) -> bool) -> Option<(&str, &str)> {
    let length = text.bytes().take_while(|&byte| is_of_kind(byte)).count();
    text.split_at_checked(length).filter(|(begin, _)| !begin.is_empty())
}

/// A duration in milliseconds, written for people in units of at most a day: `1h30m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shown(pub i64);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 0 {
            f.write_str("-")?;
        }
        let mut rest = self.0.saturating_abs();
        if rest == 0 {
            return f.write_str("0s");
        }
        for (unit, length) in UNITS.iter().skip_while(|(unit, _)| *unit != "d") {
            let whole = rest.checked_div(*length).unwrap_or_default();
            if whole > 0 {
                write!(f, "{whole}{unit}")?;
            }
            rest = rest.saturating_sub(whole.saturating_mul(*length));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_read_as_prometheus_reads_it() {
        for (text, milliseconds) in [
            ("0", 0),
            ("0s", 0),
            ("5ms", 5),
            ("30s", 30_000),
            ("7d", 604_800_000),
            ("1h30m", 5_400_000),
            ("1y1w1d1h1m1s1ms", 32_230_861_001),
            ("90m", 5_400_000),
            ("292y", 9_208_512_000_000),
            ("9223372036854ms", LONGEST),
        ] {
            assert_eq!(parse(text), Some(milliseconds), "{text}");
        }
    }

    #[test]
    fn what_prometheus_refuses_is_none() {
        for text in [
            "",
            "5",
            "00",
            "s",
            "-5s",
            "+5s",
            "1.5h",
            "1h 30m",
            " 1h",
            "1H",
            "30m1h",
            "1h1h",
            "1ms1s",
            "1us",
            "1h30",
            "293y",
            "9223372036855ms",
            "9223372036854775808s",
            "99999999999999999999y",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_duration_is_shown_as_people_write_it() {
        for text in ["7d", "1h30m", "365d", "90d5m", "1s1ms", "5ms"] {
            assert_eq!(Shown(parse(text).unwrap()).to_string(), text);
        }
        assert_eq!([Shown(0), Shown(-300_000)].map(|shown| shown.to_string()), ["0s", "-5m"]);
    }
}
