//! The reasons why a request violates the requirements of a rule on its parameters, as messages to the caller.

use super::guards::GuardError;
use crate::api::profile::KnownTo;
use crate::promql::{MAX_RESTRICTED, SyntaxError};
use std::fmt;

/// The longest texts to search for that either half of a request may have together, in bytes. By its source, Prometheus
/// compares each letter of every name or value with up to half of such a text, whose length it doesn't bound (`threats.md`
/// P6).
pub(super) const MAX_SEARCHED: usize = 1_024;

/// The reason why a request violates the requirements of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// A parameter that the endpoint doesn't list, or one that widens the answer.
    Parameter(String, KnownTo),
    /// A query or a selector that can't be parsed.
    Syntax(&'static str, SyntaxError),
    /// The selectors are too long with the restriction written into them.
    TooLong,
    /// Selectors in the query string of a request whose form may still give the times at which they are read.
    Split(&'static str),
    /// A parameter that takes one selector, where the restriction has alternatives and needs a selector for each.
    OneSelector(&'static str),
    /// Texts to search for that are longer than [`MAX_SEARCHED`] together.
    Searched(&'static str),
    /// A query that would be more work for the server than the bounds allow.
    Work { asked: u64, most: u64 },
    /// A guard refuses the request.
    Guard(GuardError),
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parameter(name, known_to) => {
                let name = shown(name);
                write!(
                    f,
                    "the parameter \"{name}\" can't be given here by callers who are restricted or limited"
                )?;
                match known_to {
                    KnownTo::SomeEndpoint => Ok(()),
                    KnownTo::None => {
                        write!(f, ": leave it out, or have it listed in \"ignore\" of the mount")
                    }
                }
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
            Self::OneSelector(name) => write!(
                f,
                "alternatives restrict you, and the parameter \"{name}\" takes one selector, not one for each of them"
            ),
            Self::Searched(name) => {
                write!(
                    f,
                    "the texts of the parameter \"{name}\" are longer than {MAX_SEARCHED} bytes together"
                )
            }
            Self::Work { asked, most } => write!(
                f,
                "the query is {asked} units of work for the server, and limits.work allows {most}: take a longer step or a \
                 shorter time, or ask for less in one query"
            ),
            Self::Guard(error) => error.fmt(f),
        }
    }
}

/// Returns a name that a client has given, as messages show it.
pub(super) fn shown(name: &str) -> String {
    let shown = |character: char| if character.is_control() { '\u{fffd}' } else { character };
    name.chars().map(shown).take(40).collect()
}

impl<E: Into<GuardError>> From<E> for Violation {
    fn from(error: E) -> Self {
        Self::Guard(error.into())
    }
}
