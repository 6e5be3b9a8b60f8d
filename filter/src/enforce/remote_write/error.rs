//! The reasons why a message is refused, each with the first thing that is wrong.

use super::version::{MAX_MESSAGE, Version};
use crate::enforce::RuleNumber;
use crate::wire::protobuf::Malformed;
use crate::wire::snappy::SnappyError;
use std::fmt;

/// The reason why a message is refused.
#[derive(Debug, PartialEq, Eq)]
pub enum WriteError {
    /// The body is no block of snappy's.
    Snappy,
    /// The message is too long once it is decoded or written anew.
    TooLong,
    /// The message has more samples than may come at once.
    TooMany {
        /// The rule that has the rate.
        rule: RuleNumber,
        /// The number of samples.
        samples: u64,
        /// The most that may come at once.
        most: u32,
    },
    /// The body is no message of this version, or one that servers may read differently.
    Malformed(Version),
    /// The message has a field that isn't known here, so that nobody knows what it says.
    Field(Version),
    /// A series, or one of its exemplars, has a value of a label that the rule doesn't allow.
    Value {
        /// The name of the label.
        label: String,
        /// The value of the label.
        value: String,
    },
    /// A series lacks a label that the rule requires.
    Missing(String),
    /// The labels of a series satisfy none of the alternatives of the rule.
    Alternatives,
    /// A series, or one of its exemplars, has a label twice.
    Twice(String),
    /// The exemplars of a series have labels that the rule restricts so often that comparing them takes too long.
    Exemplars,
}

/// The longest value that a message repeats, in bytes.
const SHOWN: usize = 128;

impl WriteError {
    /// Creates the error of a label with a value that the rule doesn't allow.
    pub(super) fn value(label: &str, value: &str) -> Self {
        let value = if value.len() > SHOWN { "…" } else { value };
        Self::Value { label: label.to_owned(), value: value.to_owned() }
    }

    /// Creates the error of a label that a series has twice.
    pub(super) fn twice(label: &str) -> Self {
        Self::Twice(label.to_owned())
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Snappy => f.write_str("the body is no block of snappy's format"),
            Self::TooLong => {
                write!(f, "the message is longer than {MAX_MESSAGE} bytes: send fewer samples at once")
            }
            Self::TooMany { rule, samples, most } => {
                write!(
                    f,
                    "the message has {samples} samples, and {rule}.limits.samples allows {most} at once: send fewer"
                )
            }
            Self::Malformed(version) => {
                write!(f, "the body can't be read as {} in only one way", version.name())
            }
            Self::Field(version) => {
                write!(f, "the message has a field that {} doesn't have here", version.name())
            }
            Self::Value { label, value } => {
                write!(
                    f,
                    "a series has the label \"{label}\" with the value \"{value}\", which you may not write"
                )
            }
            Self::Missing(label) => write!(
                f,
                "a series lacks the label \"{label}\": each one needs it, with a value that you may write"
            ),
            Self::Alternatives => {
                f.write_str("a series has labels that none of the alternatives of the rule allows")
            }
            Self::Twice(label) => write!(f, "a series or an exemplar has the label \"{label}\" twice"),
            Self::Exemplars => f.write_str(
                "the exemplars of a series have labels that restrict you too often: leave these labels to the series",
            ),
        }
    }
}

impl From<SnappyError> for WriteError {
    fn from(error: SnappyError) -> Self {
        match error {
            SnappyError::Corrupt => Self::Snappy,
            SnappyError::TooLong => Self::TooLong,
        }
    }
}

/// The error of a part of a message, whose version the caller knows.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PartError {
    Malformed,
    Field,
    Label(Box<WriteError>),
}

impl PartError {
    pub(super) fn of(self, version: Version) -> WriteError {
        match self {
            Self::Malformed => WriteError::Malformed(version),
            Self::Field => WriteError::Field(version),
            Self::Label(error) => *error,
        }
    }
}

impl From<Malformed> for PartError {
    fn from(Malformed: Malformed) -> Self {
        Self::Malformed
    }
}

impl From<WriteError> for PartError {
    fn from(error: WriteError) -> Self {
        Self::Label(Box::new(error))
    }
}
