//! Enforces a rule on a request. The terms of the rule and the parsed parameters come in: the restriction is written
//! into every selector, the guards are checked, and query string and form are written anew. They go out as they go
//! upstream, or a violation does.
//!
//! Rules hold the guards and restrictions that are defined here, so `access` imports from this room. This room knows a
//! rule by its number only.

#[cfg(not(target_arch = "wasm32"))]
mod amounts;
pub mod announced;
pub mod body;
mod checks;
pub mod form;
pub(crate) mod guards;
pub(crate) mod identity_headers;
pub(crate) mod judge;
mod merge;
pub mod pattern;
pub(crate) mod rate_limit_headers;
pub mod remote_read;
pub mod remote_write;
pub mod requirements;
pub mod restriction;
pub mod rewrite_cache;
pub(crate) mod shared;
pub mod silence;
pub(crate) mod tenant;
mod term;
pub(crate) mod terms;
pub(crate) mod violation;

pub use guards::{Guarded, Guards};

use std::fmt;

/// The place of a rule in the configuration. It prints as the path of the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleNumber {
    /// The list that the rule is in.
    pub list: RuleList,
    /// The position in the list, from 0.
    pub position: usize,
}

/// A list of rules in a configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum RuleList {
    /// The rules that are enforced.
    #[default]
    Access,
    /// The rules that are only tried.
    Trial,
}

impl fmt::Display for RuleNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = match self.list {
            RuleList::Access => "access",
            RuleList::Trial => "trial",
        };
        write!(f, "{list}[{}]", self.position)
    }
}
