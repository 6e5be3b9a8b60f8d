//! The restriction of a caller: labels, and the values that each may have. The same object is written into selectors
//! and compared with the labels of an answer, so that the two can't differ.

pub use super::term::{Absent, Term};

use super::merge::merge;
use super::shared::{NAME, Shared};
use crate::promql::OR;
use std::rc::Rc;

/// The labels and values that a caller may see: alternatives, of which one has to match. Mostly there is only one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restriction {
    /// The terms of all alternatives, one after the other.
    terms: Vec<Term>,
    /// The matchers of all alternatives, joined by `or`.
    matchers: String,
    /// The end of each alternative.
    ends: Vec<End>,
    /// The metrics that aren't restricted where a selector names them.
    shared: Option<Rc<Shared>>,
}

/// The positions at which an alternative ends, in the terms and in the matchers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct End {
    terms: usize,
    matchers: usize,
}

/// An alternative of a restriction. All of its labels have to match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alternative<'a> {
    terms: &'a [Term],
    matchers: &'a str,
}

impl Restriction {
    /// Creates a restriction from these terms, each for another label. Returns `None` without a term, since nothing
    /// would be restricted.
    pub fn new(terms: Vec<Term>) -> Option<Self> {
        Self::any_of(vec![terms])
    }

    /// Creates a restriction from alternatives, each of which has terms for different labels. Alternatives that differ in
    /// the values of one label become one. Returns `None` without an alternative, or if one has no term.
    pub fn any_of(mut alternatives: Vec<Vec<Term>>) -> Option<Self> {
        if alternatives.is_empty() || alternatives.iter().any(Vec::is_empty) {
            return None;
        }
        merge(&mut alternatives);
        let (mut terms, mut matchers, mut ends) = (Vec::new(), String::new(), Vec::new());
        for alternative in &mut alternatives {
            let mut between = if matchers.is_empty() { "" } else { OR };
            for term in &*alternative {
                matchers.push_str(between);
                term.write(&mut matchers);
                between = ",";
            }
            terms.append(alternative);
            ends.push(End { terms: terms.len(), matchers: matchers.len() });
        }
        Some(Self { terms, matchers, ends, shared: None })
    }

    /// Returns the same restriction, but for selectors that name one of these metrics.
    #[must_use]
    pub fn with_shared(self, shared: Option<Rc<Shared>>) -> Self {
        Self { shared, ..self }
    }

    /// Returns the metrics that aren't restricted where a selector names them.
    pub fn shared(&self) -> Option<&Rc<Shared>> {
        self.shared.as_ref()
    }

    /// Returns the restriction as it stands between a selector's braces, never empty: matchers joined by commas, like
    /// `tenant=~"a|b",env="prod"`, and alternatives joined by `or`, which only MetricsQL has there.
    pub fn matchers(&self) -> &str {
        &self.matchers
    }

    /// Returns `true` if there is more than one alternative.
    pub fn has_alternatives(&self) -> bool {
        self.ends.len() > 1
    }

    /// Returns the number of alternatives, which is at least one.
    pub(super) fn number(&self) -> usize {
        self.ends.len()
    }

    /// Returns the alternatives, of which there is at least one. A series may be seen if any of them matches.
    pub fn alternatives(&self) -> impl DoubleEndedIterator<Item = Alternative<'_>> {
        (0..self.ends.len()).filter_map(|number| self.alternative(number))
    }

    /// Returns one of the alternatives.
    #[inline(never)]
    pub(super) fn alternative(&self, number: usize) -> Option<Alternative<'_>> {
        let from = number.checked_sub(1).and_then(|before| self.ends.get(before));
        let (terms, matchers) =
            from.map_or((0, 0), |from| (from.terms, from.matchers.saturating_add(OR.len())));
        let end = self.ends.get(number)?;
        Some(Alternative {
            terms: self.terms.get(terms..end.terms)?,
            matchers: self.matchers.get(matchers..end.matchers)?,
        })
    }

    /// Returns `true` if this restriction and another are written into every selector alike.
    pub(super) fn is_written_as(&self, other: &Self) -> bool {
        self.matchers == other.matchers && self.shared == other.shared
    }

    /// Returns the terms of all alternatives, one alternative after the other.
    pub(super) fn all_terms(&self) -> &[Term] {
        &self.terms
    }

    /// Returns where each alternative ends among these terms.
    pub(super) fn ends(&self) -> impl Iterator<Item = usize> {
        self.ends.iter().map(|end| end.terms)
    }

    /// Returns `true` if a label of this name is restricted.
    pub fn restricts(&self, name: &[u8]) -> bool {
        self.terms.iter().any(|term| term.label().as_bytes() == name)
    }

    /// Returns `true` if a selector without its matchers on this label could find series that the caller may not see:
    /// the label is restricted, or is the name by which a selector is of a shared metric.
    pub fn depends_on(&self, label: &str) -> bool {
        self.restricts(label.as_bytes()) || self.shared.is_some() && label == NAME
    }

    /// Returns the labels that every series must have and that can have one value only, each by the number of its term.
    /// With alternatives there is none.
    pub(crate) fn single_values(&self) -> impl Iterator<Item = (usize, (&str, &str))> {
        let terms = if self.has_alternatives() { &[] } else { self.terms.as_slice() };
        terms.iter().enumerate().filter_map(|(number, term)| match term.listed_values() {
            Some([value]) if !term.allows("") => Some((number, (term.label(), value.as_str()))),
            _ => None,
        })
    }

    /// Returns the values of one label in all alternatives, or `None` if one of them doesn't restrict it, or does by a
    /// regular expression.
    pub fn values(&self, label: &str) -> Option<Vec<String>> {
        let mut all = Vec::new();
        for alternative in self.alternatives() {
            let term = alternative.terms.iter().find(|term| term.label() == label)?;
            all.extend_from_slice(term.listed_values()?);
        }
        Some(all)
    }
}

