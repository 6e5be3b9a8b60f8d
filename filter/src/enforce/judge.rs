//! Compares the labels of series with a restriction. The restriction is the one that is written into selectors, so that
//! what a caller gets of an answer and what a query finds can't differ.

use super::restriction::Restriction;
use super::term::Term;
use crate::lengths::Lengths;
use std::rc::Rc;

/// A judge of series, which is told the labels of one after those of the other.
#[derive(Clone, Debug)]
pub(crate) struct Judge {
    restriction: Rc<Restriction>,
    /// For each term of the restriction, `Some` once its label has been told: `true` if the label satisfies it.
    told: Vec<Option<bool>>,
    /// The lengths of the names of restricted labels.
    lengths: Lengths,
}

/// A series whose labels are being told.
#[derive(Debug)]
pub(crate) struct Series<'a> {
    restriction: &'a Restriction,
    /// The terms of the restriction.
    terms: &'a [Term],
    told: &'a mut [Option<bool>],
    lengths: Lengths,
}

/// A label of one series that was told twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ToldTwice;

impl Judge {
    /// Creates a judge that holds series to this restriction.
    pub(crate) fn new(restriction: Rc<Restriction>) -> Self {
        let told = vec![None; restriction.all_terms().len()];
        let names = restriction.all_terms().iter().map(|term| term.label().as_bytes());
        let lengths = names.fold(Lengths::NONE, |lengths, name| lengths.with(name));
        Self { restriction, told, lengths }
    }

    /// Returns the restriction that series are held to.
    pub(crate) fn restriction(&self) -> &Restriction {
        &self.restriction
    }

    /// Begins with the labels of the next series.
    #[inline]
    pub(crate) fn begin(&mut self) -> Series<'_> {
        self.told.fill(None);
        Series {
            restriction: &self.restriction,
            terms: self.restriction.all_terms(),
            told: &mut self.told,
            lengths: self.lengths,
        }
    }
}

