//! Credentials that were checked, by their keyed hashes, in a table of a fixed size. A hash has eight places, and when
//! all of them are taken, the oldest of the eight is dropped.

use crate::keyed_hash::Digest;

/// The number of places for one hash.
const WAYS: usize = 8;

/// A bounded set of hashes, which have to look random.
#[derive(Clone, Debug)]
pub(crate) struct Remembered {
    /// The places, with the newest hash of each eight first.
    sets: Vec<[Option<Digest>; WAYS]>,
}

/// The effect of an insertion on the hashes that were there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// There was room for it.
    Free,
    /// The oldest hash was dropped for it.
    Full,
}

impl Remembered {
    /// Creates a table with room for `most` hashes, at least eight.
    pub(crate) fn new(most: usize) -> Self {
        Self { sets: vec![[None; WAYS]; most.div_euclid(WAYS).max(1)] }
    }

    /// Returns `true` if this hash is remembered.
    pub(crate) fn has(&self, hash: &Digest) -> bool {
        self.sets.get(self.place(hash)).is_some_and(|set| set.contains(&Some(*hash)))
    }

    /// Remembers a hash that isn't known yet.
    pub(crate) fn insert(&mut self, hash: Digest) -> Room {
        let place = self.place(&hash);
        let Some(set) = self.sets.get_mut(place) else { return Room::Full };
        set.rotate_right(1);
        let oldest = set.first_mut().and_then(|place| place.replace(hash));
        if oldest.is_some() { Room::Full } else { Room::Free }
    }

    fn place(&self, hash: &Digest) -> usize {
        let start = hash.first_chunk().map_or(0, |start| u32::from_le_bytes(*start));
        usize::try_from(start).ok().and_then(|start| start.checked_rem(self.sets.len())).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyed_hash::sha256;

    fn hash(number: u32) -> Digest {
        sha256(&number.to_le_bytes())
    }

    #[test]
    fn the_oldest_goes_when_there_is_no_room() {
        let mut remembered = Remembered::new(WAYS);
        for number in 0..8 {
            assert_eq!(remembered.insert(hash(number)), Room::Free);
        }
        assert_eq!(remembered.insert(hash(8)), Room::Full);
        let known: Vec<_> = (0..10).filter(|&number| remembered.has(&hash(number))).collect();
        assert_eq!(known, [1, 2, 3, 4, 5, 6, 7, 8]);
    }

    #[test]
    fn most_of_what_there_is_room_for_is_kept_and_never_more() {
        let mut remembered = Remembered::new(1_024);
        (0..512).for_each(|number| _ = remembered.insert(hash(number)));
        let known = |remembered: &Remembered, range: std::ops::Range<u32>| {
            range.filter(|&number| remembered.has(&hash(number))).count()
        };
        assert!(known(&remembered, 0..512) > 500);
        (512..100_000).for_each(|number| _ = remembered.insert(hash(number)));
        assert_eq!(known(&remembered, 0..100_000), 1_024);
    }
}
