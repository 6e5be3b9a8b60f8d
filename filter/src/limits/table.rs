//! The table in which all workers of a proxy count requests together. It keeps buckets in the host's shared data, which
//! is never emptied, so the table has a fixed size. It holds nothing that grants access, because a neighbour in the
//! same VM could write to it (`threats.md` C9).

use super::{ATTEMPTS, Counted, CountedCaller, halves};
use crate::keyed_hash::{Digest, Key};
use crate::shared_data::{NO_ENTRY, SharedData, Unreachable, Written};
use crate::time::bucket::{Bucket, Empty};
use crate::time::instant::Instant;
use crate::time::rate::Rate;

/// The number of buckets for known callers, and again for anonymous ones, so that these can't push the others out.
const SLOTS: u32 = 4_096;

/// The number of slots in which a caller's bucket may be.
const PLACES: u32 = 4;

/// The bucket in which a caller was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// A bucket of the caller's own.
    Own,
    /// The bucket that a rule's callers share if their slots in the table are taken.
    Crowded,
}

/// The reason why a request can't be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountError {
    /// The rate is used up.
    Limited(Empty),
    /// The host's shared data can't be read or written.
    Unreachable,
}

/// The table of buckets in the host's shared data.
#[derive(Clone, Debug)]
pub struct Table {
    key: Key,
}

impl Table {
    /// Opens the table with the key under which all workers hash, and creates the key from these random bytes if there
    /// is none.
    ///
    /// # Errors
    ///
    /// Returns an error if the host has no shared data.
    pub fn open(shared: &dyn SharedData, random: Digest) -> Result<Self, Unreachable> {
        for _ in 0..ATTEMPTS {
            if let Some(key) = shared.get(KEY)?.and_then(|(key, _)| key.try_into().ok()) {
                return Ok(Self { key: Key::new(key) });
            }
            let present = shared.get(KEY)?.map_or(NO_ENTRY, |(_, number)| number);
            shared.set(KEY, &random, present)?;
        }
        Err(Unreachable)
    }

    /// Returns the key under which all workers hash.
    pub(super) fn key(&self) -> &Key {
        &self.key
    }

    /// Takes a token out of a caller's bucket.
    ///
    /// # Errors
    ///
    /// Returns an error if the bucket is empty, or if the host fails.
    pub fn count(
        &self,
        shared: &dyn SharedData,
        caller: &CountedCaller<'_>,
        rate: Rate,
        now: Instant,
    ) -> Result<Share, CountError> {
        self.count_many(shared, caller, rate, 1, now)
    }

    /// Takes an amount of tokens out of a caller's bucket.
    ///
    /// # Errors
    ///
    /// Returns an error if the bucket has fewer, or if the host fails.
    pub fn count_many(
        &self,
        shared: &dyn SharedData,
        caller: &CountedCaller<'_>,
        rate: Rate,
        amount: u32,
        now: Instant,
    ) -> Result<Share, CountError> {
        let (who, rule) = (caller.who, caller.rule);
        let [tag, first] = caller.numbers(&self.key);
        let [crowd, _] = halves(&self.key.hash(&[caller.configuration, &rule.to_le_bytes()]));
        for _ in 0..ATTEMPTS {
            let (slot, share) = match find(shared, who, tag, first, now)? {
                Some(own) => (own, Share::Own),
                None => {
                    let key = format!("promward.rate.{who}.crowd.{rule}");
                    (read(shared, key, crowd, now)?.0, Share::Crowded)
                }
            };
            let bucket = slot.bucket.take_many(rate, amount, now).map_err(CountError::Limited)?;
            let entry = [slot.tag.to_le_bytes(), bucket.full_at.0.to_le_bytes()].concat();
            if shared.set(&slot.key, &entry, slot.number)? == Written::Done {
                return Ok(share);
            }
        }
        Err(CountError::Unreachable)
    }
}

/// A slot of the table, as it was read.
struct Slot {
    key: String,
    number: u32,
    tag: u64,
    bucket: Bucket,
}

/// Finds the slot of a caller's bucket, or else a slot that is free for it. Returns `None` if there is neither.
fn find(
    shared: &dyn SharedData,
    who: Counted,
    tag: u64,
    first: u64,
    now: Instant,
) -> Result<Option<Slot>, Unreachable> {
    let mut free = None;
    for step in 0..PLACES {
        let slot = first.wrapping_add(step.into()).checked_rem(SLOTS.into()).unwrap_or_default();
        match read(shared, format!("promward.rate.{who}.{slot}"), tag, now)? {
            (own, SlotOwner::Caller) => return Ok(Some(own)),
            (empty, SlotOwner::Nobody) => _ = free.get_or_insert(empty),
            (_, SlotOwner::Another) => {}
        }
    }
    Ok(free)
}

/// The owner of a slot.
enum SlotOwner {
    Caller,
    Nobody,
    Another,
}

/// Reads a slot for the caller with this tag. An entry holds the tag of its owner and the time at which its bucket is
/// full again; an entry that can't be read counts as missing.
fn read(
    shared: &dyn SharedData,
    key: String,
    tag: u64,
    now: Instant,
) -> Result<(Slot, SlotOwner), Unreachable> {
    let entry = shared.get(&key)?;
    let number = entry.as_ref().map_or(NO_ENTRY, |&(_, number)| number);
    let (bucket, owner) = match entry.and_then(|(entry, _)| parse(&entry)) {
        Some((theirs, bucket)) if theirs == tag => (bucket, SlotOwner::Caller),
        Some((_, bucket)) if !bucket.is_full(now) => (Bucket::default(), SlotOwner::Another),
        _ => (Bucket::default(), SlotOwner::Nobody),
    };
    Ok((Slot { key, number, tag, bucket }, owner))
}

