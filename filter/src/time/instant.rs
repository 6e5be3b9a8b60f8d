//! Instants, as hosts tell the time.

/// Nanoseconds of a second.
pub(super) const NANOSECONDS: u64 = 1_000_000_000;

/// A time in nanoseconds since 1970, as the host gives it. The clock may jump.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(pub u64);

impl Instant {
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
