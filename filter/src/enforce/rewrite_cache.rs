//! A cache of queries with the restriction written into them, because dashboards and rules ask the same queries over
//! and over with other times. A query is found again by its whole text, the way in which it is read, and the matchers
//! and shared metrics of the restriction (`threats.md` R7). The cache belongs to one worker and is dropped with its configuration (S3).

use super::restriction::Restriction;
use crate::api::endpoint::SelectorForm;
use crate::promql::Work;
use crate::same::is_same;
use crate::target::parameters::FormText;
use crate::time::dialect::Dialect;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

/// The number of entries in a set. When all are taken, the oldest one is dropped.
const WAYS: usize = 4;

/// The number of bits of a hash that select a set, and the number of sets that follows from it.
const BITS: u32 = 6;
const SETS: usize = 1 << BITS;

/// The longest that a query, its matchers and the restricted query may be together, in bytes. Longer ones are read each
/// time, so that the texts take at most a megabyte of a worker's memory.
const MAX_LENGTH: usize = 4 * 1024;

/// A query as the caller sent it, and the restriction to write into it.
#[derive(Clone, Copy, Debug)]
pub struct Original<'a> {
    /// The way in which the text is read.
    pub form: SelectorForm,
    /// The language of the server, which decides how alternatives are written.
    pub dialect: Dialect,
    /// The text of the query, as a query string or form has it.
    pub text: &'a str,
    /// The restriction that goes into each selector.
    pub restriction: &'a Rc<Restriction>,
}

/// The queries that one worker remembers.
#[derive(Debug)]
pub struct RewriteCache {
    seed: u64,
    /// The sets, each with the newest entry first. Empty until something is remembered.
    sets: Vec<[Option<CachedQuery>; WAYS]>,
    has_been_full: bool,
}

/// A query in the cache, with the text that was made of it.
#[derive(Debug)]
struct CachedQuery {
    form: SelectorForm,
    dialect: Dialect,
    text: String,
    restriction: Rc<Restriction>,
    restricted: FormText,
    /// The work that the query is for the server.
    work: Work,
}

impl RewriteCache {
    /// Creates an empty cache. The seed is random and the worker's own, so that nobody can predict which queries
    /// replace each other.
    pub fn new(seed: u64) -> Self {
        Self { seed, sets: Vec::new(), has_been_full: false }
    }

    /// Returns the restricted form of the query and its work, if it is in the cache.
    pub fn find(&self, original: &Original<'_>) -> Option<(&FormText, &Work)> {
        let Original { form, dialect, text, restriction } = *original;
        if text.len().saturating_add(restriction.matchers().len()) > MAX_LENGTH {
            return None;
        }
        let is_original = |known: &&CachedQuery| {
            known.form == form
                && known.dialect == dialect
                && is_same(known.text.as_bytes(), text.as_bytes())
                && (Rc::ptr_eq(&known.restriction, restriction)
                    || known.restriction.is_written_as(restriction))
        };
        let set = self.sets.get(self.place(original))?;
        set.iter().flatten().find(is_original).map(|known| (&known.restricted, &known.work))
    }

    /// Remembers the restricted form of a query that isn't in the cache yet, unless it is too long.
    pub fn remember(&mut self, original: &Original<'_>, restricted: &FormText, work: Work) {
        let Original { form, dialect, text, restriction } = *original;
        let length = text.len().saturating_add(restriction.matchers().len());
        let length = length.saturating_add(restricted.as_str().len());
        if length > MAX_LENGTH {
            return;
        }
        if self.sets.is_empty() {
            self.sets.resize_with(SETS, Default::default);
        }
        let place = self.place(original);
        let Some(set) = self.sets.get_mut(place) else { return };
        set.rotate_right(1);
        let known = CachedQuery {
            form,
            dialect,
            text: text.to_owned(),
            restriction: Rc::clone(restriction),
            restricted: restricted.clone(),
            work,
        };
        self.has_been_full |= set.first_mut().and_then(|place| place.replace(known)).is_some();
    }

    /// Returns `true` if an entry has replaced another one since the last call.
    pub fn take_full(&mut self) -> bool {
        std::mem::take(&mut self.has_been_full)
    }

