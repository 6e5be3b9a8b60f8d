//! A map from bytes to positions in a list. Everything that a configuration names is found by this one kind of map,
//! since each further kind would add some kilobytes to the module. A key takes its own bytes and 12 to 24 more, and is
//! found in the same time however many there are.

use crate::same::is_same;

/// Keys in the order in which they came, each found by its bytes. None stands there twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    /// All keys, one behind the other.
    bytes: Vec<u8>,
    /// The end of each key in the bytes.
    ends: Vec<u32>,
    /// A table of at least twice as many slots as keys. A key has the first slot that was free from the one on that its
    /// hash is for.
    slots: Vec<Slot>,
}

/// The position of a key, and one more than that; a slot of 0 is free.
type Slot = u32;

/// The error of a key that is there already, with its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Twice(pub usize);

/// The number of slots in the first table.
const FIRST_SLOTS: usize = 8;

impl Index {
    /// Creates an index with room for this many keys, so that it needn't be moved while it grows.
    pub fn with_room(keys: usize) -> Self {
        let slots = keys.saturating_mul(2).checked_next_power_of_two().unwrap_or_default().max(FIRST_SLOTS);
        Self { bytes: Vec::new(), ends: Vec::with_capacity(keys), slots: vec![0; slots] }
    }

    /// Adds a key at the end.
    ///
    /// # Errors
    ///
    /// Returns an error if the key is there already.
    pub fn insert(&mut self, key: &[u8]) -> Result<(), Twice> {
        match self.find(key) {
            Some(place) => Err(Twice(place)),
            None => {
                self.push(key);
                Ok(())
            }
        }
    }

    /// Adds a key at the end, which isn't there yet.
    fn push(&mut self, key: &[u8]) {
        self.bytes.extend_from_slice(key);
        self.ends.push(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
        if self.ends.len().saturating_mul(2) > self.slots.len() {
            self.slots = vec![0; self.slots.len().saturating_mul(2).max(FIRST_SLOTS)];
            (0..self.len()).for_each(|place| self.take_slot(place));
        } else {
            self.take_slot(self.len().saturating_sub(1));
        }
    }

    /// Gives the key at this position the first free slot.
    fn take_slot(&mut self, place: usize) {
        let from = self.first_slot(self.key(place).unwrap_or_default());
        let (before, after) = self.slots.split_at_mut_checked(from).unwrap_or_default();
        if let Some(free) = after.iter_mut().chain(before).find(|slot| **slot == 0) {
            *free = u32::try_from(place.saturating_add(1)).unwrap_or(u32::MAX);
        }
    }

    /// Returns the position of a key.
    pub fn find(&self, key: &[u8]) -> Option<usize> {
        self.find_by(key, |known| is_same(known, key))
    }

    /// Returns the position of a key, which is compared by `is_it` with each that might be the same.
    pub fn find_by(&self, key: &[u8], is_it: impl Fn(&[u8]) -> bool) -> Option<usize> {
        self.find_within(usize::MAX, key, is_it)
    }

    /// Returns the position of a key, if it is among so many that are compared first.
    fn find_within(&self, most: usize, key: &[u8], is_it: impl Fn(&[u8]) -> bool) -> Option<usize> {
        let (before, after) = self.slots.split_at_checked(self.first_slot(key))?;
        for slot in after.iter().chain(before).take(most) {
            // A free slot ends the search.
            let place = usize::try_from(slot.checked_sub(1)?).ok()?;
            if self.key(place).is_some_and(&is_it) {
                return Some(place);
            }
        }
        None
    }

    /// Returns the key at a position.
    pub fn key(&self, place: usize) -> Option<&[u8]> {
        let end = |place: usize| self.ends.get(place).and_then(|&end| usize::try_from(end).ok());
        let start = place.checked_sub(1).map_or(Some(0), end)?;
        self.bytes.get(start..end(place)?)
    }

    /// Returns the key at a position as a text, if it is one.
    pub fn text(&self, place: usize) -> Option<&str> {
        std::str::from_utf8(self.key(place)?).ok()
    }

    /// Returns the texts of all keys in their order.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|place| self.text(place))
    }

    /// Returns the number of keys.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns `true` if there is no key.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Returns the slot that a key has if it is free. The number of slots is a power of two.
    fn first_slot(&self, key: &[u8]) -> usize {
        usize::try_from(hash(key)).unwrap_or_default() & self.slots.len().saturating_sub(1)
    }
}