impl Series<'_> {
    /// Returns the number of the first term that is about a label of this name, if it is restricted.
    #[inline]
    pub(crate) fn term(&self, name: &[u8]) -> Option<usize> {
        if !self.lengths.may_have(name) {
            return None;
        }
        self.terms.iter().position(|term| term.label().as_bytes() == name)
    }

    /// Takes the value of the label that a term is about, and other terms if there are alternatives. Returns `true` if it
    /// satisfies the term.
    ///
    /// # Errors
    ///
    /// Returns an error if the label was told already.
    pub(crate) fn label(&mut self, term: usize, value: &str) -> Result<bool, ToldTwice> {
        let (first, allows) = match (self.terms.get(term), self.told.get_mut(term)) {
            (Some(first), Some(told @ None)) => (first, *told.insert(first.allows(value))),
            _ => return Err(ToldTwice),
        };
        if self.restriction.has_alternatives() {
            for (term, told) in
                self.terms.iter().zip(&mut *self.told).filter(|(term, _)| term.label() == first.label())
            {
                *told = Some(term.allows(value));
            }
        }
        Ok(allows)
    }

    /// Returns `true` if a value satisfies a term, or another one of the same label, whatever the series has.
    pub(crate) fn allows(&self, term: usize, value: &str) -> bool {
        let terms = self.restriction.all_terms();
        let label = terms.get(term).map(Term::label);
        terms.iter().any(|term| Some(term.label()) == label && term.allows(value))
    }

    /// Returns the most steps that it takes to judge a value of the label that a term is about.
    pub(crate) fn steps(&self, term: usize, value: &str) -> usize {
        let label = self.terms.get(term).map(Term::label);
        let same = self.terms.iter().filter(|term| Some(term.label()) == label);
        same.fold(0, |steps, term| steps.saturating_add(term.steps(value)))
    }

    /// Returns `true` if there is more than one way to be allowed, so that no term has to be satisfied by itself.
    pub(crate) fn has_alternatives(&self) -> bool {
        self.restriction.has_alternatives()
    }

    /// Returns `true` if a term wasn't told.
    pub(crate) fn lacks(&self, term: usize) -> bool {
        self.told.get(term).is_some_and(Option::is_none)
    }

    /// Returns the next term after `at`, with its label, that wasn't told and isn't satisfied by a missing label.
    pub(crate) fn missing(&self, at: usize) -> Option<(usize, &str)> {
        let mut untold = self.restriction.all_terms().iter().zip(&*self.told).enumerate().skip(at);
        let is_missing =
            |(_, (term, told)): &(usize, (&Term, &Option<bool>))| told.is_none() && !term.allows("");
        untold.find(is_missing).map(|(number, (term, _))| (number, term.label()))
    }

    /// Returns `true` if the labels satisfy the restriction. One that wasn't told is missing, which is the same as an
    /// empty one.
    pub(crate) fn is_allowed(&self) -> bool {
        let satisfies = |(term, told): (&Term, &Option<bool>)| told.unwrap_or_else(|| term.allows(""));
        if !self.restriction.has_alternatives() {
            return self.terms.iter().zip(&*self.told).all(satisfies);
        }
        let mut from = 0;
        self.restriction.ends().any(|end| {
            let own = from..end;
            from = end;
            match (self.terms.get(own.clone()), self.told.get(own)) {
                (Some(terms), Some(told)) => terms.iter().zip(told).all(satisfies),
                _ => false,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::restriction::samples::{listed, matching, only};
    use super::super::term::Absent;
    use super::*;

    fn judge(terms: Vec<Term>) -> Judge {
        Judge::new(Rc::new(Restriction::new(terms).unwrap()))
    }

    /// Returns the judgement on a series with these labels.
    fn allows(judge: &mut Judge, labels: &[(&str, &str)]) -> bool {
        let mut series = judge.begin();
        for (name, value) in labels {
            if let Some(term) = series.term(name.as_bytes()) {
                series.label(term, value).unwrap();
            }
        }
        series.is_allowed()
    }

    #[test]
    fn a_value_that_is_too_long_to_be_matched_is_nobodys() {
        let mut judge = judge(vec![matching("a*")]);
        let mut allows = |length: usize| allows(&mut judge, &[("tenant", &"a".repeat(length))]);
        assert_eq!([0, 1, 512, 513].map(&mut allows), [false, true, true, false]);
    }

    #[test]
    fn labels_satisfy_a_restriction_when_every_label_does() {
        let env = || listed("env", &["prod"], Absent::Allowed);
        for (terms, labels, allowed) in [
            (vec![only(&["a", "b"])], &[("tenant", "b")][..], true),
            (vec![only(&["a", "b"])], &[("tenant", "c")], false),
            (vec![only(&["a", "b"])], &[("tenant", "A")], false),
            (vec![only(&["a", "b"])], &[("tenant", "a|b")], false),
            (vec![only(&["a", "b"])], &[("tenant", "")], false),
            (vec![only(&["a", "b"])], &[("other", "a")], false),
            (vec![env()], &[], true),
            (vec![env()], &[("env", "")], true),
            (vec![env()], &[("env", "prod")], true),
            (vec![env()], &[("env", "test")], false),
            (vec![only(&["a"]), env()], &[("tenant", "a"), ("env", "test")], false),
            (vec![only(&["a"]), env()], &[("tenant", "b"), ("env", "prod")], false),
            (vec![only(&["a"]), env()], &[("tenant", "a")], true),
            (vec![matching(".*")], &[("tenant", "a")], true),
            (vec![matching(".*")], &[("tenant", "")], false),
            (vec![matching(".*")], &[], false),
            (vec![matching("a|b")], &[("tenant", "ab")], false),
            (vec![only(&["a"])], &[("tenanu", "a"), ("xenant", "a"), ("", "a"), ("tenant", "b")], false),
        ] {
            let mut judge = judge(terms);
            assert_eq!(allows(&mut judge, labels), allowed, "{judge:?} {labels:?}");
        }
    }

    #[test]
    fn labels_satisfy_alternatives_when_they_satisfy_one_of_them() {
        let env = |values: &[&str], absent| listed("env", values, absent);
        let alternatives = vec![
            vec![only(&["a"]), env(&["prod"], Absent::Refused)],
            vec![env(&["dev"], Absent::Allowed), only(&["b"])],
        ];
        let mut judge = Judge::new(Rc::new(Restriction::any_of(alternatives).unwrap()));
        for (labels, allowed) in [
            (&[("tenant", "a"), ("env", "prod")][..], true),
            (&[("env", "prod"), ("tenant", "a")], true),
            (&[("tenant", "b"), ("env", "dev")], true),
            (&[("tenant", "b")], true),
            (&[("tenant", "a"), ("env", "dev")], false),
            (&[("tenant", "b"), ("env", "prod")], false),
            (&[("tenant", "a")], false),
            (&[("env", "prod")], false),
            (&[("env", "dev")], false),
            (&[], false),
        ] {
            assert_eq!(allows(&mut judge, labels), allowed, "{labels:?}");
        }
        let mut series = judge.begin();
        let term = series.term(b"env").unwrap();
        assert!(series.label(term, "dev").is_ok());
        assert_eq!(series.label(term, "dev"), Err(ToldTwice));
    }

    #[test]
    fn a_series_is_judged_without_the_labels_of_the_one_before() {
        let mut judge = judge(vec![only(&["a"])]);
        assert!(allows(&mut judge, &[("tenant", "a")]));
        assert!(!allows(&mut judge, &[]));
        assert!(allows(&mut judge, &[("tenant", "a")]));
    }

    #[test]
    fn a_restricted_label_is_told_once() {
        let mut judge = judge(vec![only(&["a"])]);
        let mut series = judge.begin();
        let term = series.term(b"tenant").unwrap();
        assert_eq!(series.label(term, "a"), Ok(true));
        assert_eq!(series.label(term, "a"), Err(ToldTwice));
        assert_eq!(series.term(b"other"), None);
    }
}
