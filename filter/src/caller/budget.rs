//! How many checks of passwords may begin: by source first, then in all, so that one who guesses doesn't use up what
//! others need (`threats.md` C1). A password that turns out to be right costs nothing.

use super::source::Source;
use crate::limits::bucket::{Bucket, Empty, Time};
use crate::limits::rate::Rate;

/// Which part of the budget one source may use: one of so many.
pub const SHARE: u32 = 4;

/// How many sources there can be whose bucket isn't full. The budget of all bounds them already; this is far beyond it.
const MOST_SOURCES: usize = 4_096;

/// What is left to begin checks with.
#[derive(Clone, Debug)]
pub struct Budget {
    rate: Rate,
    all: Bucket,
    /// Those whose bucket isn't full: no more than the budget of all lets begin at once.
    sources: Vec<(Source, Bucket)>,
}

/// Whose budget is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spent {
    /// The source's.
    BySource(Empty),
    /// That of all.
    InAll(Empty),
}

impl Budget {
    /// A whole budget.
    pub fn new(rate: Rate) -> Self {
        Self { rate, all: Bucket::default(), sources: Vec::new() }
    }

    /// Lets a check begin.
    ///
    /// # Errors
    ///
    /// The budget of the source or of all is used up.
    pub fn spend(&mut self, source: Source, now: Time) -> Result<(), Spent> {
        let share = self.share();
        self.sources.retain(|(_, bucket)| !bucket.is_full(now));
        let left = self.of(source).map_or_else(Bucket::default, |bucket| *bucket);
        let left = left.take(share, now).map_err(Spent::BySource)?;
        if self.sources.len() >= MOST_SOURCES {
            return Err(Spent::InAll(Empty { retry_after: 1 }));
        }
        self.all = self.all.take(self.rate, now).map_err(Spent::InAll)?;
        match self.of(source) {
            Some(bucket) => *bucket = left,
            None => self.sources.push((source, left)),
        }
        Ok(())
    }

    /// Gives back what a check has cost.
    pub fn give_back(&mut self, source: Source) {
        let share = self.share();
        self.all = self.all.give_back(self.rate);
        if let Some(bucket) = self.of(source) {
            *bucket = bucket.give_back(share);
        }
    }

    fn of(&mut self, source: Source) -> Option<&mut Bucket> {
        self.sources.iter_mut().find(|(known, _)| *known == source).map(|(_, bucket)| bucket)
    }

    fn share(&self) -> Rate {
        self.rate.shared_by(SHARE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time(1_700_000_000_000_000_000);

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
    fn a_right_password_costs_nothing() {
        let mut budget = budget();
        for _ in 0..100 {
            assert_eq!(budget.spend(source(1), NOW), Ok(()));
            budget.give_back(source(1));
        }
    }

    #[test]
    fn a_source_is_forgotten_when_its_share_is_whole_again() {
        let mut budget = Budget::new(Rate::parse("1000000/s").unwrap());
        let address = |number: u64| Source::V6(number);
        for number in 0..10_000 {
            assert_eq!(budget.spend(address(number), Time(NOW.0 + number * 1_000_000)), Ok(()));
        }
        assert!(budget.sources.len() <= MOST_SOURCES);
    }
}
