//! The refusal of a request that no rule allows, with the reason where a rule seems to allow it.

use super::rule::{Inherited, Rule};
use super::scope::RequestedAccess;
use crate::api::class::{Class, Classes};
use crate::api::mount::MountId;
use crate::caller::identity::Caller;
use crate::enforce::RuleNumber;
use crate::target::method::{Method, Methods};
use std::fmt;

/// The error of a request that no rule allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// The caller who is refused.
    pub caller: Caller,
    /// The class of the request.
    pub class: Class,
    /// The reason why the first rule that has the class in its `may` doesn't give it; `None` if there is no such rule.
    pub closed: Option<Closed>,
}

/// A reason why a rule doesn't give a class that is in its `may`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The rule has `only`, and nothing of the class can be restricted.
    NotRestrictable(RuleNumber),
    /// The rule has guards, and nothing of the class can be guarded.
    NotGuardable(RuleNumber),
    /// The rule has guards, and none that holds the time in which raw samples are read.
    NotTimed(RuleNumber),
    /// The rule isn't about requests with this method.
    NotThisMethod(RuleNumber, Method),
    /// The rule isn't about requests with this path.
    NotThisPath(RuleNumber),
    /// An earlier rule restricts the caller, and this one has no `only`.
    Restricted {
        /// The rule that has no `only`.
        rule: RuleNumber,
        /// The earlier rule that has `only`.
        by: RuleNumber,
    },
    /// An earlier rule names the caller's tenants, and this one has no `tenant`.
    Tied {
        /// The rule that has no `tenant`.
        rule: RuleNumber,
        /// The earlier rule that has `tenant`.
        by: RuleNumber,
    },
    /// An earlier rule limits the caller, and this one has no guards.
    Limited {
        /// The rule that has no guards.
        rule: RuleNumber,
        /// The earlier rule that has guards.
        by: RuleNumber,
    },
}

impl Closed {
    /// Returns the reason why a rule isn't about a request, or `None` if it is.
    pub(super) fn by_scope(rule: &Rule, number: RuleNumber, requested: &RequestedAccess<'_>) -> Option<Self> {
        let scope = rule.scope.as_ref()?;
        match scope.names(requested.path) {
            false => Some(Self::NotThisPath(number)),
            true if rule.is_about(requested) => None,
            true => Some(Self::NotThisMethod(number, requested.method)),
        }
    }

    /// Returns the reason why a rule doesn't give a class of its `may` to callers who are bound like this, or `None` if
    /// it gives it.
    pub fn of(
        rule: &Rule,
        number: RuleNumber,
        bound: Inherited,
        class: Class,
        mount: MountId,
    ) -> Option<Self> {
        if rule.gives(bound, mount).contains(class) {
            return None;
        }
        if rule.only.is_some() && !rule.restrictable(mount).contains(class) {
            return Some(Self::NotRestrictable(number));
        }
        if rule.guards.is_some() && rule.unguardable(mount).contains(class) {
            return Some(match rule.restrictable(mount).contains(class) {
                true => Self::NotTimed(number),
                false => Self::NotGuardable(number),
            });
        }
        let restricted =
            bound.restricted.filter(|_| rule.only.is_none()).map(|by| Self::Restricted { rule: number, by });
        let is_tied = rule.tenant.is_none() && !Classes::OPEN.contains(class);
        let tied = bound.tied.filter(|_| is_tied).map(|by| Self::Tied { rule: number, by });
        restricted.or(tied).or(bound.limited.map(|by| Self::Limited { rule: number, by }))
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRestrictable(rule) => {
                write!(f, "{rule} restricts them by \"only\", and nothing of this class can be restricted")
            }
            Self::NotGuardable(rule) => {
                write!(f, "{rule}.limits guards queries, and nothing of this class can be guarded")
            }
            Self::NotTimed(rule) => {
                write!(f, "{rule}.limits guards queries, and needs \"range\" or \"oldest\" for this class")
            }
            Self::NotThisMethod(rule, method) => {
                write!(f, "{rule}.methods doesn't name {}", Methods::of(&[*method]))
            }
            Self::NotThisPath(rule) => write!(f, "{rule}.paths doesn't name this path"),
            Self::Restricted { rule, by } => write!(
                f,
                "{by} restricts them, and {rule} has no \"only\": it gives them {} and no more, unless it says \
                 \"unrestricted\": true",
                Classes::OPEN
            ),
            Self::Tied { rule, by } => write!(
                f,
                "{by} names their tenants, and {rule} has no \"tenant\": it gives them {} and no more, unless it says \
                 \"unrestricted\": true",
                Classes::OPEN
            ),
            Self::Limited { rule, by } => write!(
                f,
                "{by}.limits guards their queries, and {rule}.limits doesn't: it gives them no class that guards are \
                 about, unless the rule says \"unrestricted\": true"
            ),
        }
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no access rule allows the class \"{}\" to {} here", self.class, self.caller)?;
        match &self.closed {
            Some(closed) => write!(f, ": {closed}"),
            None => Ok(()),
        }
    }
}