impl<'a> Alternative<'a> {
    /// Returns the terms, one for each label. All of them have to be satisfied.
    pub(super) fn terms(self) -> &'a [Term] {
        self.terms
    }

    /// Returns the alternative as it stands between a selector's braces: matchers joined by commas, never empty.
    pub fn matchers(self) -> &'a str {
        self.matchers
    }

    /// Returns the alternative as a selector of its own. Prometheus refuses a selector whose matchers all fit a label that
    /// is missing, so such a one has a matcher beside them that every series satisfies.
    pub fn selector(self) -> String {
        let matchers = self.matchers;
        if self.terms.iter().all(|term| term.allows("")) {
            format!(r#"{{{matchers},__name__!=""}}"#)
        } else {
            format!("{{{matchers}}}")
        }
    }
}

/// Terms and restrictions for tests, which most of them want of the label `tenant`.
#[cfg(test)]
pub(crate) mod samples {
    use super::super::pattern::Pattern;
    use super::*;

    pub(crate) fn listed(label: &str, values: &[&str], absent: Absent) -> Term {
        let values = values.iter().map(|&value| value.to_owned()).collect();
        Term::listed(label, values, absent).unwrap()
    }

    pub(crate) fn only(values: &[&str]) -> Term {
        listed("tenant", values, Absent::Refused)
    }

    pub(crate) fn matching(pattern: &str) -> Term {
        Term::matching("tenant", Rc::new(Pattern::parse(pattern).unwrap()))
    }

    pub(crate) fn restriction(term: Term) -> Rc<Restriction> {
        Rc::new(Restriction::new(vec![term]).unwrap())
    }
}

#[cfg(test)]
mod tests {
    use super::samples::{listed, matching, only};
    use super::*;

