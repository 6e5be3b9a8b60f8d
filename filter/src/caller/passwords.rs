//! The users with their hashes, and the cost of checking a password against them.

use super::bcrypt::SLICE;
use super::hash::Hash;
use super::identity::Identity;
use super::scheme::Scheme;
use crate::index::Index;
use crate::keyed_hash::{Digest, sha256};
use crate::time::rate::Rate;
use std::rc::Rc;

/// The time between two slices, in nanoseconds: hosts that are asked for a tick each millisecond give one every four.
pub const TICK: u64 = 4_000_000;

/// The users of a configuration, compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passwords {
    names: Index,
    users: Vec<User>,
    /// The user whose hashes a password is checked against if there is no user of the given name.
    nobody: User,
    /// The number of rounds that each check that fails takes.
    rounds: u32,
    /// The limits on checks that begin and wait.
    pub limits: PasswordLimits,
}

/// A user who logs in with a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The identity of the user.
    pub identity: Rc<Identity>,
    /// The hashes, any of which the password may lead to.
    pub hashes: Rc<[Hash]>,
    /// A digest that differs from that of any other hashes, as long for one hash as for many.
    stored: Digest,
}

impl User {
    /// Creates a user with these hashes.
    pub fn new(identity: Rc<Identity>, hashes: Vec<Hash>) -> Self {
        let stored: Vec<u8> = hashes.iter().flat_map(Hash::bytes).collect();
        Self { identity, hashes: hashes.into(), stored: sha256(&stored) }
    }
}

/// The number of checks that may begin and wait, in each worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordLimits {
    /// The rate at which checks may begin.
    pub checks: Rate,
    /// The number of checks that may wait in all.
    pub waiting: usize,
    /// The number of checks of one source that may wait.
    pub waiting_per_source: usize,
}

impl Passwords {
    /// Creates the collection of these users, found by these names, with the limits that follow from the cost of their
    /// hashes.
    pub fn new(names: Index, users: Vec<User>) -> Self {
        let rounds = |user: &User| user.hashes.iter().map(Hash::rounds).fold(0, u32::saturating_add);
        let rounds = users.iter().map(rounds).max().unwrap_or_default();
        let cost = users.iter().flat_map(|user| user.hashes.iter().map(Hash::cost)).max();
        let nobody = Rc::new(Identity::new(Scheme::User, "", []));
        let nobody = User::new(nobody, vec![Hash::nobodys(cost.unwrap_or_default())]);
        Self { names, users, nobody, rounds, limits: PasswordLimits::for_slices(slices(rounds)) }
    }

    /// Returns the user of this name, if there is one.
    pub fn user(&self, name: &[u8]) -> Option<&User> {
        self.users.get(self.names.find(name)?)
    }

    /// Returns the hashes that a password is checked against, also for a name that no user has.
    pub fn hashes(&self, name: &[u8]) -> &Rc<[Hash]> {
        &self.user(name).unwrap_or(&self.nobody).hashes
    }

    /// Returns a digest of these hashes that differs from that of any others.
    pub fn stored(&self, name: &[u8]) -> &Digest {
        &self.user(name).unwrap_or(&self.nobody).stored
    }

    /// Returns all users of the configuration.
    pub fn users(&self) -> &[User] {
        &self.users
    }

    /// Returns the number of rounds that a check takes to fail.
    pub fn rounds(&self) -> u32 {
        self.rounds
    }

    /// Returns the number of slices that a check takes to fail.
    pub fn slices(&self) -> u32 {
        slices(self.rounds)
    }
}

fn slices(rounds: u32) -> u32 {
    rounds.div_ceil(SLICE)
}

impl PasswordLimits {
    /// Returns the limits for checks that take this many slices: as many checks as a worker can do, four seconds of
    /// them at once, sixteen seconds of them waiting, and one second of them waiting for one source.
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
