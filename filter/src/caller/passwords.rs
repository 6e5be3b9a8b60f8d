//! Users and their hashes, and what checking them costs.

use super::bcrypt::SLICE;
use super::hash::Hash;
use super::identity::Identity;
use super::scheme::Scheme;
use crate::index::Index;
use crate::keyed_hash::{Digest, sha256};
use crate::time::rate::Rate;
use std::rc::Rc;

/// How often a slice can run, in nanoseconds: hosts that are asked for a tick each millisecond come every fourth.
pub const TICK: u64 = 4_000_000;

/// The users of a configuration, compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passwords {
    names: Index,
    users: Vec<User>,
    /// Whom a password is checked for where there is no such user.
    nobody: User,
    /// What each check that fails takes, in rounds.
    rounds: u32,
    /// How many checks there may be.
    pub limits: PasswordLimits,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Who that is.
    pub identity: Rc<Identity>,
    /// Any of these will do.
    pub hashes: Rc<[Hash]>,
    /// What tells them from any others, as long for one as for many.
    stored: Digest,
}

impl User {
    /// Somebody with these hashes.
    pub fn new(identity: Rc<Identity>, hashes: Vec<Hash>) -> Self {
        let stored: Vec<u8> = hashes.iter().flat_map(Hash::bytes).collect();
        Self { identity, hashes: hashes.into(), stored: sha256(&stored) }
    }
}

/// How many checks may begin and wait, in each worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordLimits {
    /// How many may begin.
    pub checks: Rate,
    /// How many may wait in all.
    pub waiting: usize,
    /// How many of one source's may wait.
    pub waiting_per_source: usize,
}

impl Passwords {
    /// These users by these names, with the limits that their hashes' cost suggests.
    pub fn new(names: Index, users: Vec<User>) -> Self {
        let rounds = |user: &User| user.hashes.iter().map(Hash::rounds).fold(0, u32::saturating_add);
        let rounds = users.iter().map(rounds).max().unwrap_or_default();
        let cost = users.iter().flat_map(|user| user.hashes.iter().map(Hash::cost)).max();
        let nobody = Rc::new(Identity::new(Scheme::User, "", []));
        let nobody = User::new(nobody, vec![Hash::nobodys(cost.unwrap_or_default())]);
        Self { names, users, nobody, rounds, limits: PasswordLimits::for_slices(slices(rounds)) }
    }

    /// The user of this name, if there is one.
    pub fn user(&self, name: &[u8]) -> Option<&User> {
        self.users.get(self.names.find(name)?)
    }

    /// The hashes that a password is checked against, whether there is such a user or not.
    pub fn hashes(&self, name: &[u8]) -> &Rc<[Hash]> {
        &self.user(name).unwrap_or(&self.nobody).hashes
    }

    /// What tells these hashes from any others.
    pub fn stored(&self, name: &[u8]) -> &Digest {
        &self.user(name).unwrap_or(&self.nobody).stored
    }

    /// All of them.
    pub fn users(&self) -> &[User] {
        &self.users
    }

    /// The rounds that a check takes to fail.
    pub fn rounds(&self) -> u32 {
        self.rounds
    }

    /// The slices that a check takes to fail.
    pub fn slices(&self) -> u32 {
        slices(self.rounds)
    }
}

fn slices(rounds: u32) -> u32 {
    rounds.div_ceil(SLICE)
}

impl PasswordLimits {
    /// As many checks as a worker can do, four seconds of them at once, sixteen seconds of them waiting, one of them a
    /// source's.
    fn for_slices(slices: u32) -> Self {
        let interval = TICK.saturating_mul(slices.max(1).into());
        let in_time = |seconds: u64| {
            let number = seconds.saturating_mul(1_000_000_000).checked_div(interval).unwrap_or_default();
            u32::try_from(number).unwrap_or(u32::MAX)
        };
        let number = |number: u32, least: usize, most: usize| {
            usize::try_from(number).unwrap_or(most).clamp(least, most)
        };
        Self {
            checks: Rate { interval, burst: 1 }.with_burst(in_time(4).max(8)),
            waiting: number(in_time(16), 16, 64),
            waiting_per_source: number(in_time(1), 2, 4),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(cost: u32) -> (String, u32, usize, usize) {
        let limits = PasswordLimits::for_slices(slices(Hash::nobodys(cost).rounds()));
        (limits.checks.to_string(), limits.checks.burst, limits.waiting, limits.waiting_per_source)
    }

    #[test]
    fn what_may_begin_follows_from_what_it_costs() {
        assert_eq!(limits(4), ("125/s".into(), 500, 64, 4));
        assert_eq!(limits(10), ("3.8/s".into(), 15, 61, 3));
        assert_eq!(limits(12), ("58.3/m".into(), 8, 16, 2));
    }
}
