//! The budget of password checks: how many may begin, by source first and then in all, so that somebody who guesses
//! passwords doesn't use up what others need (`threats.md` C1). Half of the budget is kept for sources that haven't
//! begun a check recently, so that a few guessing sources don't use it up either. A check costs nothing if the password
//! turns out to be right.

use super::source::Source;
use crate::time::bucket::{Bucket, Empty};
use crate::time::instant::Instant;
use crate::time::rate::Rate;

/// The part of the budget that one source may use: one of this many equal parts.
pub const SHARE: u32 = 4;

/// The time for which a source is remembered after it began a check, in nanoseconds.
const MEMORY: u64 = 600_000_000_000;

/// The largest number of sources that are remembered; when one more comes, the oldest is forgotten.
const MOST_SOURCES: usize = 4_096;

/// The checks that may still begin, in all and for each source.
#[derive(Clone, Debug)]
pub struct Budget {
    rate: Rate,
    all: Bucket,
    /// The sources that have begun a check recently, the oldest first.
    sources: Vec<SeenSource>,
}

/// A source that has begun a check.
#[derive(Clone, Debug)]
struct SeenSource {
    source: Source,
    bucket: Bucket,
    last: Instant,
}

/// The part of the budget that is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spent {
    /// The budget of this source.
    BySource(Empty),
    /// The budget of all sources together.
    InAll(Empty),
}

impl Budget {
    /// Creates a full budget. It has room for all sources from the start: a list that grew would leave smaller ones
    /// behind, and the VM's memory would grow for as long as new sources come.
    pub fn new(rate: Rate) -> Self {
        Self { rate, all: Bucket::default(), sources: Vec::with_capacity(MOST_SOURCES) }
    }

    /// Lets one check begin, and takes it from the budget.
    ///
    /// # Errors
    ///
    /// Returns an error if the budget of the source or of all sources is used up.
    pub fn spend(&mut self, source: Source, now: Instant) -> Result<(), Spent> {
        let (rate, share, all) = (self.rate, self.share(), self.all);
        self.sources.retain(|known| now.0.saturating_sub(known.last.0) < MEMORY);
        if let Some(known) = self.of(source) {
            let left = known.bucket.take(share, now).map_err(Spent::BySource)?;
            all.take(rate.with_burst(rate.burst.div_euclid(2)), now).map_err(Spent::InAll)?;
            self.all = all.take(rate, now).map_err(Spent::InAll)?;
            if let Some(known) = self.of(source) {
                (known.bucket, known.last) = (left, now);
            }
            return Ok(());
        }
        self.all = all.take(rate, now).map_err(Spent::InAll)?;
        if self.sources.len() >= MOST_SOURCES {
            self.sources.remove(0);
        }
        let bucket = Bucket::default().take(share, now).map_err(Spent::BySource)?;
        self.sources.push(SeenSource { source, bucket, last: now });
        Ok(())
    }

    /// Gives back what one check of this source has cost.
    pub fn give_back(&mut self, source: Source) {
        let share = self.share();
        self.all = self.all.give_back(self.rate);
        if let Some(known) = self.of(source) {
            known.bucket = known.bucket.give_back(share);
        }
    }

    fn of(&mut self, source: Source) -> Option<&mut SeenSource> {
        self.sources.iter_mut().find(|known| known.source == source)
    }

    fn share(&self) -> Rate {
        self.rate.shared_by(SHARE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant(1_700_000_000_000_000_000);

    fn source(number: u8) -> Source {
        Source::parse(format!("192.0.2.{number}").as_bytes()).unwrap()
    }

    fn budget() -> Budget {
        Budget::new(Rate::parse("4/s").unwrap().with_burst(16))
    }

    #[test]
    fn one_source_uses_up_its_share_and_leaves_the_rest() {
        let mut budget = budget();
        for _ in 0..4 {
            assert_eq!(budget.spend(source(1), NOW), Ok(()));
        }
        assert_eq!(budget.spend(source(1), NOW), Err(Spent::BySource(Empty { retry_after: 1 })));
        assert_eq!(budget.spend(source(2), NOW), Ok(()));
    }

    #[test]
    fn many_sources_use_up_what_there_is_for_all() {
        let mut budget = budget();
        let began = (0..30).filter(|&number| budget.spend(source(number), NOW).is_ok()).count();
        assert_eq!(began, 16);
        assert_eq!(budget.spend(source(99), NOW), Err(Spent::InAll(Empty { retry_after: 1 })));
    }

    #[test]
    fn a_few_who_guess_leave_half_of_it_to_others() {
        let mut budget = budget();
        let mut others = 0;
        for tick in 0..4_000 {
            let now = Instant(NOW.0 + tick * 10_000_000);
            for number in 0..8 {
                let _ = budget.spend(source(number), now);
            }
            if tick % 100 == 0 {
                let number = u8::try_from(100 + tick / 100).unwrap();
                others += u32::from(budget.spend(source(number), now).is_ok());
            }
        }
        assert_eq!(others, 40);
    }

    #[test]
    fn a_right_password_costs_nothing() {
        let mut budget = budget();
        for _ in 0..100 {
            assert_eq!(budget.spend(source(1), NOW), Ok(()));
            budget.give_back(source(1));
        }
    }

    #[test]
    fn no_more_sources_are_known_than_there_is_room_for() {
        let mut budget = Budget::new(Rate::parse("1000000/s").unwrap());
        let room = budget.sources.capacity();
        for number in 0..10_000 {
            assert_eq!(budget.spend(Source::V6(number), Instant(NOW.0 + number * 1_000_000)), Ok(()));
        }
        assert_eq!((budget.sources.len(), budget.sources.capacity()), (MOST_SOURCES, room));
        assert_eq!(budget.spend(Source::V6(0), Instant(NOW.0 + MEMORY * 2)), Ok(()));
        assert_eq!(budget.sources.len(), 1);
    }
}
