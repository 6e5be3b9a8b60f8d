//! Random PromQL over known samples, for what no list of cases proves: that whatever a caller writes, they see only
//! theirs. Every construct of the stable grammar occurs, the types fit, and most queries find something, so that an equal
//! answer says something. The same seed gives the same queries.

mod aggregations;
mod calls;
mod expressions;
mod functions;
mod layout;
mod mutations;
mod operations;
mod random;
pub mod samples;
mod selectors;
mod spellings;

use layout::Words;
pub use mutations::mutated;
use promward_harness::prometheus::Release;
pub use random::Random;

/// What an expression gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A sample a series. With [`Kind::Scalar`] what a range query takes.
    Vector,
    /// A number.
    Scalar,
    /// Samples over a time, a series each.
    Range,
    /// A text.
    Text,
}

/// A query.
#[derive(Clone, Debug)]
pub struct Query {
    /// Its text.
    pub text: String,
    /// What it gives.
    pub kind: Kind,
    /// Whether its answer shows the matchers of a selector, as those of `absent` and `absent_over_time` do, so that an
    /// added one shows too.
    pub echoes_matchers: bool,
}

/// Makes queries, without an end.
pub struct Generator {
    random: Random,
    release: Release,
    echoes: bool,
}

/// How deep expressions nest; selectors and their like come on top.
const DEPTH: u32 = 3;

impl Generator {
    /// Queries that this release takes, the same ones for the same seed.
    #[must_use]
    pub fn new(seed: u64, release: Release) -> Self {
        Self { random: Random::new(seed), release, echoes: false }
    }

    /// The next query.
    pub fn query(&mut self) -> Query {
        self.echoes = false;
        let (kind, words) = match self.random.below(40) {
            0 => (Kind::Text, Words::one(self.quoted("a text"))),
            1 => (Kind::Range, self.range()),
            2 | 3 => (Kind::Scalar, self.scalar(DEPTH).words),
            _ => (Kind::Vector, self.vector(DEPTH).words),
        };
        let text = words.laid_out(&mut self.random);
        Query { text, kind, echoes_matchers: self.echoes }
    }
}
