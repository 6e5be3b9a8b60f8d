//! The reasons why a message is refused, each with the first thing that is wrong.

use crate::enforce::guards::Exceeded;
use crate::enforce::violation::Violation;
use crate::promql::TooMany;
use crate::wire::protobuf::Malformed;
use std::fmt;

/// The reason why a message is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// The body is no block of snappy's.
    Snappy,
    /// A query of the message has more than so many bytes.
    LongQuery(usize),
    /// The body is no message, or one that servers may read differently.
    Malformed,
    /// The message has a field that isn't known here, so that nobody knows what it says.
    Field,
    /// A matcher of an unknown type.
    Matcher(u64),
    /// An answer of an unknown type.
    Answer(u64),
    /// More queries than so many.
    Queries(usize),
    /// More types of answers than so many.
    Answers(usize),
    /// Several queries whose samples the server would keep until it has them all.
    Samples,
    /// A label without a name, or a text that isn't UTF-8. No server has stored such a label.
    Text,
    /// More of something than the bounds allow.
    TooMany(TooMany),
    /// The restriction has alternatives, and a message can't say one or the other.
    Alternatives,
    /// The times of a query exceed a guard.
    Exceeded(Exceeded),
    /// The message is too long with the restriction in it.
    Restricted,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Snappy => f.write_str("the body is no block of snappy's format"),
            Self::LongQuery(max) => {
                write!(f, "a query is longer than {max} bytes (the mount's max_query): ask for less in it")
            }
            Self::Malformed => {
                f.write_str("the body can't be read as prometheus.ReadRequest in only one way")
            }
            Self::Field => f.write_str("the message has a field that isn't known: leave it out"),
            Self::Matcher(kind) => {
                write!(f, "a matcher has the type {kind}: use 0 (=), 1 (!=), 2 (=~) or 3 (!~)")
            }
            Self::Answer(kind) => {
                write!(f, "answers of the type {kind} aren't known: accept 0 (samples) or 1 (chunks)")
            }
            Self::Queries(most) => write!(f, "a message has more than {most} queries: send several messages"),
            Self::Answers(most) => write!(f, "a message accepts more than {most} types of answers"),
            Self::Samples => {
                f.write_str("the answer to several queries has to stream: accept 1 (chunks) first, or send one in each message")
            }
            Self::Text => f.write_str("a label has no name, or a text isn't UTF-8: no label is so"),
            Self::TooMany(too_many) => {
                write!(f, "each query counts as a selector: {too_many}")
            }
            Self::Exceeded(exceeded) => exceeded.fmt(f),
            Self::Restricted => Violation::TooLong.fmt(f),
            Self::Alternatives => {
                f.write_str("alternatives restrict you, which remote read can't ask for: use /api/v1/query")
            }
        }
    }
}

impl From<Malformed> for ReadError {
    fn from(Malformed: Malformed) -> Self {
        Self::Malformed
    }
}

impl From<TooMany> for ReadError {
    fn from(too_many: TooMany) -> Self {
        Self::TooMany(too_many)
    }
}
