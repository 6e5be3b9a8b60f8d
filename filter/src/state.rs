//! What a worker keeps between requests, beside its configuration, and dies with it.

use crate::caller::logins::Logins;
use crate::keyed::Digest;
use crate::limits::table::{SharedData, Table, Unreachable};
use crate::report::{Bound, Count};
use crate::request::queries::Queries;

/// A worker's own state.
#[derive(Debug)]
pub struct State {
    /// Passwords that are known, and those that are being checked.
    pub logins: Logins,
    /// Where rates are counted, if there are any.
    pub rates: Option<Table>,
    /// Queries that were restricted.
    pub queries: Queries,
    counts: Vec<Count>,
}

/// Whether a table is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rates {
    /// A rule has a rate.
    Some,
    /// None has.
    None,
}

impl State {
    /// A new state of these random bytes, of which every worker needs its own.
    ///
    /// # Errors
    ///
    /// A rule has a rate, and the host has no data that workers share.
    pub fn new(random: [Digest; 3], rates: Rates, shared: &dyn SharedData) -> Result<Self, Unreachable> {
        let [logins, table, queries] = random;
        let rates = match rates {
            Rates::Some => Some(Table::open(shared, table)?),
            Rates::None => None,
        };
        let seed = queries.first_chunk().map_or(0, |seed| u64::from_le_bytes(*seed));
        Ok(Self { logins: Logins::new(logins), rates, queries: Queries::new(seed), counts: Vec::new() })
    }

    /// Counts something.
    pub fn count(&mut self, count: Count) {
        self.counts.push(count);
    }

    /// What was counted since this was asked last.
    pub fn take_counts(&mut self) -> Vec<Count> {
        let mut counts = self.logins.take_counts();
        counts.append(&mut self.counts);
        if self.queries.take_full() {
            counts.push(Count::Bound(Bound::Queries));
        }
        counts
    }
}