    #[test]
    fn a_restriction_is_written_as_matchers_that_mean_just_it() {
        for (terms, matchers) in [
            (vec![only(&["a"])], r#"tenant="a""#),
            (vec![only(&["a.b|c"])], r#"tenant="a.b|c""#),
            (vec![only(&["b", "a"])], r#"tenant=~"b|a""#),
            (vec![only(&["b", "a", "b"])], r#"tenant=~"b|a""#),
            (vec![only(&["a", "a"])], r#"tenant="a""#),
            (vec![only(&["a.b", r"c\d(e)|{f}"])], r#"tenant=~"a\\.b|c\\\\d\\(e\\)\\|\\{f\\}""#),
            (vec![only(&["*", "+?[]^$"])], r#"tenant=~"\\*|\\+\\?\\[\\]\\^\\$""#),
            (vec![listed("tenant", &["a"], Absent::Allowed)], r#"tenant=~"a|""#),
            (vec![listed("tenant", &["a", "b"], Absent::Allowed)], r#"tenant=~"a|b|""#),
            (vec![matching(r"a-[^.]\.+")], r#"tenant=~"a-[^.]\\.+",tenant!="""#),
            (vec![only(&["a\"b\\c"])], r#"tenant="a\"b\\c""#),
            (
                vec![only(&["a\nb\u{7}\u{0}\u{7f}\u{85}é\u{fffd}"])],
                r#"tenant="a\nb\u0007\u0000\u007f\u0085é\ufffd""#,
            ),
            (
                vec![only(&["a", "b"]), listed("env", &["prod"], Absent::Refused)],
                r#"tenant=~"a|b",env="prod""#,
            ),
            (vec![listed("my.label", &["a"], Absent::Refused)], r#""my.label"="a""#),
            (vec![listed("1a", &["a"], Absent::Refused)], r#""1a"="a""#),
            (vec![listed("a\"}", &["a"], Absent::Refused)], r#""a\"}"="a""#),
            (vec![listed("_a1", &["a"], Absent::Refused)], r#"_a1="a""#),
        ] {
            assert_eq!(Restriction::new(terms).unwrap().matchers(), matchers);
        }
    }

    #[test]
    fn a_selector_never_consists_of_what_fits_no_label_at_all() {
        let absent = || listed("tenant", &["a"], Absent::Allowed);
        for (terms, selector) in [
            (vec![only(&["a"])], r#"{tenant="a"}"#),
            (vec![matching(".*")], r#"{tenant=~".*",tenant!=""}"#),
            (vec![absent()], r#"{tenant=~"a|",__name__!=""}"#),
            (vec![absent(), listed("env", &["prod"], Absent::Refused)], r#"{tenant=~"a|",env="prod"}"#),
        ] {
            assert_eq!(Restriction::new(terms).unwrap().alternative(0).unwrap().selector(), selector);
        }
    }

    #[test]
    fn without_a_value_or_a_label_there_is_no_restriction() {
        assert_eq!(Restriction::new(Vec::new()), None);
        assert_eq!(Term::listed("a", Vec::new(), Absent::Allowed), None);
        assert_eq!(Term::listed("a", vec!["a".into(), String::new()], Absent::Refused), None);
    }

    #[test]
    fn the_values_of_a_label_are_those_that_are_listed() {
        let restriction =
            Restriction::new(vec![matching("a"), listed("env", &["prod", "test", "prod"], Absent::Allowed)]);
        let restriction = restriction.unwrap();
        assert_eq!(restriction.values("env"), Some(vec!["prod".to_owned(), "test".to_owned()]));
        assert_eq!((restriction.values("tenant"), restriction.values("other")), (None, None));
    }

    fn any_of(alternatives: &[&[(&str, &[&str])]]) -> Restriction {
        let term = |&(label, values): &(&str, &[&str])| listed(label, values, Absent::Refused);
        let terms = alternatives.iter().map(|labels| labels.iter().map(term).collect());
        Restriction::any_of(terms.collect()).unwrap()
    }

    #[test]
    fn alternatives_are_written_one_by_one() {
        let restriction =
            any_of(&[&[("tenant", &["a"]), ("env", &["x or y", "prod"])], &[("tenant", &["b"])]]);
        assert_eq!(restriction.matchers(), r#"tenant="a",env=~"x or y|prod" or tenant="b""#);
        let alternatives: Vec<_> =
            restriction.alternatives().map(|one| (one.matchers(), one.terms.len())).collect();
        assert_eq!(alternatives, [(r#"tenant="a",env=~"x or y|prod""#, 2), (r#"tenant="b""#, 1)]);
        let selectors: Vec<_> = restriction.alternatives().map(Alternative::selector).collect();
        assert_eq!(selectors, [r#"{tenant="a",env=~"x or y|prod"}"#, r#"{tenant="b"}"#]);
        assert!(restriction.restricts(b"env") && restriction.restricts(b"tenant"));
        assert_eq!(restriction.values("tenant"), Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(restriction.values("env"), None);
        assert_eq!(Restriction::any_of(Vec::new()), None);
        assert_eq!(Restriction::any_of(vec![vec![only(&["a"])], Vec::new()]), None);
    }

    #[test]
    fn alternatives_that_are_the_same_as_one_become_one() {
        for (alternatives, matchers) in [
            (&[&[("a", &["1"][..])][..], &[("a", &["2"])]][..], r#"a=~"1|2""#),
            (&[&[("a", &["1"]), ("b", &["x"])], &[("b", &["x"]), ("a", &["2", "1"])]], r#"b="x",a=~"1|2""#),
            (
                &[&[("a", &["1"]), ("b", &["x"])], &[("a", &["2"]), ("b", &["y"])]],
                r#"a="1",b="x" or a="2",b="y""#,
            ),
            (&[&[("a", &["1"])], &[("b", &["1"])]], r#"a="1" or b="1""#),
            // The last two become one, and that and the first do.
            (
                &[
                    &[("a", &["1"]), ("b", &["x", "y"])],
                    &[("a", &["2"]), ("b", &["x"])],
                    &[("a", &["2"]), ("b", &["y"])],
                ],
                r#"a=~"1|2",b=~"x|y""#,
            ),
        ] {
            assert_eq!(any_of(alternatives).matchers(), matchers);
        }
        let absent = listed("tenant", &["b"], Absent::Allowed);
        let merged = Restriction::any_of(vec![vec![only(&["a"])], vec![absent]]).unwrap();
        assert_eq!(merged.matchers(), r#"tenant=~"a|b|""#);
        let apart = Restriction::any_of(vec![vec![only(&["a"])], vec![matching("b.*")]]).unwrap();
        assert_eq!(apart.matchers(), r#"tenant="a" or tenant=~"b.*",tenant!="""#);
    }
}
