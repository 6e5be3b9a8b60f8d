//! Limits on how often a caller may send requests, and on how many of them may be open at once. A caller and the limit of
//! a rule come in; the request is counted in tables that all workers of a proxy share, or stands in line, or is refused.
//! Limits on what one query may touch are guards, in [`crate::enforce`].

mod leases;
mod line;
pub mod lines;
mod share;
pub mod table;
#[cfg(test)]
mod tests;

use crate::keyed_hash::{Digest, Key};
#[cfg(not(target_arch = "wasm32"))]
use crate::time::duration::Shown;
use std::fmt;

/// The number of attempts to write an entry while other workers are faster.
const ATTEMPTS: usize = 64;

/// The largest number of requests at once that a rule may allow a caller.
pub const MOST_AT_ONCE: u32 = 1_000;

/// The number of requests that each caller may have open at once, and the time for which others wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Concurrent {
    /// The largest number of open requests, 1 to [`MOST_AT_ONCE`].
    pub most: u32,
    /// The longest time in milliseconds for which another request stands in line; 0 if none does.
    pub wait: i64,
}

impl Concurrent {
    /// Returns the time for which other requests wait, for people.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn shown_wait(self) -> Option<String> {
        Some(Shown(self.wait).to_string()).filter(|_| self.wait > 0)
    }
}

/// The kind of caller that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// A caller whom the configuration knows.
    Known,
    /// An anonymous caller, counted by source address.
    Anonymous,
}

/// The rule of a configuration, and a caller who is counted under it.
#[derive(Clone, Copy, Debug)]
pub struct CountedCaller<'a> {
    /// Bytes that differ from one configuration to the next.
    pub configuration: &'a [u8],
    /// The number of the rule.
    pub rule: usize,
    /// The kind of caller.
    pub who: Counted,
    /// The name or the address of the caller.
    pub name: &'a [u8],
}

impl CountedCaller<'_> {
    /// Returns two numbers by which tables find the caller, under a key that nobody outside can know.
    fn numbers(&self, key: &Key) -> [u64; 2] {
        halves(&key.hash(&[self.configuration, &self.rule.to_le_bytes(), self.name]))
    }
}

/// Returns the first two numbers of a hash.
fn halves(hash: &Digest) -> [u64; 2] {
    let half = |range| hash.get(range).and_then(|half: &[u8]| half.try_into().ok()).unwrap_or_default();
    [u64::from_le_bytes(half(0..8)), u64::from_le_bytes(half(8..16))]
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Known => "known",
            Self::Anonymous => "anonymous",
        })
    }
}
