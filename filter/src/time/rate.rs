//! Rates as a configuration writes them, such as `20/s`, `4/m` and `1/h`, and the bursts that go with them.

use std::fmt;

/// The largest number that a rate or a burst may have.
pub const MOST: u32 = 1_000_000;

/// A rate of requests, and the burst of them that may come at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The time between two requests, in nanoseconds.
    pub interval: u64,
    /// The number of requests that may come at once, 1 to [`MOST`].
    pub burst: u32,
}

/// A thing that a rule has a rate of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// Requests of a caller.
    Requests,
    /// Samples that are written.
    Samples,
}

impl Amount {
    /// Returns the word for it in messages and keys, after the rule's number. It is empty for requests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Requests => "",
            Self::Samples => " samples",
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

const UNITS: [(&str, u64); 3] = [("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000)];

impl Rate {
    /// Parses a whole number, 1 to [`MOST`], and the unit of time in which that many may come: `20/s`, or `5k/s` for 5000. The burst is the
    /// same number.
    pub fn parse(text: &str) -> Option<Self> {
        let (number, unit) = text.split_once('/')?;
        let is_number = !number.starts_with(['0', '+']);
        let (number, factor) = number.strip_suffix('k').map_or((number, 1), |number| (number, 1_000));
        let number = number.parse::<u32>().ok()?.checked_mul(factor)?;
        if !is_number || number > MOST {
            return None;
        }
        let (_, nanoseconds) = UNITS.iter().find(|(known, _)| *known == unit)?;
        Some(Self { interval: nanoseconds.checked_div(number.into())?, burst: number })
    }

    /// Returns the same rate with another burst.
    #[must_use]
    pub fn with_burst(self, burst: u32) -> Self {
        Self { burst: burst.clamp(1, MOST), ..self }
    }

    /// Returns the rate and the burst divided by a number. The burst stays at least 1.
    #[must_use]
    pub fn shared_by(self, number: u32) -> Self {
        let interval = self.interval.saturating_mul(number.into());
        Self { interval, ..self }.with_burst(self.burst.checked_div(number).unwrap_or(1))
    }
}

impl fmt::Display for Rate {
    /// Writes the rate in the largest unit in which it is at least 1: `3.8/s`, `20/s`, `1/h`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = UNITS.iter().find(|(_, nanoseconds)| *nanoseconds >= self.interval);
        let &(unit, nanoseconds) = fits.or(UNITS.last()).unwrap_or(&("h", 0));
        let tenths = nanoseconds.saturating_mul(10).checked_div(self.interval).unwrap_or_default();
        let (whole, tenth) = (tenths.checked_div(10).unwrap_or_default(), tenths.checked_rem(10));
        match tenth {
            Some(tenth @ 1..) if whole < 100 => write!(f, "{whole}.{tenth}/{unit}"),
            _ => write!(f, "{whole}/{unit}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_and_a_time() {
        for (text, interval, burst) in
            [("20/s", 50_000_000, 20), ("4/m", 15_000_000_000, 4), ("1/h", 3_600_000_000_000, 1)]
        {
            let rate = Rate::parse(text).unwrap();
            assert_eq!((rate.interval, rate.burst, rate.to_string().as_str()), (interval, burst, text));
        }
        for text in [
            "",
            "20",
            "/s",
            "0/s",
            "+1/s",
            "-1/s",
            "1.5/s",
            "20 / s",
            "20/d",
            "1000001/s",
            "1/s/s",
            "1001k/s",
            "k/s",
            "0k/s",
            "1K/s",
            "1kk/s",
        ] {
            assert_eq!(Rate::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_share_is_never_nothing() {
        let rate = Rate::parse("2/s").unwrap().shared_by(4);
        assert_eq!((rate.interval, rate.burst), (2_000_000_000, 1));
    }

    #[test]
    fn a_rate_that_is_no_whole_number_is_printed_with_a_tenth() {
        assert_eq!(Rate { interval: 260_000_000, burst: 15 }.to_string(), "3.8/s");
        assert_eq!(Rate { interval: 1_028_000_000, burst: 3 }.to_string(), "58.3/m");
    }
}
