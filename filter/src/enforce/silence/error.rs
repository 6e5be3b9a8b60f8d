//! The reasons why a silence is refused.

use super::NoMatchers;
use std::fmt;

/// The reason why a silence is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SilenceError {
    /// It isn't a silence in JSON, or has too many matchers.
    Malformed,
    /// A field that stands twice, is of another type than it should, or isn't known.
    Field(String),
    /// A restricted label without an equality matcher of an allowed value.
    Label(String),
    /// The matchers fit none of the alternatives that the caller may see.
    Alternatives,
}

impl fmt::Display for SilenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("the body must be a silence in JSON, with \"matchers\""),
            Self::Field(name) => write!(
                f,
                "the field \"{name}\" of the silence isn't known, stands twice or has another type"
            ),
            Self::Label(label) => write!(
                f,
                "the silence needs an equality matcher (=) of \"{label}\" with one of the values that you may see"
            ),
            Self::Alternatives => f.write_str(
                "the silence needs an equality matcher (=) of each label in one of the combinations that you may see",
            ),
        }
    }
}

impl From<NoMatchers> for SilenceError {
    fn from(_: NoMatchers) -> Self {
        Self::Field("matchers".to_owned())
    }
}
