//! The reasons why parameters are ambiguous.

use super::MAX_PAIRS;
use std::fmt;

/// The part of a request in which parameters stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The query string of the target.
    Query,
    /// The body, which is a form.
    Form,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Query => "query string",
            Self::Form => "form",
        })
    }
}

/// The reason why parameters are ambiguous. Positions are bytes from the start of the query string or form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParameterError {
    /// A `;`, which some servers read as a separator, and because of which Go drops the pair.
    Semicolon {
        /// The part that contains it.
        part: Part,
        /// The position of the `;`.
        at: usize,
    },
    /// A `%` without two hexadecimal digits.
    BadEscape {
        /// The part that contains it.
        part: Part,
        /// The position of the `%`.
        at: usize,
    },
    /// A name or value that isn't UTF-8 once decoded.
    NotUtf8 {
        /// The part that contains it.
        part: Part,
        /// The position at which the pair begins.
        at: usize,
    },
    /// A request with more than [`MAX_PAIRS`] parameters.
    TooMany,
    /// A parameter that may have only one value, but has two: in the query string, in the form, or in both.
    Repeated {
        /// The parameter's name, as the endpoint lists it.
        name: &'static str,
    },
}

impl fmt::Display for ParameterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Semicolon { part, at } => {
                write!(
                    f,
                    "the {part} has a \";\" at position {at}: separate parameters by \"&\", write %3B for the character"
                )
            }
            Self::BadEscape { part, at } => {
                write!(f, "the {part} has a \"%\" without two hexadecimal digits at position {at}")
            }
            Self::NotUtf8 { part, at } => {
                write!(f, "the {part} has a parameter at position {at} that is not UTF-8")
            }
            Self::TooMany => write!(f, "the request has more than {MAX_PAIRS} parameters"),
            Self::Repeated { name } => {
                write!(f, "the parameter \"{name}\" is given more than once, with different values")
            }
        }
    }
}