fn parse(entry: &[u8]) -> Option<(u64, Bucket)> {
    let (tag, full_at) = entry.split_first_chunk()?;
    let full_at = Instant(u64::from_le_bytes(full_at.try_into().ok()?));
    Some((u64::from_le_bytes(*tag), Bucket { full_at }))
}

/// The entry of the shared data that holds the key.
const KEY: &str = "promward.rate.key";

impl From<Unreachable> for CountError {
    fn from(_: Unreachable) -> Self {
        Self::Unreachable
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::{Cell, RefCell};
    use std::collections::BTreeMap;

    /// Shared data for one thread. For some writes it acts as if another worker had been faster.
    #[derive(Default)]
    struct Memory {
        entries: RefCell<BTreeMap<String, (Vec<u8>, u32)>>,
        outrun: Cell<usize>,
    }

    impl SharedData for Memory {
        fn get(&self, key: &str) -> Result<Option<(Vec<u8>, u32)>, Unreachable> {
            Ok(self.entries.borrow().get(key).cloned())
        }

        fn set(&self, key: &str, value: &[u8], based_on: u32) -> Result<Written, Unreachable> {
            if self.outrun.get() > 0 {
                self.outrun.set(self.outrun.get() - 1);
                return Ok(Written::Outrun);
            }
            let mut entries = self.entries.borrow_mut();
            let number = entries.get(key).map(|&(_, number)| number);
            if number.is_some_and(|number| number != based_on) {
                return Ok(Written::Outrun);
            }
            entries.insert(key.to_owned(), (value.to_vec(), number.unwrap_or(0) + 1));
            Ok(Written::Done)
        }
    }

    const NOW: Instant = Instant(1_700_000_000_000_000_000);

    fn table(shared: &Memory) -> Table {
        Table::open(shared, [1; 32]).unwrap()
    }

    fn caller(who: Counted, name: &[u8], rule: usize) -> CountedCaller<'_> {
        CountedCaller { configuration: b"c", rule, who, name }
    }

    fn rate(text: &str) -> Rate {
        Rate::parse(text).unwrap()
    }

    #[test]
    fn all_workers_find_the_same_key() {
        let shared = Memory::default();
        let (first, second) = (table(&shared), Table::open(&shared, [2; 32]).unwrap());
        assert_eq!(first.key.hash(&[b"a"]), second.key.hash(&[b"a"]));
    }

    #[test]
    fn workers_count_together_and_callers_apart() {
        let shared = Memory::default();
        let (first, second) = (table(&shared), Table::open(&shared, [2; 32]).unwrap());
        let rate = rate("1/h").with_burst(3);
        let count =
            |table: &Table, name: &[u8]| table.count(&shared, &caller(Counted::Known, name, 0), rate, NOW);
        for table in [&first, &second, &first] {
            assert_eq!(count(table, b"a"), Ok(Share::Own));
        }
        assert!(matches!(count(&second, b"a"), Err(CountError::Limited(_))));
        assert_eq!(count(&second, b"b"), Ok(Share::Own));
    }

    #[test]
    fn a_worker_that_is_outrun_tries_again_and_then_refuses() {
        let shared = Memory::default();
        let table = table(&shared);
        shared.outrun.set(ATTEMPTS - 1);
        let count = |name: &[u8]| table.count(&shared, &caller(Counted::Known, name, 0), rate("1/h"), NOW);
        assert_eq!(count(b"a"), Ok(Share::Own));
        shared.outrun.set(usize::MAX);
        assert!(matches!(count(b"a"), Err(CountError::Limited(_))));
        assert_eq!(count(b"b"), Err(CountError::Unreachable));
    }

    #[test]
    fn the_table_stays_as_large_as_it_is_and_a_crowd_shares_one_bucket_a_rule() {
        let shared = Memory::default();
        let table = table(&shared);
        let count = |number: u32, rule, text| {
            let name = number.to_le_bytes();
            table.count(&shared, &caller(Counted::Anonymous, &name, rule), rate(text), NOW)
        };
        let passed = (0..40_000).filter(|&number| count(number, 0, "1/h").is_ok()).count();
        let entries = shared.entries.borrow().len();
        assert!(entries <= SLOTS as usize + 2 && passed <= SLOTS as usize + 1, "{entries}, {passed}");
        // A caller of another rule is counted with the crowd by that rule's own rate, and known callers are not in it.
        let fast: Vec<_> = (50_000..50_100).map(|number| count(number, 1, "1000/s")).collect();
        assert!(fast.iter().all(Result::is_ok) && fast.contains(&Ok(Share::Crowded)));
        let known = table.count(&shared, &caller(Counted::Known, b"a", 0), rate("1/h"), NOW);
        assert_eq!(known, Ok(Share::Own));
    }

    #[test]
    fn a_place_that_nobody_needs_any_more_is_taken_over() {
        let shared = Memory::default();
        let table = table(&shared);
        for round in 0..3 {
            let now = NOW.0 + round * 3_600_000_000_000;
            for number in 0..200_u32 {
                let name = [round.to_le_bytes().as_slice(), &number.to_le_bytes()].concat();
                let caller = caller(Counted::Known, &name, 0);
                let share = table.count(&shared, &caller, rate("1/h"), Instant(now));
                assert_eq!(share, Ok(Share::Own));
            }
        }
    }

    #[test]
    fn garbage_of_a_neighbours_is_no_bucket() {
        for garbage in [&b""[..], b"x", &[0; 15], &[0; 17]] {
            assert_eq!(parse(garbage), None);
        }
    }
}
