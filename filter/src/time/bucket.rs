//! A token bucket that is a single number, the time at which it will be full again, so that workers can share it by
//! compare-and-swap. A missing entry in the table stands for a full bucket, and a full bucket needs no entry.

use super::instant::{Instant, NANOSECONDS};
use super::rate::Rate;

/// A token bucket. The default one is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bucket {
    /// The time at which the bucket is full again, unless more tokens are taken.
    pub full_at: Instant,
}

/// The error of a bucket that has no token left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Empty {
    /// The time until there is a token again, in whole seconds and at least one, as `Retry-After` has it.
    pub retry_after: u64,
}

impl Bucket {
    /// Takes one token and returns the bucket that remains.
    ///
    /// # Errors
    ///
    /// Returns an error if no token is left.
    pub(crate) fn take(self, rate: Rate, now: Instant) -> Result<Self, Empty> {
        self.take_many(rate, 1, now)
    }

    /// Takes an amount of tokens, at most the burst, and returns the bucket that remains.
    ///
    /// # Errors
    ///
    /// Returns an error if fewer are left.
    pub(crate) fn take_many(self, rate: Rate, amount: u32, now: Instant) -> Result<Self, Empty> {
        let whole = rate.interval.saturating_mul(rate.burst.into());
        let taken = rate.interval.saturating_mul(amount.into());
        // No bucket takes longer to fill than from empty to full. If this one seems to, the clock was set back.
        let full_at = self.full_at.clamp(now, now.after(whole)).after(taken);
        let too_early = full_at.0.saturating_sub(now.0).saturating_sub(whole);
        if too_early > 0 {
            return Err(Empty { retry_after: too_early.div_ceil(NANOSECONDS) });
        }
        Ok(Self { full_at })
    }

    /// Puts one token back into the bucket.
    #[must_use]
    pub(crate) fn give_back(self, rate: Rate) -> Self {
        Self { full_at: Instant(self.full_at.0.saturating_sub(rate.interval)) }
    }

    /// Returns `true` if no token is missing.
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

    /// Takes tokens until the bucket is empty, and returns how many there were.
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
    fn many_tokens_are_taken_together_or_not_at_all() {
        let rate = Rate::parse("100/s").unwrap();
        let left = Bucket::default().take_many(rate, 60, START).unwrap();
        assert_eq!(left.take_many(rate, 60, START), Err(Empty { retry_after: 1 }));
        assert_eq!(left.take_many(rate, 60, later(199)), Err(Empty { retry_after: 1 }));
        assert!(left.take_many(rate, 60, later(200)).is_ok() && left.take_many(rate, 40, START).is_ok());
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
