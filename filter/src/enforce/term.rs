//! One label of a restriction: the values that it may have, and the matchers that say so.

use super::pattern::Pattern;
use crate::index::distinct;
use std::borrow::Cow;
use std::fmt::Write;
use std::rc::Rc;

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

    /// Lets the term allow what another one does, if both list values of the same label.
    pub(super) fn absorb(&mut self, other: &Self) -> bool {
        match (&mut self.values, &other.values) {
            (Allowed::Listed(values, absent), Allowed::Listed(others, other_absent))
                if self.label == other.label =>
            {
                let mut all = others.clone();
                all.append(values);
                *values = distinct(all);
                if *other_absent == Absent::Allowed {
                    *absent = Absent::Allowed;
                }
                true
            }
            _ => false,
        }
    }

    /// Returns the name of the label.
    pub(super) fn label(&self) -> &str {
        &self.label
    }

    /// Returns the values of the label, or `None` if a regular expression says which they are.
    pub(super) fn listed_values(&self) -> Option<&[String]> {
        match &self.values {
            Allowed::Listed(values, _) => Some(values),
            Allowed::Matching(_) => None,
        }
    }

    /// Returns `true` if the label may have this value. An empty one is a missing label.
    pub(super) fn allows(&self, value: &str) -> bool {
        match &self.values {
            Allowed::Listed(_, absent) if value.is_empty() => *absent == Absent::Allowed,
            Allowed::Listed(values, _) => values.iter().any(|known| known == value),
            Allowed::Matching(pattern) => (1..=MAX_MATCHED).contains(&value.len()) && pattern.matches(value),
        }
    }

    /// Returns the most steps that [`Term::allows`] takes for this value.
    pub(super) fn steps(&self, value: &str) -> usize {
        match &self.values {
            Allowed::Listed(values, _) => values.len(),
            Allowed::Matching(pattern) => pattern.length().saturating_mul(value.len().min(MAX_MATCHED)),
        }
    }

    /// Returns the term as matchers of which each stands alone.
    pub(super) fn separate(&self) -> Vec<String> {
        let mut first = String::new();
        self.write_values(&mut first);
        let mut all = vec![first];
        if self.must_be_present() {
            all.push(self.present());
        }
        all
    }

    /// Returns the value of the label if there is just one that it may have.
    pub(super) fn only_value(&self) -> Option<&str> {
        match &self.values {
            Allowed::Listed(values, Absent::Refused) if let [only] = values.as_slice() => Some(only),
            _ => None,
        }
    }

    /// Returns the matcher of any series that has the label.
    fn present(&self) -> String {
        let mut matcher = String::new();
        self.write_label(&mut matcher);
        matcher.push_str("!=\"\"");
        matcher
    }

    /// Returns the term as matchers, joined by commas.
    pub fn matchers(&self) -> String {
        let mut matchers = String::new();
        self.write(&mut matchers);
        matchers
    }

    /// Writes the term as matchers, joined by commas.
    pub(super) fn write(&self, out: &mut String) {
        self.write_values(out);
        if self.must_be_present() {
            out.push(',');
            out.push_str(&self.present());
        }
    }

    /// Returns `true` if a matcher has to say that the label is there: whatever else a server makes of a pattern, nobody may
    /// see a series without the label.
    pub(super) fn must_be_present(&self) -> bool {
        matches!(self.values, Allowed::Matching(_))
    }

    /// Writes the matcher of the values that the label may have.
    fn write_values(&self, out: &mut String) {
        self.write_label(out);
        match self.only_value() {
            Some(only) => {
                out.push('=');
                quote(out, only);
            }
            None => {
                out.push_str("=~");
                quote(out, &self.pattern());
            }
        }
    }

    /// Returns a regular expression of the values that the label may have, which servers anchor. An empty value is a missing
    /// label.
    pub(super) fn pattern(&self) -> Cow<'_, str> {
        let (values, absent) = match &self.values {
            Allowed::Listed(values, absent) => (values, *absent),
            Allowed::Matching(pattern) => return Cow::Borrowed(pattern.as_str()),
        };
        let mut pattern = String::new();
        for (place, value) in values.iter().enumerate() {
            if place > 0 {
                pattern.push('|');
            }
            escape(&mut pattern, value);
        }
        if absent == Absent::Allowed {
            pattern.push('|');
        }
        Cow::Owned(pattern)
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

/// The characters that have a special meaning in a regular expression.
const META: [char; 14] = ['\\', '.', '+', '*', '?', '(', ')', '|', '[', ']', '{', '}', '^', '$'];

/// Writes a value as a regular expression that matches only this value, as Go's `regexp.QuoteMeta` does.
pub(super) fn escape(out: &mut String, value: &str) {
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
