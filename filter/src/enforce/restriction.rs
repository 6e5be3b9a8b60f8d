//! The restriction of a caller: labels, and the values that each may have. The same object is written into selectors
//! and compared with the labels of an answer, so that the two can't differ.

pub use super::term::{Absent, Term};

use super::shared::{NAME, Shared};
use std::rc::Rc;

/// The labels and values that a caller may see. All of the labels have to match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restriction {
    terms: Vec<Term>,
    matchers: String,
    /// The metrics that aren't restricted where a selector names them.
    shared: Option<Rc<Shared>>,
}

impl Restriction {
    /// Creates a restriction from these terms, each for another label. Returns `None` without a term, since nothing
    /// would be restricted.
    pub fn new(terms: Vec<Term>) -> Option<Self> {
        let mut matchers = String::new();
        for term in &terms {
            if !matchers.is_empty() {
                matchers.push(',');
            }
            term.write(&mut matchers);
        }
        Some(Self { terms, matchers, shared: None }).filter(|restriction| !restriction.terms.is_empty())
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

    /// Returns the restriction as it stands between a selector's braces: matchers joined by commas, never empty, like
    /// `tenant=~"a|b",env="prod"`.
    pub fn matchers(&self) -> &str {
        &self.matchers
    }

    /// Returns `true` if this restriction and another are written into every selector alike.
    pub(super) fn is_written_as(&self, other: &Self) -> bool {
        self.matchers == other.matchers && self.shared == other.shared
    }

    /// Returns the restriction as a selector of its own. Prometheus refuses a selector whose matchers all fit a label that
    /// is missing, so such a one has a matcher beside them that every series satisfies.
    pub fn selector(&self) -> String {
        let matchers = &self.matchers;
        if self.terms.iter().all(|term| term.allows("")) {
            format!(r#"{{{matchers},__name__!=""}}"#)
        } else {
            format!("{{{matchers}}}")
        }
    }

    /// Returns the terms, one for each label. All of them have to be satisfied.
    pub(crate) fn terms(&self) -> &[Term] {
        &self.terms
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

    /// Returns the values of one label, or `None` if it isn't restricted, or is restricted by a regular expression.
    pub fn values(&self, label: &str) -> Option<&[String]> {
        self.terms.iter().find(|term| term.label() == label)?.listed_values()
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
            assert_eq!(Restriction::new(terms).unwrap().selector(), selector);
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
        assert_eq!(restriction.values("env"), Some(&["prod".to_owned(), "test".to_owned()][..]));
        assert_eq!((restriction.values("tenant"), restriction.values("other")), (None, None));
    }
}
