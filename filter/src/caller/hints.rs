//! Hints by which workers tell each other whose password was right, so that somebody who has logged in with one of them
//! isn't refused by another one because a stranger behind the same address has used up the address' budget. A hint is
//! a place in the queue and nothing more: the password is checked by every worker (`threats.md` C9).
//!
//! Hints are in the host's shared data, in a table of a fixed size. A neighbour who can write there can't make one, since
//! all of it is hashed under the user's stored hash, which only the configuration has.

use super::attempt::Attempt;
use crate::keyed_hash::{Digest, Key};
use crate::shared_data::{NO_ENTRY, SharedData};
use crate::time::instant::Instant;

/// The number of hints.
const SLOTS: u64 = 4_096;

/// The number of slots in which a hint may be.
const PLACES: u64 = 4;

/// The time for which a hint holds, in nanoseconds: a day.
const MEMORY: u64 = 86_400_000_000_000;

/// The table of hints for one configuration.
#[derive(Clone, Copy)]
pub struct Hints<'a> {
    /// The data in which the hints are.
    pub shared: &'a dyn SharedData,
    /// Bytes that differ from one configuration to the next.
    pub configuration: &'a Digest,
}

/// A hint that somebody's password was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hint {
    /// The user and the source.
    tag: u64,
    /// Two bytes of a hash of the password, the same for every source. With fewer, a flood of wrong guesses would fit
    /// often enough to use up the budget of the known. With more, somebody who has the configuration and reads the
    /// table could confirm a guess without bcrypt.
    mark: u16,
}

/// The effect of a new hint on the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HintRoom {
    /// There was room for it.
    Free,
    /// Another hint, which still held, was dropped for it.
    Full,
}

/// A slot of the table, as it was read.
struct HintSlot {
    key: String,
    number: u32,
    /// The hint in the slot and the time at which it was left, if it still holds.
    held: Option<(Hint, Instant)>,
}

impl Hints<'_> {
    /// Returns the hint about an attempt to log in. `stored` is the digest of the user's hashes.
    pub(super) fn of(&self, attempt: &Attempt<'_>, stored: &Digest) -> Hint {
        let key = Key::new(*stored);
        let place = key.hash(&[self.configuration, attempt.user, &attempt.source.bytes()]);
        let password = key.hash(&[attempt.user, attempt.password.reveal()]);
        Hint {
            tag: place.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes)),
            mark: password.first_chunk().map_or(0, |bytes| u16::from_le_bytes(*bytes)),
        }
    }

    /// Returns `true` if a worker left this hint.
    pub(super) fn has(&self, hint: Hint, now: Instant) -> bool {
        self.slots(hint, now).any(|slot| slot.held.is_some_and(|(held, _)| held == hint))
    }

    /// Leaves a hint for all workers. If the host fails or another worker is faster, there is none.
    pub(super) fn leave(&self, hint: Hint, now: Instant) -> HintRoom {
        let rank = |slot: &HintSlot| match slot.held {
            Some((held, _)) if held == hint => (0, now),
            None => (1, now),
            Some((_, since)) => (2, since),
        };
        let Some(slot) = self.slots(hint, now).min_by_key(rank) else { return HintRoom::Free };
        let entry = [&hint.tag.to_le_bytes()[..], &hint.mark.to_le_bytes(), &now.0.to_le_bytes()].concat();
        _ = self.shared.set(&slot.key, &entry, slot.number);
        if slot.held.is_some_and(|(held, _)| held != hint) { HintRoom::Full } else { HintRoom::Free }
    }

    /// Returns the slots in which a hint may be, as far as the host can read them.
    fn slots(&self, hint: Hint, now: Instant) -> impl Iterator<Item = HintSlot> {
        (0..PLACES).filter_map(move |step| {
            let slot = hint.tag.wrapping_add(step).checked_rem(SLOTS).unwrap_or_default();
            let key = format!("promward.login.{slot}");
            let entry = self.shared.get(&key).ok()?;
            let number = entry.as_ref().map_or(NO_ENTRY, |&(_, number)| number);
            let held = entry.and_then(|(entry, _)| parse(&entry));
            // A time to come is that of a clock that was put back since.
            let holds = |since: Instant| now.0.checked_sub(since.0).is_some_and(|age| age < MEMORY);
            Some(HintSlot { key, number, held: held.filter(|&(_, since)| holds(since)) })
        })
    }
}

fn parse(entry: &[u8]) -> Option<(Hint, Instant)> {
    let (tag, rest) = entry.split_first_chunk()?;
    let (mark, since) = rest.split_first_chunk()?;
    let hint = Hint { tag: u64::from_le_bytes(*tag), mark: u16::from_le_bytes(*mark) };
    Some((hint, Instant(u64::from_le_bytes(since.try_into().ok()?))))
}

#[cfg(test)]
mod tests {
    use super::super::attempt::StreamId;
    use super::super::authorization::Presented;
    use super::super::secret::Secret;
    use super::super::source::Source;
    use super::*;
    use crate::shared_data::{Nothing, Unreachable, Written};
    use std::cell::RefCell;
    use std::collections::BTreeMap;

