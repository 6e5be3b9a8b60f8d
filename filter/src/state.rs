//! What a worker keeps between requests, beside its configuration, and dies with it.

use crate::caller::logins::Logins;
use crate::keyed::Digest;
use crate::limits::table::{SharedData, Table, Unreachable};
use crate::report::Count;
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
    pub fn new(random: [Digest; 2], rates: Rates, shared: &dyn SharedData) -> Result<Self, Unreachable> {
        let [logins, table] = random;
        let rates = match rates {
            Rates::Some => Some(Table::open(shared, table)?),
            Rates::None => None,
        };
        Ok(Self { logins: Logins::new(logins), rates, queries: Queries::default(), counts: Vec::new() })
    }

    /// Counts something.
    pub fn count(&mut self, count: Count) {
        self.counts.push(count);
    }

    /// What was counted since this was asked last.
    pub fn take_counts(&mut self) -> Vec<Count> {
        let mut counts = self.logins.take_counts();
        counts.append(&mut self.counts);
        counts
    }
}
