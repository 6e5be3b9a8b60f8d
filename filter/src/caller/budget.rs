//! The budget of password checks: how many may begin, by source first and then in all, so that somebody who guesses
//! passwords doesn't use up what others need (`threats.md` C1). Half of the budget is kept for sources that haven't
//! begun a check recently, so that a few guessing sources don't use it up either. Callers who have logged in with
//! another worker have a budget of their own. A check costs nothing if the password turns out to be right.

use super::passwords::PasswordLimits;
use super::queue::Lane;
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
    /// The rate of checks for callers whom another worker knows. As many of them may begin at once as may wait, since
    /// those who are right cost nothing.
    known_rate: Rate,
    known: Bucket,
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
    pub fn new(limits: PasswordLimits) -> Self {
        let rate = limits.checks;
        Self {
            rate,
            all: Bucket::default(),
            known_rate: rate.with_burst(u32::try_from(limits.waiting).unwrap_or(u32::MAX)),
            known: Bucket::default(),
            sources: Vec::with_capacity(MOST_SOURCES),
        }
    }

    /// Lets one check begin, and takes it from the budget of its lane.
    ///
    /// # Errors
    ///
    /// Returns an error if the budget of the source or of all sources is used up, or that of the known.
    pub fn spend(&mut self, lane: Lane, source: Source, now: Instant) -> Result<(), Spent> {
        if lane == Lane::Known {
            self.known = self.known.take(self.known_rate, now).map_err(Spent::InAll)?;
            return Ok(());
        }
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
    pub fn give_back(&mut self, lane: Lane, source: Source) {
        if lane == Lane::Known {
            self.known = self.known.give_back(self.known_rate);
            return;
        }
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
        Budget::new(limits(Rate::parse("4/s").unwrap().with_burst(16)))
    }

    fn limits(checks: Rate) -> PasswordLimits {
        PasswordLimits { checks, waiting: 8, waiting_per_source: 2 }
    }

    #[test]
    fn one_source_uses_up_its_share_and_leaves_the_rest() {
        let mut budget = budget();
        for _ in 0..4 {
            assert_eq!(budget.spend(Lane::Usual, source(1), NOW), Ok(()));
        }
        assert_eq!(budget.spend(Lane::Usual, source(1), NOW), Err(Spent::BySource(Empty { retry_after: 1 })));
        assert_eq!(budget.spend(Lane::Usual, source(2), NOW), Ok(()));
    }

    #[test]
    fn many_sources_use_up_what_there_is_for_all() {
        let mut budget = budget();
        let began = (0..30).filter(|&number| budget.spend(Lane::Usual, source(number), NOW).is_ok()).count();
        assert_eq!(began, 16);
        assert_eq!(budget.spend(Lane::Usual, source(99), NOW), Err(Spent::InAll(Empty { retry_after: 1 })));
    }

    #[test]
    fn a_few_who_guess_leave_half_of_it_to_others() {
        let mut budget = budget();
        let mut others = 0;
        for tick in 0..4_000 {
            let now = Instant(NOW.0 + tick * 10_000_000);
            for number in 0..8 {
                let _ = budget.spend(Lane::Usual, source(number), now);
            }
            if tick % 100 == 0 {
                let number = u8::try_from(100 + tick / 100).unwrap();
                others += u32::from(budget.spend(Lane::Usual, source(number), now).is_ok());
            }
        }
        assert_eq!(others, 40);
    }

    #[test]
    fn a_right_password_costs_nothing() {
        let mut budget = budget();
        for _ in 0..100 {
            assert_eq!(budget.spend(Lane::Usual, source(1), NOW), Ok(()));
            budget.give_back(Lane::Usual, source(1));
        }
    }

    #[test]
    fn callers_who_are_known_elsewhere_have_a_budget_that_nobody_else_uses_up_and_that_ends() {
        let mut budget = budget();
        while budget.spend(Lane::Usual, source(1), NOW).is_ok() {}
        for _ in 0..100 {
            assert_eq!(budget.spend(Lane::Known, source(1), NOW), Ok(()));
            budget.give_back(Lane::Known, source(1));
        }
        let began = (0..30).filter(|_| budget.spend(Lane::Known, source(1), NOW).is_ok()).count();
        assert_eq!(began, 8);
        assert!(budget.spend(Lane::Usual, source(2), NOW).is_ok(), "the others' budget is untouched");
    }

    #[test]
    fn no_more_sources_are_known_than_there_is_room_for() {
        let mut budget = Budget::new(limits(Rate::parse("1000000/s").unwrap()));
        let room = budget.sources.capacity();
        for number in 0..10_000 {
            assert_eq!(
                budget.spend(Lane::Usual, Source::V6(number), Instant(NOW.0 + number * 1_000_000)),
                Ok(())
            );
        }
        assert_eq!((budget.sources.len(), budget.sources.capacity()), (MOST_SOURCES, room));
        assert_eq!(budget.spend(Lane::Usual, Source::V6(0), Instant(NOW.0 + MEMORY * 2)), Ok(()));
        assert_eq!(budget.sources.len(), 1);
    }
}
