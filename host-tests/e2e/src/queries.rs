//! Random PromQL over known samples. It tests what no list of cases can prove: whatever query a caller writes, they see
//! only their own series. Every construct of the stable grammar occurs, the types fit, and most queries find something,
//! so that equal answers have a meaning. The same seed gives the same queries.

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

/// The type of an expression's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One sample for each series. Range queries take this and [`Kind::Scalar`].
    Vector,
    Scalar,
    /// Samples over a time, for each series.
    Range,
    Text,
}

#[derive(Clone, Debug)]
pub struct Query {
    pub text: String,
    pub kind: Kind,
    /// Is set if the answer shows the matchers of a selector, as those of `absent` and `absent_over_time` do. An added
    /// matcher is then visible too.
    pub echoes_matchers: bool,
}

/// An endless generator of queries.
pub struct Generator {
    random: Random,
    release: Release,
    echoes: bool,
}

/// The depth to which expressions nest, not counting selectors and their modifiers.
const DEPTH: u32 = 3;

impl Generator {
    /// Creates a generator of queries that this release accepts. The same seed gives the same queries.
    #[must_use]
    pub fn new(seed: u64, release: Release) -> Self {
        Self { random: Random::new(seed), release, echoes: false }
    }

    /// Generates the next query.
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
