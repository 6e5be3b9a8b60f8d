//! Credentials that were checked, by their tags, in a table of a fixed size. A tag has eight places, and when all of them
//! are taken, the oldest of the eight is dropped.

use crate::keyed_hash::Tag;

/// The number of places for one tag.
const WAYS: usize = 8;

/// A bounded map from tags.
#[derive(Clone, Debug)]
pub(crate) struct Remembered<T> {
    /// The places, with the newest of each eight first.
    sets: Vec<[Option<(Tag, T)>; WAYS]>,
}

/// The effect of an insertion on the entries that were there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// There was room for it.
    Free,
    /// The oldest entry was dropped for it.
    Full,
}

impl<T> Remembered<T> {
    /// Creates a table with room for `most` entries, at least eight.
    pub(crate) fn new(most: usize) -> Self {
        let sets = most.div_euclid(WAYS).max(1);
        Self { sets: std::iter::repeat_with(|| std::array::from_fn(|_| None)).take(sets).collect() }
    }

    /// Returns what is remembered under this tag. A tag that only shares its places with others is compared as a whole.
    pub(crate) fn get(&self, tag: Tag) -> Option<&T> {
        let set = self.sets.get(self.place(tag))?;
        set.iter().flatten().find(|(known, _)| *known == tag).map(|(_, value)| value)
    }

    /// Remembers something under a tag that isn't known yet.
    pub(crate) fn insert(&mut self, tag: Tag, value: T) -> Room {
        let place = self.place(tag);
        let Some(set) = self.sets.get_mut(place) else { return Room::Full };
        set.rotate_right(1);
        let oldest = set.first_mut().and_then(|place| place.replace((tag, value)));
        if oldest.is_some() { Room::Full } else { Room::Free }
    }

    fn place(&self, tag: Tag) -> usize {
        let sets = u64::try_from(self.sets.len()).unwrap_or_default();
        tag.start().checked_rem(sets).and_then(|place| usize::try_from(place).ok()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyed_hash::Tagger;

    fn tag(number: u32) -> Tag {
        Tagger::new([7; 16]).tag([], &number.to_le_bytes())
    }

    #[test]
    fn the_oldest_goes_when_there_is_no_room() {
        let mut remembered = Remembered::new(WAYS);
        for number in 0..8 {
            assert_eq!(remembered.insert(tag(number), number), Room::Free);
        }
        assert_eq!(remembered.insert(tag(8), 8), Room::Full);
        let known: Vec<_> = (0..10).filter_map(|number| remembered.get(tag(number)).copied()).collect();
        assert_eq!(known, [1, 2, 3, 4, 5, 6, 7, 8]);
    }

    /// All tags have the same places here, so that only the comparison of whole tags tells them apart.
    #[test]
    fn tags_in_one_place_are_told_apart() {
        let mut remembered = Remembered::new(1);
        for number in 0..4 {
            remembered.insert(tag(number), number);
        }
        let found = [0, 1, 2, 3, 4, 5].map(|number| remembered.get(tag(number)).copied());
        assert_eq!(found, [Some(0), Some(1), Some(2), Some(3), None, None]);
    }

    #[test]
    fn most_of_what_there_is_room_for_is_kept_and_never_more() {
        let mut remembered = Remembered::new(1_024);
        (0..512).for_each(|number| _ = remembered.insert(tag(number), ()));
        let known = |remembered: &Remembered<()>, range: std::ops::Range<u32>| {
            range.filter(|&number| remembered.get(tag(number)).is_some()).count()
        };
        assert!(known(&remembered, 0..512) > 500);
        (512..100_000).for_each(|number| _ = remembered.insert(tag(number), ()));
        assert_eq!(known(&remembered, 0..100_000), 1_024);
    }
}
