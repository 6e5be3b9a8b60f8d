//! A map from bytes to positions in a list. Everything that a configuration names is found by this one kind of map,
//! since each further kind would add some kilobytes to the module.

use std::collections::BinaryHeap;

/// A sorted list of keys, each with its position in the list that they came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    sorted: Vec<(Vec<u8>, usize)>,
}

/// The error of a key that stands twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Twice {
    /// The position of the first one.
    pub first: usize,
    /// The position of the second one.
    pub second: usize,
}

impl Index {
    /// Creates an index of these keys.
    ///
    /// # Errors
    ///
    /// Returns an error if a key stands twice.
    pub fn new(keys: Vec<Vec<u8>>) -> Result<Self, Twice> {
        let sorted = sorted(keys.into_iter().enumerate().map(|(place, key)| (key, place)).collect());
        let mut others = sorted.iter();
        while let Some((key, first)) = others.next() {
            if let Some((_, second)) = others.as_slice().first().filter(|(other, _)| other == key) {
                return Err(Twice { first: *first, second: *second });
            }
        }
        Ok(Self { sorted })
    }

    /// Returns the position of a key.
    pub fn find(&self, key: &[u8]) -> Option<usize> {
        let at = self.sorted.partition_point(|(known, _)| known.as_slice() < key);
        self.sorted.get(at).filter(|(known, _)| known == key).map(|&(_, place)| place)
    }

    /// Returns the first key that isn't less than this one, with its position.
    pub fn first_from(&self, key: &[u8]) -> Option<(&[u8], usize)> {
        let at = self.sorted.partition_point(|(known, _)| known.as_slice() < key);
        self.sorted.get(at).map(|(known, place)| (known.as_slice(), *place))
    }

    /// Returns `true` if there is no key.
    pub fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }
}

/// Removes texts that have occurred before, and keeps the order of the others.
pub(crate) fn distinct(mut texts: Vec<String>) -> Vec<String> {
    let keys =
        sorted(texts.iter().enumerate().map(|(place, text)| (text.as_bytes().to_vec(), place)).collect());
    let mut is_again = vec![false; texts.len()];
    for pair in keys.windows(2) {
        if let [(first, _), (second, place)] = pair
            && first == second
            && let Some(is_again) = is_again.get_mut(*place)
        {
            *is_again = true;
        }
    }
    let mut places = is_again.into_iter();
    texts.retain(|_| places.next() == Some(false));
    texts
}

/// Sorts by a heap, whose code is a tenth of that of a sort of slices.
fn sorted(keys: Vec<(Vec<u8>, usize)>) -> Vec<(Vec<u8>, usize)> {
    BinaryHeap::from(keys).into_sorted_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(keys: &[&str]) -> Result<Index, Twice> {
        Index::new(keys.iter().map(|key| key.as_bytes().to_vec()).collect())
    }

    #[test]
    fn a_key_leads_to_its_place() {
        let index = index(&["b", "", "ab", "a"]).unwrap();
        assert_eq!(["a", "ab", "b", ""].map(|key| index.find(key.as_bytes())), [3, 2, 0, 1].map(Some));
        assert_eq!(["aa", "c"].map(|key| index.find(key.as_bytes())), [None, None]);
        assert_eq!(index.first_from(b"aa"), Some((&b"ab"[..], 2)));
        assert_eq!(index.first_from(b"c"), None);
    }

    #[test]
    fn a_key_that_stands_twice_is_named() {
        assert_eq!(index(&["c", "b", "a", "b"]), Err(Twice { first: 1, second: 3 }));
    }

    #[test]
    fn what_stands_twice_is_left_where_it_stood_first() {
        let texts = ["b", "a", "b", "", "c", "a", "b", ""].map(str::to_owned).to_vec();
        assert_eq!(distinct(texts), ["b", "a", "", "c"]);
        assert!(distinct(Vec::new()).is_empty());
    }
}
