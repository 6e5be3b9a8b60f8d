//! The errors of an answer that can't be filtered.

use std::fmt;

/// The reason why an answer is not passed on. It names no content, since that may belong to another tenant
/// (`threats.md` R4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterError {
    /// The answer isn't valid JSON.
    Malformed,
    /// The answer ends before it is complete.
    Incomplete,
    /// A value that has to be checked has another shape than Prometheus gives it.
    Shape,
    /// A field or a label that has to be checked stands twice.
    Twice,
    /// A text that must be held back is too long, or there are too many labels.
    TooLong,
    /// The answer is nested too deeply.
    TooDeep,
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "the server's answer is not valid JSON",
            Self::Incomplete => "the server's answer ends before it is complete",
            Self::Shape => "the server's answer is not of the form that can be filtered",
            Self::Twice => "a field of the server's answer stands twice",
            Self::TooLong => "something in the server's answer is too long to be filtered",
            Self::TooDeep => "the server's answer is nested too deeply",
        })
    }
}
