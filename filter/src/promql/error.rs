//! The errors of the parser: what is wrong with a text, and where.

use super::bounds::Bound;
use std::fmt;

/// The error of a text that isn't a query of stable Prometheus 3.x, or is one that this parser doesn't follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// The position where it was noticed, in bytes from the start of the text.
    pub at: usize,
    /// The problem at that position.
    pub problem: Problem,
}

/// A reason why a text is not accepted as a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Something else was expected here, as this text says.
    Expected(&'static str),
    /// A function that Prometheus doesn't have, or that can't be restricted.
    Function(String),
    /// An experimental function or aggregation, which the mount doesn't open.
    Experimental(String),
    /// A label that isn't the same to all servers, or that selects series in another way.
    Label,
    /// A string that doesn't end, or that has an escape or a character that it can't have.
    Text,
    /// A string whose escapes give bytes that aren't UTF-8.
    Bytes,
    /// A carriage return in a comment, which some servers take for the end of the comment.
    Comment,
    /// More of something than the bounds allow, which is this many.
    Exceeded(Bound, u32),
    /// A duration that can't be worked out before the server does.
    Unclear,
    /// A range that no function takes by itself, where alternatives restrict the caller.
    LoneRange,
    /// A selector whose matchers `absent` shows, where alternatives restrict the caller.
    ShownMatchers,
    /// A selector beside a range in a call, where alternatives restrict the caller.
    BesideRange,
    /// More of something than the bounds allow, once each selector is counted for each of so many alternatives.
    Multiplied(u32, Bound, u32),
    /// A selector that says nothing but the name of an aggregation, which ends VictoriaMetrics.
    Misprinted,
    /// A text of more bytes than this.
    TooLong(usize),
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Problem::Multiplied(number, ..) = &self.problem {
            write!(f, "each selector counts {number} times, once for each alternative that restricts you: ")?;
        }
        match &self.problem {
            Problem::Expected(what) => write!(f, "expected {what}")?,
            Problem::Function(name) => {
                write!(f, "\"{name}\" is not a function, or is experimental and can't be used here,")?;
            }
            Problem::Experimental(name) => write!(
                f,
                "\"{name}\" is experimental: \"promql\" of the mount has to list \"experimental_functions\","
            )?,
            Problem::Label => f.write_str("this label doesn't mean the same to all servers,")?,
            Problem::Text => f.write_str(
                "this string doesn't end, or has a wrong escape or character, or a backslash at its end,",
            )?,
            Problem::Bytes => f.write_str("this string has bytes that aren't UTF-8,")?,
            Problem::Comment => f.write_str("a comment has a carriage return in it")?,
            Problem::Unclear => {
                f.write_str("limits can't be held against this duration: write it as a number")?;
            }
            Problem::Exceeded(bound, most) | Problem::Multiplied(_, bound, most) => bound.explain(*most, f)?,
            Problem::LoneRange => f.write_str(
                "alternatives restrict you, so that a range must be the argument of a function such as rate,",
            )?,
            Problem::ShownMatchers => f.write_str(
                "alternatives restrict you, so that absent can't show labels: give it an expression, as in \
                 absent(count(up)) or absent_over_time(count(up)[5m:]),",
            )?,
            Problem::BesideRange => f.write_str(
                "alternatives restrict you, so that no selector can stand beside a range in a call: write a number instead",
            )?,
            Problem::Misprinted => f.write_str(
                "a name of an aggregation, or a name twice, with no other matcher ends VictoriaMetrics: add one on another label",
            )?,
            Problem::TooLong(most) => {
                return write!(f, "the query is longer than {most} bytes (the mount's max_query)");
            }
        }
        write!(f, " at position {} of the query", self.at)
    }
}
