//! What a restricted caller may see, as a question about one set of labels.

use std::borrow::Cow;

/// A label and the values that it may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restriction {
    label: String,
    values: Vec<String>,
}

impl Restriction {
    /// Only these values of a label.
    pub fn of_values(label: &str, values: &[&str]) -> Self {
        Self { label: label.to_owned(), values: values.iter().map(|&value| value.to_owned()).collect() }
    }

    /// Whether labels satisfy it, given the value of each name; a label that isn't there counts as empty.
    pub fn allows<'a>(&self, value: &dyn Fn(&str) -> Option<Cow<'a, str>>) -> bool {
        let value = value(&self.label).unwrap_or_default();
        self.values.iter().any(|allowed| *allowed == value)
    }
}