/// Returns a hash of a key. Eight bytes at a time are mixed in, as FNV-1a does it with one. The configuration chooses the
/// keys, so nobody else can make many of them share a slot; where callers choose them, few are compared ([`distinct`]).
fn hash(key: &[u8]) -> u32 {
    const START: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x9e37_79b9_7f4a_7c15;
    let number = |eight: &[u8; 8]| u64::from_le_bytes(*eight);
    // The last eight bytes, some of which may be among those before; all of a short key.
    let short = || key.iter().fold(0, |short: u64, byte| short << 8 | u64::from(*byte));
    let last = key.last_chunk().map_or_else(short, number);
    let hash = key.as_chunks().0.iter().map(number).chain([last]).fold(START, |hash, next| {
        let mixed = (hash ^ next).wrapping_mul(PRIME);
        mixed ^ (mixed >> 32)
    });
    u32::try_from(hash & u64::from(u32::MAX)).unwrap_or_default()
}

/// The most texts with which [`distinct`] compares one. Without bad intent hardly three share a slot.
const COMPARED: usize = 16;

/// Removes texts that have occurred before, and keeps the order of the others. A token's claims may hold a thousand texts
/// that somebody has made to share a slot. Of such texts one may be left twice.
pub(crate) fn distinct(mut texts: Vec<String>) -> Vec<String> {
    let mut index = Index::default();
    texts.retain(|text| {
        let key = text.as_bytes();
        let is_new = index.find_within(COMPARED, key, |known| is_same(known, key)).is_none();
        if is_new {
            index.push(key);
        }
        is_new
    });
    texts
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn index(keys: &[&str]) -> Index {
        let mut index = Index::default();
        keys.iter().for_each(|key| index.insert(key.as_bytes()).unwrap());
        index
    }

    #[test]
    fn a_key_leads_to_its_place() {
        let index = index(&["b", "", "ab", "a"]);
        assert_eq!(["a", "ab", "b", ""].map(|key| index.find(key.as_bytes())), [3, 2, 0, 1].map(Some));
        assert_eq!(["aa", "c"].map(|key| index.find(key.as_bytes())), [None, None]);
        assert_eq!(index.texts().collect::<Vec<_>>(), ["b", "", "ab", "a"]);
        assert_eq!((index.len(), index.key(4)), (4, None));
        assert_eq!(Index::default().find(b""), None);
        assert_eq!(Index::with_room(5).find(b""), None);
    }

    #[test]
    fn many_keys_are_found_and_others_are_not() {
        let key = |number: u32| format!("user-{number}").into_bytes();
        for mut index in [Index::default(), Index::with_room(9_999)] {
            for number in 0..10_000 {
                assert_eq!(index.insert(&key(number)), Ok(()));
            }
            for number in 0..10_000 {
                assert_eq!(index.find(&key(number)), usize::try_from(number).ok());
                assert_eq!(index.find(&key(number + 10_000)), None);
            }
            assert_eq!(index.find_by(&key(7), |_| false), None);
        }
    }

    #[test]
    fn a_key_that_stands_twice_is_named() {
        let mut index = index(&["c", "b", "a"]);
        assert_eq!(index.insert(b"b"), Err(Twice(1)));
        assert_eq!(index.len(), 3);
    }

    #[test]
    fn what_stands_twice_is_left_where_it_stood_first() {
        let texts = ["b", "a", "b", "", "c", "a", "b", ""].map(str::to_owned).to_vec();
        assert_eq!(distinct(texts), ["b", "a", "", "c"]);
        assert!(distinct(Vec::new()).is_empty());
    }

    /// Returns different texts that all have the first slot of a table for so many.
    fn in_one_slot(number: usize) -> Vec<String> {
        let table = Index::with_room(number);
        (0..)
            .map(|n: u64| format!("{n:016}"))
            .filter(|text| table.first_slot(text.as_bytes()) == 0)
            .take(number)
            .collect()
    }

    #[test]
    fn few_texts_are_compared_where_a_caller_has_made_many_share_a_slot() {
        let texts = in_one_slot(1000);
        assert_eq!(distinct(texts.clone()), texts);
        let mut index = Index::with_room(texts.len());
        texts.iter().for_each(|text| index.push(text.as_bytes()));
        let compared = Cell::new(0);
        let count = |_: &[u8]| {
            compared.set(compared.get() + 1);
            false
        };
        assert_eq!(index.find_within(COMPARED, texts[999].as_bytes(), count), None);
        assert_eq!(compared.get(), COMPARED);
    }
}
