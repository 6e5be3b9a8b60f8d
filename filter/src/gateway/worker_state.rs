//! The state that a worker keeps between requests, beside its configuration. It is dropped with the configuration.

use crate::caller::logins::Logins;
use crate::enforce::rewrite_cache::RewriteCache;
use crate::keyed_hash::Digest;
use crate::limits::table::Table;
use crate::report::count::{Capacity, Count};
use crate::shared_data::{SharedData, Unreachable};

/// The state of a worker.
#[derive(Debug)]
pub struct WorkerState {
    /// Passwords that are known, and those that are being checked.
    pub logins: Logins,
    /// The table in which rates are counted, if there are any.
    pub rates: Option<Table>,
    /// Queries with their restriction written into them.
    pub rewrites: RewriteCache,
    /// The same with the restrictions of rules on trial, which so push none of the others out.
    pub tried_rewrites: RewriteCache,
    counts: Vec<Count>,
}

/// The worker's part in a decision.
pub struct Resources<'a> {
    /// The state that the worker keeps.
    pub state: &'a mut WorkerState,
    /// The data that it shares with other workers.
    pub shared: &'a dyn SharedData,
}

/// The need for a table of rates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rates {
    /// At least one rule has a rate.
    Some,
    /// No rule has a rate.
    None,
}

impl WorkerState {
    /// Creates a state from random bytes, which must differ for each worker.
    ///
    /// # Errors
    ///
    /// Returns an error if a rule has a rate and the host has no data that workers share.
    pub fn new(random: [Digest; 3], rates: Rates, shared: &dyn SharedData) -> Result<Self, Unreachable> {
        let [logins, table, queries] = random;
        let rates = match rates {
            Rates::Some => Some(Table::open(shared, table)?),
            Rates::None => None,
        };
        let seed = queries.first_chunk().map_or(0, |seed| u64::from_le_bytes(*seed));
        let [rewrites, tried_rewrites] = [seed; 2].map(RewriteCache::new);
        Ok(Self { logins: Logins::new(logins), rates, rewrites, tried_rewrites, counts: Vec::new() })
    }

    /// Adds a count to those that are still to be reported.
    pub fn count(&mut self, count: Count) {
        self.counts.push(count);
    }

    /// Returns everything that was counted since the last call.
    pub fn take_counts(&mut self) -> Vec<Count> {
        let mut counts: Vec<Count> = self.logins.take_events().into_iter().map(Count::from).collect();
        counts.append(&mut self.counts);
        if self.rewrites.take_full() {
            counts.push(Count::Bound(Capacity::Queries));
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::endpoint::SelectorForm;
    use crate::enforce::restriction::samples;
    use crate::enforce::rewrite_cache::Original;
    use crate::promql::Query;
    use crate::shared_data::Nothing;
    use crate::target::parameters::FormText;
    use crate::time::dialect::Dialect;

    #[test]
    fn which_queries_go_for_which_is_each_workers_own() {
        let (restriction, dialect) = (samples::restriction(samples::only(&["a"])), Dialect::Prometheus);
        let texts: Vec<_> = (0..1_000).map(|number| format!("metric_{number}")).collect();
        let remembered = |random: u8| {
            let digests = [Digest::default(), Digest::default(), [random; 32]];
            let mut queries = WorkerState::new(digests, Rates::None, &Nothing).unwrap().rewrites;
            let original =
                |text| Original { form: SelectorForm::Expression, dialect, text, restriction: &restriction };
            texts.iter().for_each(|text| {
                let work = Query::parse("up").unwrap().work().unwrap();
                queries.remember(&original(text), &FormText::new(text), work);
            });
            texts.iter().map(|text| queries.find(&original(text)).is_some()).collect::<Vec<_>>()
        };
        assert_eq!(remembered(1), remembered(1));
        assert_ne!(remembered(1), remembered(2));
    }
}
