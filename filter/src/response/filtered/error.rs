//! What is wrong with an answer that can't be filtered.

use std::fmt;

/// Why an answer goes no further. It names no content, since that may be another tenant's (`threats.md` R4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterError {
    /// It isn't valid JSON.
    Malformed,
    /// It ended too early.
    Incomplete,
    /// What has to be looked at isn't of the shape that Prometheus gives it.
    Shape,
    /// A field or a label that has to be looked at stands twice.
    Twice,
    /// Something that must be held back is too long, or labels are too many.
    TooLong,
    /// It is nested too deeply.
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
