//! A token bucket in one number, so that it can be shared between workers by a compare-and-swap: the time at which it
//! will be full again. An empty place in a table is a full bucket, and a bucket that is full needs no place.

use super::instant::{Instant, NANOSECONDS};
use super::rate::Rate;

/// A token bucket. The one by default is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bucket {
    /// When it will be full again, unless more is taken out of it.
    pub full_at: Instant,
}

/// That a bucket is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Empty {
    /// When there will be a token again: whole seconds from now, at least one, as `Retry-After` has them.
    pub retry_after: u64,
}

impl Bucket {
    /// Takes a token out.
    ///
    /// # Errors
    ///
    /// There is none.
    pub(crate) fn take(self, rate: Rate, now: Instant) -> Result<Self, Empty> {
        let whole = rate.interval.saturating_mul(rate.burst.into());
        // No bucket needs longer than from empty to full. If this one seems to, the clock was put back.
        let full_at = self.full_at.clamp(now, now.after(whole)).after(rate.interval);
        let too_early = full_at.0.saturating_sub(now.0).saturating_sub(whole);
        if too_early > 0 {
            return Err(Empty { retry_after: too_early.div_ceil(NANOSECONDS) });
        }
        Ok(Self { full_at })
    }

    /// Puts a token back in.
    #[must_use]
    pub(crate) fn give_back(self, rate: Rate) -> Self {
        Self { full_at: Instant(self.full_at.0.saturating_sub(rate.interval)) }
    }

    /// Whether nothing is missing in it.
    pub(crate) fn is_full(self, now: Instant) -> bool {
        self.full_at <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Instant = Instant(1_700_000_000 * NANOSECONDS);

    fn later(milliseconds: u64) -> Instant {
        START.after(milliseconds * 1_000_000)
    }

    /// How many tokens can be taken out at once.
    fn drain(bucket: &mut Bucket, rate: Rate, now: Instant) -> usize {
        std::iter::from_fn(|| bucket.take(rate, now).ok().map(|left| *bucket = left)).count()
    }

    #[test]
    fn a_full_bucket_gives_its_burst_and_then_one_an_interval() {
        let rate = Rate::parse("4/s").unwrap().with_burst(16);
        let mut bucket = Bucket::default();
        assert_eq!(drain(&mut bucket, rate, START), 16);
        assert_eq!(drain(&mut bucket, rate, later(249)), 0);
        assert_eq!(drain(&mut bucket, rate, later(250)), 1);
        assert_eq!(drain(&mut bucket, rate, later(1_250)), 4);
        assert_eq!(drain(&mut bucket, rate, later(60_000)), 16);
    }

    #[test]
    fn an_empty_bucket_says_when_to_come_again() {
        let rate = Rate::parse("1/h").unwrap().with_burst(2);
        let mut bucket = Bucket::default();
        drain(&mut bucket, rate, START);
        assert_eq!(bucket.take(rate, START), Err(Empty { retry_after: 3_600 }));
        assert_eq!(bucket.take(rate, later(3_599_001)), Err(Empty { retry_after: 1 }));
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let rate = Rate::parse("1/h").unwrap();
        let taken = Bucket::default().take(rate, START).unwrap();
        assert!(!taken.is_full(START) && taken.take(rate, START).is_err());
        assert!(taken.give_back(rate).is_full(START));
    }

    #[test]
    fn a_clock_that_is_put_back_locks_nobody_out() {
        let rate = Rate::parse("1/s").unwrap().with_burst(2);
        let tomorrow = Bucket { full_at: later(86_400_000) };
        assert_eq!(tomorrow.take(rate, START), Err(Empty { retry_after: 1 }));
        let mut bucket = tomorrow;
        bucket.full_at = bucket.full_at.clamp(START, later(2_000));
        assert_eq!(drain(&mut bucket, rate, later(2_000)), 2);
    }
}