    fn place(&self, original: &Original<'_>) -> usize {
        let mut hash = DefaultHasher::new();
        self.seed.hash(&mut hash);
        original.text.hash(&mut hash);
        original.restriction.matchers().hash(&mut hash);
        usize::try_from(hash.finish() >> (u64::BITS - BITS)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::restriction::samples;
    use super::super::shared::Shared;
    use super::*;
    use crate::promql::Query;

    fn restriction(tenant: &str) -> Rc<Restriction> {
        samples::restriction(samples::only(&[tenant]))
    }

    fn work() -> Work {
        Query::parse("up").unwrap().work().unwrap()
    }

    fn find<'a>(queries: &'a RewriteCache, original: &Original<'_>) -> Option<&'a str> {
        queries.find(original).map(|(restricted, _)| restricted.as_str())
    }

    fn original<'a>(text: &'a str, restriction: &'a Rc<Restriction>) -> Original<'a> {
        let (form, dialect) = (SelectorForm::Expression, Dialect::Prometheus);
        Original { form, dialect, text, restriction }
    }

    #[test]
    fn what_differs_in_anything_is_another_query() {
        let [a, b] = ["a", "b"].map(restriction);
        let mut queries = RewriteCache::new(1);
        assert_eq!(find(&queries, &original("up", &a)), None);
        queries.remember(&original("up", &a), &FormText::new("restricted"), work());
        assert_eq!(find(&queries, &original("up", &a)), Some("restricted"));
        assert_eq!(find(&queries, &original("up", &b)), None);
        assert_eq!(find(&queries, &original("up ", &a)), None);
        let selector = Original { form: SelectorForm::AnyOf, ..original("up", &a) };
        assert_eq!(find(&queries, &selector), None);
        let elsewhere = Original { dialect: Dialect::VictoriaMetrics, ..original("up", &a) };
        assert_eq!(find(&queries, &elsewhere), None);
        let sharing = |name: &str| {
            let shared = Shared::listed(vec![name.to_owned()]).map(Rc::new);
            Rc::new(Rc::unwrap_or_clone(restriction("a")).with_shared(shared))
        };
        let [up, same, other] = ["up", "up", "down"].map(sharing);
        assert_eq!(find(&queries, &original("up", &up)), None);
        queries.remember(&original("up", &up), &FormText::new("shared"), work());
        assert_eq!(find(&queries, &original("up", &same)), Some("shared"));
        assert_eq!(find(&queries, &original("up", &other)), None);
        assert_eq!(find(&queries, &original("up", &a)), Some("restricted"));
    }

    #[test]
    fn one_in_the_set_of_another_is_not_taken_for_it() {
        let tenants: Vec<_> = (100..999).map(|number| restriction(&number.to_string())).collect();
        let texts: Vec<_> = (100..999).map(|number| format!("metric_{number}")).collect();
        let first = original(&texts[0], &tenants[0]);
        let mut queries = RewriteCache::new(1);
        queries.remember(&first, &FormText::new("restricted"), work());
        let of_texts = texts[1..].iter().map(|text| original(text, &tenants[0]));
        let of_tenants = tenants[1..].iter().map(|tenant| original(&texts[0], tenant));
        for others in [of_texts.collect::<Vec<_>>(), of_tenants.collect()] {
            assert!(others.iter().any(|other| queries.place(other) == queries.place(&first)));
            assert!(others.iter().any(|other| queries.place(other) != queries.place(&first)));
            assert!(others.iter().all(|other| find(&queries, other).is_none()));
        }
    }

    #[test]
    fn there_is_room_for_256_and_the_oldest_of_a_set_goes_first() {
        let a = restriction("a");
        let mut queries = RewriteCache::new(1);
        let texts: Vec<_> = (0..2_000).map(|number| format!("metric_{number}")).collect();
        texts.iter().for_each(|text| queries.remember(&original(text, &a), &FormText::new(text), work()));
        let (mut known, mut in_set) = (0, [0; SETS]);
        for text in texts.iter().rev() {
            let query = original(text, &a);
            let newer = &mut in_set[queries.place(&query)];
            assert_eq!(find(&queries, &query), Some(text.as_str()).filter(|_| *newer < 4), "{text}");
            known += usize::from(*newer < 4);
            *newer += 1;
        }
        assert_eq!(known, 256);
    }

    #[test]
    fn that_one_went_for_another_is_said_once() {
        let a = restriction("a");
        let mut queries = RewriteCache::new(1);
        let texts: Vec<_> = (0..1_000).map(|number| format!("metric_{number}")).collect();
        // Up to the first query that goes into a set with room after one that did not.
        let (mut in_set, mut has_been_full) = ([0; SETS], false);
        let last = texts.iter().position(|text| {
            let others = &mut in_set[queries.place(&original(text, &a))];
            *others += 1;
            let is_last = has_been_full && *others <= 4;
            has_been_full |= *others > 4;
            is_last
        });
        let mut fill = |texts: &[String]| {
            texts.iter().for_each(|text| queries.remember(&original(text, &a), &FormText::new(text), work()));
            [queries.take_full(), queries.take_full()]
        };
        assert_eq!(fill(&texts[..4]), [false, false]);
        assert_eq!(fill(&texts[4..=last.unwrap()]), [true, false]);
    }

    #[test]
    fn which_go_for_which_is_another_matter_with_another_seed() {
        let a = restriction("a");
        let places = |seed| {
            let queries = RewriteCache::new(seed);
            (0..99).map(|number| queries.place(&original(&format!("m_{number}"), &a))).collect::<Vec<_>>()
        };
        assert_ne!(places(1), places(2));
    }

    #[test]
    fn what_is_long_is_not_kept() {
        let a = restriction("a");
        let mut queries = RewriteCache::new(1);
        let text = |length: usize| "x".repeat(length - a.matchers().len() - 10);
        let (fits, long) = (text(MAX_LENGTH), text(MAX_LENGTH + 1));
        queries.remember(&original(&fits, &a), &FormText::new("restricted"), work());
        queries.remember(&original(&long, &a), &FormText::new("restricted"), work());
        assert_eq!(find(&queries, &original(&fits, &a)), Some("restricted"));
        assert_eq!(find(&queries, &original(&long, &a)), None);
    }
}
