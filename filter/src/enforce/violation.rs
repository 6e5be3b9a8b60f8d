//! Why a request doesn't meet what a rule demands of its parameters, in words for who has sent it.

use super::guards::GuardError;
use crate::promql::{MAX_RESTRICTED, SyntaxError};
use std::fmt;

/// Why a request doesn't meet what a rule demands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// A parameter that the endpoint's row doesn't name, or one that widens what is answered.
    Parameter(String),
    /// A query or a selector that isn't understood.
    Syntax(&'static str, SyntaxError),
    /// With the restriction written into them the selectors are too long.
    TooLong,
    /// Selectors in the query string of a request whose form may still say when they are read.
    Split(&'static str),
    /// A guard says no.
    Guard(GuardError),
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parameter(name) => {
                let shown = |character: char| if character.is_control() { '\u{fffd}' } else { character };
                let name: String = name.chars().map(shown).take(40).collect();
                write!(
                    f,
                    "the parameter \"{name}\" can't be given here by callers who are restricted or limited"
                )
            }
            Self::Syntax(name, error) => write!(f, "the parameter \"{name}\": {error}"),
            Self::TooLong => write!(
                f,
                "with its restriction the query is longer than {MAX_RESTRICTED} bytes: ask for less at once"
            ),
            Self::Split(name) => {
                write!(
                    f,
                    "give the parameter \"{name}\" in the form, together with the times that it is read at"
                )
            }
            Self::Guard(error) => error.fmt(f),
        }
    }
}

impl<E: Into<GuardError>> From<E> for Violation {
    fn from(error: E) -> Self {
        Self::Guard(error.into())
    }
}
