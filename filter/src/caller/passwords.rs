//! The users with their hashes, and the cost of checking a password against them.

use super::bcrypt::SLICE;
use super::hash::Hash;
use crate::index::{Index, Twice};
use crate::keyed_hash::{Digest, sha256};
use crate::time::rate::Rate;
use std::rc::Rc;

/// The time between two slices, in nanoseconds: hosts that are asked for a tick each millisecond give one every four.
pub const TICK: u64 = 4_000_000;

/// The users of a configuration, compiled. A user takes the bytes of the name and of the hashes, and some numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passwords {
    users: Users,
    /// The hash that a password is checked against if there is no user of the given name.
    nobodys: Hash,
    /// The number of rounds that each check that fails takes.
    rounds: u32,
    /// The limits on checks that begin and wait.
    pub limits: PasswordLimits,
}

/// Users with their hashes, in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Users {
    names: Index,
    /// The hashes of all users, one behind the other.
    hashes: Vec<Hash>,
    /// The end of each user's hashes.
    ends: Vec<u32>,
}

/// A user who logs in with a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct User<'a> {
    /// The name of the user.
    pub name: &'a str,
    /// The hashes, any of which the password may lead to.
    pub hashes: &'a [Hash],
}

impl Users {
    /// Creates a list with room for this many users with one hash each.
    pub fn with_room(users: usize) -> Self {
        let names = Index::with_room(users);
        Self { names, hashes: Vec::with_capacity(users), ends: Vec::with_capacity(users) }
    }

    /// Adds a hash of the next user that is added.
    pub fn add_hash(&mut self, hash: Hash) {
        self.hashes.push(hash);
    }

    /// Adds a user, to whom the hashes since the last one belong.
    ///
    /// # Errors
    ///
    /// Returns an error if there is a user of this name already.
    pub fn add_user(&mut self, name: &str) -> Result<(), Twice> {
        self.names.insert(name.as_bytes())?;
        self.ends.push(u32::try_from(self.hashes.len()).unwrap_or(u32::MAX));
        Ok(())
    }

    /// Returns the hashes since the last user.
    pub fn next_hashes(&self) -> &[Hash] {
        self.hashes.get(self.end(self.names.len())..).unwrap_or_default()
    }

    /// Returns the end of the hashes of so many users.
    fn end(&self, users: usize) -> usize {
        let end = users.checked_sub(1).and_then(|last| self.ends.get(last));
        end.and_then(|&end| usize::try_from(end).ok()).unwrap_or_default()
    }

    fn at(&self, place: usize) -> Option<User<'_>> {
        let hashes = self.hashes.get(self.end(place)..self.end(place.saturating_add(1)))?;
        Some(User { name: self.names.text(place)?, hashes })
    }

    fn iter(&self) -> impl Iterator<Item = User<'_>> {
        (0..self.names.len()).filter_map(|place| self.at(place))
    }
}

impl User<'_> {
    /// Returns the number of rounds that a check of the user's hashes takes.
    pub fn rounds(&self) -> u32 {
        self.hashes.iter().map(Hash::rounds).fold(0, u32::saturating_add)
    }
}

impl Passwords {
    /// Creates the collection of these users, with the limits that follow from the cost of their hashes.
    pub fn new(users: Users) -> Self {
        let rounds = users.iter().map(|user| user.rounds()).max().unwrap_or_default();
        let cost = users.hashes.iter().map(Hash::cost).max().unwrap_or_default();
        let limits = PasswordLimits::for_slices(slices(rounds));
        Self { users, nobodys: Hash::nobodys(cost), rounds, limits }
    }

    /// Returns the user of this name, if there is one.
    pub fn user(&self, name: &[u8]) -> Option<User<'_>> {
        self.users.at(self.users.names.find(name)?)
    }

    /// Returns the hashes that a password is checked against, also for a name that no user has.
    pub fn hashes(&self, name: &[u8]) -> Rc<[Hash]> {
        Rc::from(self.hashes_of(name))
    }

    /// Returns a digest of these hashes that differs from that of any others, as long for one hash as for many.
    pub fn stored(&self, name: &[u8]) -> Digest {
        let stored: Vec<u8> = self.hashes_of(name).iter().flat_map(Hash::bytes).collect();
        sha256(&stored)
    }

    fn hashes_of(&self, name: &[u8]) -> &[Hash] {
        self.user(name).map_or(std::slice::from_ref(&self.nobodys), |user| user.hashes)
    }

    /// Returns all users of the configuration.
    pub fn users(&self) -> impl Iterator<Item = User<'_>> {
        self.users.iter()
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
