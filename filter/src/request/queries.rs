//! Queries into which a restriction was written: dashboards and rules ask the same ones over and over, with other times.
//! Each is found again by its whole text, what was read of it, and the matchers of the restriction (`threats.md` R7).

use crate::access::restriction::Restriction;
use crate::api::endpoint::Selectors;

/// How many are remembered, as a power of two. One that comes to the place of another takes it.
const MOST: u32 = 7;

/// How long a query, the matchers and what they made may be together, in bytes. Longer ones are read each time, so that a
/// worker keeps half a megabyte at most.
const MAX_LENGTH: usize = 4 * 1024;

/// A query, and what is to be written into it.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// What it is read as.
    pub selectors: Selectors,
    /// Its text.
    pub text: &'a str,
    /// What goes into each of its selectors.
    pub restriction: &'a Restriction,
}

/// What one worker remembers. It dies with its configuration.
#[derive(Clone, Debug, Default)]
pub struct Queries {
    /// None, as long as nothing is remembered.
    places: Vec<Option<Remembered>>,
}

#[derive(Clone, Debug)]
struct Remembered {
    selectors: Selectors,
    text: String,
    matchers: String,
    restricted: String,
}

impl Queries {
    /// What became of the query, if it is remembered.
    pub fn find(&self, asked: &Asked<'_>) -> Option<&str> {
        let remembered = self.places.get(place(asked))?.as_ref()?;
        let is_same = remembered.selectors == asked.selectors
            && remembered.text == asked.text
            && remembered.matchers == asked.restriction.matchers();
        is_same.then_some(&remembered.restricted)
    }

    /// Remembers what became of it, if that isn't too long.
    pub fn remember(&mut self, asked: &Asked<'_>, restricted: &str) {
        let matchers = asked.restriction.matchers();
        let length = asked.text.len().saturating_add(matchers.len()).saturating_add(restricted.len());
        if length > MAX_LENGTH {
            return;
        }
        if self.places.is_empty() {
            self.places.resize_with(1 << MOST, || None);
        }
        if let Some(place) = self.places.get_mut(place(asked)) {
            *place = Some(Remembered {
                selectors: asked.selectors,
                text: asked.text.to_owned(),
                matchers: matchers.to_owned(),
                restricted: restricted.to_owned(),
            });
        }
    }
}

/// The place of a query with a restriction. Who finds others with the same one gains nothing but that these are read anew.
fn place(asked: &Asked<'_>) -> usize {
    let hash = mixed(mixed(0, asked.text), asked.restriction.matchers());
    usize::try_from(hash >> (u64::BITS - MOST)).unwrap_or_default()
}

/// Mixes a text into a hash, eight bytes at a time.
fn mixed(hash: u64, text: &str) -> u64 {
    /// 2⁶⁴ by the golden ratio, which spreads what differs anywhere over the upper bits.
    const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |hash: u64, eight: u64| (hash ^ eight).wrapping_mul(SPREAD).rotate_left(29);
    let (chunks, rest) = text.as_bytes().as_chunks::<8>();
    let hash = chunks.iter().fold(hash, |hash, &chunk| mix(hash, u64::from_le_bytes(chunk)));
    rest.iter().fold(hash, |hash, &byte| mix(hash, byte.into())).wrapping_mul(SPREAD)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::restriction::{Absent, Term};

    fn restriction(tenant: &str) -> Restriction {
        let term = Term::listed("tenant", vec![tenant.to_owned()], Absent::Refused).unwrap();
        Restriction::new(vec![term]).unwrap()
    }

    fn asked<'a>(text: &'a str, restriction: &'a Restriction) -> Asked<'a> {
        Asked { selectors: Selectors::Expression, text, restriction }
    }

    #[test]
    fn what_differs_in_anything_is_another_query() {
        let [a, b] = ["a", "b"].map(restriction);
        let mut queries = Queries::default();
        assert_eq!(queries.find(&asked("up", &a)), None);
        queries.remember(&asked("up", &a), "restricted");
        assert_eq!(queries.find(&asked("up", &a)), Some("restricted"));
        assert_eq!(queries.find(&asked("up", &b)), None);
        assert_eq!(queries.find(&asked("up ", &a)), None);
        assert_eq!(queries.find(&Asked { selectors: Selectors::AnyOf, ..asked("up", &a) }), None);
    }

    #[test]
    fn one_at_the_place_of_another_is_not_taken_for_it() {
        let tenants: Vec<_> = (100..999).map(|number| restriction(&number.to_string())).collect();
        let texts: Vec<_> = (100..999).map(|number| format!("metric_{number}")).collect();
        let first = asked(&texts[0], &tenants[0]);
        let mut queries = Queries::default();
        queries.remember(&first, "restricted");
        let of_texts = texts[1..].iter().map(|text| asked(text, &tenants[0]));
        let of_tenants = tenants[1..].iter().map(|tenant| asked(&texts[0], tenant));
        for others in [of_texts.collect::<Vec<_>>(), of_tenants.collect()] {
            assert!(others.iter().any(|other| place(other) == place(&first)));
            assert!(others.iter().all(|other| queries.find(other).is_none()));
        }
    }

    #[test]
    fn they_have_as_many_places_as_are_said_and_a_new_one_goes_before_an_old_one() {
        let a = restriction("a");
        let mut queries = Queries::default();
        let texts: Vec<_> = (0..1_000).map(|number| format!("metric_{number}")).collect();
        texts.iter().for_each(|text| queries.remember(&asked(text, &a), text));
        let known = texts.iter().filter(|text| queries.find(&asked(text, &a)) == Some(text)).count();
        assert_eq!(known, 128);
        let last = texts.last().unwrap();
        assert_eq!(queries.find(&asked(last, &a)), Some(last.as_str()));
    }

    #[test]
    fn texts_that_differ_in_one_byte_have_places_of_their_own_as_a_rule() {
        let a = restriction("a");
        let texts = (b'a'..=b'z').map(|letter| format!("sum(rate({}_total[5m]))", char::from(letter)));
        let places: std::collections::BTreeSet<_> = texts.map(|text| place(&asked(&text, &a))).collect();
        assert!(places.len() >= 20, "{places:?}");
    }

    #[test]
    fn what_is_long_is_not_kept() {
        let a = restriction("a");
        let mut queries = Queries::default();
        let matchers = a.matchers().len();
        let text = |length: usize| "x".repeat(length - matchers - 10);
        let (fits, long) = (text(MAX_LENGTH), text(MAX_LENGTH + 1));
        queries.remember(&asked(&fits, &a), "restricted");
        queries.remember(&asked(&long, &a), "restricted");
        assert_eq!(queries.find(&asked(&fits, &a)), Some("restricted"));
        assert_eq!(queries.find(&asked(&long, &a)), None);
    }
}
