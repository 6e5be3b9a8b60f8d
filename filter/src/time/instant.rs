//! Instants, as hosts tell the time.

use super::date;

/// Nanoseconds of a second.
pub(super) const NANOSECONDS: u64 = 1_000_000_000;

/// A time in nanoseconds since 1970, as the host gives it. The clock may jump.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(pub u64);

impl Instant {
    /// Parses a time as people write it: `2006-01-02T15:04:05Z` (RFC 3339), or whole seconds since 1970.
    pub fn parse(text: &str) -> Option<Self> {
        let seconds = || text.parse::<u64>().ok()?.checked_mul(1_000);
        let milliseconds = date::rfc3339(text).map_or_else(seconds, |time| u64::try_from(time).ok());
        milliseconds?.checked_mul(1_000_000).map(Self)
    }

    /// Returns the whole seconds since 1970.
    pub fn seconds(self) -> u64 {
        self.0.checked_div(NANOSECONDS).unwrap_or_default()
    }

    /// Returns the whole milliseconds since 1970, as a signed number so that it can be compared with earlier times.
    pub fn milliseconds(self) -> i64 {
        i64::try_from(self.0.checked_div(1_000_000).unwrap_or_default()).unwrap_or(i64::MAX)
    }

    pub(super) fn after(self, nanoseconds: u64) -> Self {
        Self(self.0.saturating_add(nanoseconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_date_or_seconds() {
        let time = |text: &str| Instant::parse(text).map(Instant::milliseconds);
        assert_eq!(time("2026-01-31T00:00:00Z"), Some(1_769_817_600_000));
        assert_eq!(time("1769817600"), Some(1_769_817_600_000));
        for text in ["", "now", "1969-01-01T00:00:00Z", "-1", "1.5", "99999999999999999999"] {
            assert_eq!(time(text), None, "{text}");
        }
    }
}
