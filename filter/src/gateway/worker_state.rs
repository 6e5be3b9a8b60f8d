//! The state that a worker keeps between requests, beside its configuration. It is dropped with the configuration.

use crate::caller::logins::{Logins, StreamId};
use crate::enforce::rewrite_cache::RewriteCache;
use crate::keyed_hash::Digest;
use crate::limits::lines::Lines;
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
    /// The requests whose number is limited, if a rule limits it.
    pub lines: Option<Lines>,
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

/// The need for tables in which workers count together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tables {
    /// No rule has a rate, or a number of requests at once.
    None,
    /// At least one rule has a rate.
    Rates,
    /// At least one rule has a number of requests at once.
    Lines,
}

impl WorkerState {
    /// Creates a state from random bytes, which must differ for each worker.
    ///
    /// # Errors
    ///
    /// Returns an error if workers have to count together and the host has no data that they share.
    pub fn new(random: [Digest; 3], tables: Tables, shared: &dyn SharedData) -> Result<Self, Unreachable> {
        let [logins, table, queries] = random;
        let rates = match tables {
            Tables::Rates | Tables::Lines => Some(Table::open(shared, table)?),
            Tables::None => None,
        };
        let seed = queries.first_chunk().map_or(0, |seed| u64::from_le_bytes(*seed));
        let worker = queries.last_chunk().map_or(0, |worker| u64::from_le_bytes(*worker));
        let lines = rates.as_ref().filter(|_| tables == Tables::Lines);
        let lines = lines.map(|table| Lines::new(table, worker));
        let [rewrites, tried_rewrites] = [seed; 2].map(RewriteCache::new);
        let (logins, counts) = (Logins::new(logins), Vec::new());
        Ok(Self { logins, rates, lines, rewrites, tried_rewrites, counts })
    }

    /// Returns `true` if a request has waited for others to end. It was counted when it came.
    pub(super) fn has_stood_in_line(&self, stream: StreamId) -> bool {
        self.lines.as_ref().is_some_and(|lines| lines.knows(stream.0))
    }

    /// Returns `true` if a request waits: for the check of a password, or for others to end.
    pub fn is_waiting(&self) -> bool {
        !self.logins.is_idle() || self.lines.as_ref().is_some_and(Lines::is_waiting)
    }

    /// Ends a request whose stream has ended, so that another one of the same caller has its turn.
    pub fn end(&mut self, stream: StreamId, shared: &dyn SharedData) {
        if let Some(lines) = &mut self.lines {
            lines.end(shared, stream.0);
        }
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
            let mut queries = WorkerState::new(digests, Tables::None, &Nothing).unwrap().rewrites;
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
