//! The restriction of a caller: labels, and the values that each may have. The same object is written into selectors
//! and compared with the labels of an answer, so that the two can't differ.

use super::pattern::Pattern;
use super::shared::{NAME, Shared};
use crate::index::distinct;
use std::borrow::Cow;
use std::fmt::Write;
use std::rc::Rc;

/// The labels and values that a caller may see. All of the labels have to match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restriction {
    terms: Vec<Term>,
    matchers: String,
    /// The metrics that aren't restricted where a selector names them.
    shared: Option<Rc<Shared>>,
}

/// One label, with the values that it may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    label: String,
    values: Allowed,
}

/// The values that a label may have.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Allowed {
    /// One of these values. There is at least one, and none is empty.
    Listed(Vec<String>, Absent),
    /// Any value that matches and isn't empty.
    Matching(Rc<Pattern>),
}

/// The longest value that is matched against a pattern, in bytes: matching takes a step for each of its bytes and each
/// part of the pattern. A longer value doesn't match.
const MAX_MATCHED: usize = 512;

/// The treatment of series without the label. To Prometheus a missing label is the same as an empty one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// They may be seen as well.
    Allowed,
    /// They may not be seen.
    Refused,
}

impl Term {
    /// Creates a term that allows these values. Returns `None` if there is no value, or an empty one.
    pub fn listed(label: &str, values: Vec<String>, absent: Absent) -> Option<Self> {
        if values.is_empty() || values.iter().any(String::is_empty) {
            return None;
        }
        Some(Self { label: label.to_owned(), values: Allowed::Listed(distinct(values), absent) })
    }

    /// Creates a term that allows any value that the pattern matches, except the empty one.
    pub fn matching(label: &str, pattern: Rc<Pattern>) -> Self {
        Self { label: label.to_owned(), values: Allowed::Matching(pattern) }
    }

    pub(super) fn allows(&self, value: &str) -> bool {
        match &self.values {
            Allowed::Listed(_, absent) if value.is_empty() => *absent == Absent::Allowed,
            Allowed::Listed(values, _) => values.iter().any(|known| known == value),
            Allowed::Matching(pattern) => (1..=MAX_MATCHED).contains(&value.len()) && pattern.matches(value),
        }
    }

    /// Returns the term as matchers, joined by commas.
    pub fn matchers(&self) -> String {
        let mut matchers = String::new();
        self.write(&mut matchers);
        matchers
    }

    /// Writes the term as matchers, joined by commas.
    fn write(&self, out: &mut String) {
        self.write_label(out);
        match &self.values {
            Allowed::Listed(values, Absent::Refused) if let [only] = values.as_slice() => {
                out.push('=');
                quote(out, only);
            }
            Allowed::Listed(values, absent) => {
                let mut pattern = String::new();
                for (place, value) in values.iter().enumerate() {
                    if place > 0 {
                        pattern.push('|');
                    }
                    escape(&mut pattern, value);
                }
                if *absent == Absent::Allowed {
                    pattern.push('|');
                }
                out.push_str("=~");
                quote(out, &pattern);
            }
            Allowed::Matching(pattern) => {
                out.push_str("=~");
                quote(out, pattern.as_str());
                // Whatever else a server makes of the pattern, nobody may see a series without the label.
                out.push(',');
                self.write_label(out);
                out.push_str("!=\"\"");
            }
        }
    }

    /// Writes the name of the label, in quotes unless every release of Prometheus accepts it without them.
    fn write_label(&self, out: &mut String) {
        let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let begins_with_digit = self.label.starts_with(|first: char| first.is_ascii_digit());
        if self.label.bytes().all(is_of_name) && !begins_with_digit {
            out.push_str(&self.label);
        } else {
            quote(out, &self.label);
        }
    }
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

    /// Returns `true` if labels satisfy the restriction. `value` returns the value of a label, or `None` if it is
    /// missing, which is the same as an empty one.
    pub fn allows<'a>(&self, value: &dyn Fn(&str) -> Option<Cow<'a, str>>) -> bool {
        self.terms.iter().all(|term| term.allows(&value(&term.label).unwrap_or_default()))
    }

    /// Returns `true` if a label of this name is restricted.
    pub fn restricts(&self, name: &[u8]) -> bool {
        self.terms.iter().any(|term| term.label.as_bytes() == name)
    }

    /// Returns `true` if a selector without its matchers on this label could find series that the caller may not see:
    /// the label is restricted, or is the name by which a selector is of a shared metric.
    pub fn depends_on(&self, label: &str) -> bool {
        self.restricts(label.as_bytes()) || self.shared.is_some() && label == NAME
    }

    /// Returns the values of one label, or `None` if it isn't restricted, or is restricted by a regular expression.
    pub fn values(&self, label: &str) -> Option<&[String]> {
        match &self.terms.iter().find(|term| term.label == label)?.values {
            Allowed::Listed(values, _) => Some(values),
            Allowed::Matching(_) => None,
        }
    }
}

/// The characters that have a special meaning in a regular expression.
const META: [char; 14] = ['\\', '.', '+', '*', '?', '(', ')', '|', '[', ']', '{', '}', '^', '$'];

/// Writes a value as a regular expression that matches only this value, as Go's `regexp.QuoteMeta` does.
fn escape(out: &mut String, value: &str) {
    for character in value.chars() {
        if META.contains(&character) {
            out.push('\\');
        }
        out.push(character);
    }
}

/// Writes a text as a PromQL string in double quotes. Characters that servers don't agree on are escaped: control
/// characters, and U+FFFD, which Prometheus takes for bytes that aren't UTF-8.
fn quote(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            _ if character.is_control() || character == '\u{fffd}' => {
                // Writing to a `String` never fails.
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            _ => {
                if matches!(character, '"' | '\\') {
                    out.push('\\');
                }
                out.push(character);
            }
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(label: &str, values: &[&str], absent: Absent) -> Term {
        let values = values.iter().map(|&value| value.to_owned()).collect();
        Term::listed(label, values, absent).unwrap()
    }

    fn only(values: &[&str]) -> Term {
        listed("tenant", values, Absent::Refused)
    }

    fn matching(pattern: &str) -> Term {
        Term::matching("tenant", Rc::new(Pattern::parse(pattern).unwrap()))
    }

    #[test]
    fn a_value_that_is_too_long_to_be_matched_is_nobodys() {
        let restriction = Restriction::new(vec![matching("a*")]).unwrap();
        let allows = |length: usize| restriction.allows(&|_| Some("a".repeat(length).into()));
        assert_eq!([0, 1, 512, 513].map(allows), [false, true, true, false]);
    }

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
        ] {
            let restriction = Restriction::new(terms).unwrap();
            let value = |label: &str| {
                labels.iter().find(|(known, _)| *known == label).map(|(_, value)| Cow::Borrowed(*value))
            };
            assert_eq!(restriction.allows(&value), allowed, "{restriction:?} {labels:?}");
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
