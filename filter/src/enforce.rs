//! What a rule demands of a request: its restriction goes into every selector, its guards are checked, and parameters and
//! bodies are printed anew.

pub mod form;
pub(crate) mod guards;
pub(crate) mod identity_headers;
pub mod pattern;
pub mod requirements;
pub mod restriction;
pub mod rewrite_cache;
pub(crate) mod tenant;
pub(crate) mod terms;
pub(crate) mod violation;

use std::fmt;

/// The index of a rule in the configuration's list. It prints as the path of the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleNumber(pub usize);

impl fmt::Display for RuleNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "access[{}]", self.0)
    }
}