    #[derive(Default)]
    struct Memory(RefCell<BTreeMap<String, (Vec<u8>, u32)>>);

    impl SharedData for Memory {
        fn get(&self, key: &str) -> Result<Option<(Vec<u8>, u32)>, Unreachable> {
            Ok(self.0.borrow().get(key).cloned())
        }

        fn set(&self, key: &str, value: &[u8], based_on: u32) -> Result<Written, Unreachable> {
            let mut entries = self.0.borrow_mut();
            let number = entries.get(key).map_or(NO_ENTRY, |&(_, number)| number);
            assert_eq!(number, based_on, "a write is based on what was read");
            entries.insert(key.to_owned(), (value.to_vec(), number.wrapping_add(1)));
            Ok(Written::Done)
        }
    }

    const NOW: Instant = Instant(1_700_000_000_000_000_000);

    fn hint_at(configuration: Digest, user: &str, password: &str, source: &str, stored: Digest) -> Hint {
        let memory = Memory::default();
        let (password, source) = (Secret::new(password), Source::parse(source.as_bytes()).unwrap());
        let (presented, stream) = (Presented::Basic(b""), StreamId(1));
        let attempt = Attempt { presented, user: user.as_bytes(), password: &password, source, stream };
        Hints { shared: &memory, configuration: &configuration }.of(&attempt, &stored)
    }

    #[test]
    fn a_hint_is_about_one_password_of_one_user_at_one_address_in_one_configuration() {
        let hint = hint_at([1; 32], "alice", "right", "192.0.2.1", [2; 32]);
        assert_eq!(hint_at([1; 32], "alice", "right", "192.0.2.1", [2; 32]), hint);
        for other in [
            hint_at([9; 32], "alice", "right", "192.0.2.1", [2; 32]),
            hint_at([1; 32], "bob", "right", "192.0.2.1", [2; 32]),
            hint_at([1; 32], "alice", "wrong", "192.0.2.1", [2; 32]),
            hint_at([1; 32], "alice", "right", "192.0.2.2", [2; 32]),
            hint_at([1; 32], "alice", "right", "192.0.2.1", [9; 32]),
        ] {
            assert_ne!(other, hint);
        }
        let elsewhere = hint_at([9; 32], "alice", "right", "192.0.2.2", [2; 32]);
        assert_eq!(elsewhere.mark, hint.mark, "no number of hints says more of a password than one");
    }

    #[test]
    fn a_hint_is_found_for_a_day_and_garbage_is_none() {
        let memory = Memory::default();
        let hints = Hints { shared: &memory, configuration: &[1; 32] };
        let hint = Hint { tag: 7, mark: 1 };
        for garbage in [&b""[..], b"x", &[7; 17], &[7; 19]] {
            memory.0.borrow_mut().insert("promward.login.7".to_owned(), (garbage.to_vec(), 1));
            assert!(!hints.has(hint, NOW));
        }
        assert_eq!(hints.leave(hint, NOW), HintRoom::Free);
        assert!(hints.has(hint, NOW) && !hints.has(Hint { mark: 2, ..hint }, NOW));
        assert!(!hints.has(Hint { tag: 8, ..hint }, NOW));
        assert!(hints.has(hint, Instant(NOW.0 + MEMORY - 1)) && !hints.has(hint, Instant(NOW.0 + MEMORY)));
        assert!(!hints.has(hint, Instant(NOW.0 - 1)));
        assert_eq!(hints.leave(hint, NOW), HintRoom::Free);
        assert_eq!(memory.0.borrow().len(), 1, "it is left again in its own place");
    }

    #[test]
    fn the_table_stays_as_large_as_it_is_and_the_oldest_goes() {
        let memory = Memory::default();
        let hints = Hints { shared: &memory, configuration: &[1; 32] };
        let hint = |mark| Hint { tag: 4_095, mark };
        for mark in 0..4 {
            assert_eq!(hints.leave(hint(mark), Instant(NOW.0 + u64::from(mark))), HintRoom::Free);
        }
        assert_eq!(hints.leave(hint(4), Instant(NOW.0 + 4)), HintRoom::Full);
        let held: Vec<_> = (0..6).filter(|&mark| hints.has(hint(mark), Instant(NOW.0 + 5))).collect();
        assert_eq!(held, [1, 2, 3, 4]);
        for tag in 0..20_000 {
            hints.leave(Hint { tag: tag * 977, mark: 0 }, NOW);
        }
        assert_eq!(memory.0.borrow().len(), 4_096);
    }

    #[test]
    fn a_host_without_shared_data_has_no_hints() {
        let hints = Hints { shared: &Nothing, configuration: &[1; 32] };
        let hint = Hint { tag: 1, mark: 1 };
        assert_eq!((hints.leave(hint, NOW), hints.has(hint, NOW)), (HintRoom::Free, false));
    }
}
