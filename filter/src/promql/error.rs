//! Why a text is no query that can be restricted: what was expected, and where.

use std::fmt;

/// That a text isn't a query as stable Prometheus 3.x reads it, or is one that this parser doesn't follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Where it was noticed: bytes from the start of the text.
    pub at: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong with a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Something else had to stand there.
    Expected(&'static str),
    /// A function that isn't one of stable Prometheus, or is experimental there.
    Function(String),
    /// A label that isn't the same to all servers, or selects series in another way.
    Label,
    /// A string that doesn't end, or has an escape or a character that it can't have.
    Text,
    /// A carriage return in a comment, which some servers take for its end.
    Comment,
    /// Expressions within expressions, deeper than [`MAX_DEPTH`](super::MAX_DEPTH).
    TooDeep,
    /// A text of more bytes than [`MAX_LENGTH`](super::MAX_LENGTH).
    TooLong,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problem {
            Problem::Expected(what) => write!(f, "expected {what}")?,
            Problem::Function(name) => {
                write!(f, "\"{name}\" is no function, or an experimental one, which can't be used here,")?;
            }
            Problem::Label => f.write_str("this label means another thing to some servers,")?,
            Problem::Text => f.write_str(
                "this string doesn't end, or has a wrong escape or character, or a backslash at its end,",
            )?,
            Problem::Comment => f.write_str("a comment has a carriage return in it")?,
            Problem::TooDeep => write!(f, "expressions are nested deeper than {}", super::MAX_DEPTH)?,
            Problem::TooLong => {
                return write!(f, "the query is longer than {} bytes", super::MAX_LENGTH);
            }
        }
        write!(f, " at position {} of the query", self.at)
    }
}
