//! Reports of decisions. The record of a decision comes in; the names of metrics and the properties of the access log
//! go out. Names of callers are in the log and never in a metric's labels.

pub mod count;
mod outcome;

pub use outcome::Outcome;

use crate::api::class::Class;
use crate::api::mount::{MountId, Mounts};
use crate::caller::identity::Caller;
use crate::enforce::RuleNumber;
use count::{Count, prefix};
use std::borrow::Cow;
use std::fmt;

/// The record of a decision, with everything that is reported of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The mount that the request was for.
    pub mount: Option<MountId>,
    /// The class of the request.
    pub class: Option<Class>,
    /// The caller, as far as the decision needed to know.
    pub caller: Caller,
    /// The rule that allows the request.
    pub rule: Option<RuleNumber>,
    /// The outcome of the request.
    pub outcome: Outcome,
    /// The reason for a refusal. It may say more than the client is told.
    pub reason: String,
}

impl Default for Record {
    fn default() -> Self {
        Self {
            mount: None,
            class: None,
            caller: Caller::Anonymous,
            rule: None,
            outcome: Outcome::Allowed,
            reason: String::new(),
        }
    }
}

impl Record {
    /// Records that the request or its answer was refused.
    pub fn refused(&mut self, status: u16, reason: &dyn fmt::Display) {
        self.outcome = Outcome::of(status);
        self.reason = reason.to_string();
    }

    /// Returns the properties that the access log can show, each with a name of its own. Unknown ones are left out.
    pub fn properties<'a>(
        &'a self,
        mounts: &'a Mounts,
    ) -> impl Iterator<Item = (&'static str, Cow<'a, str>)> {
        let identity = self.caller.identity();
        let known = [
            ("promward_mount", self.mount.map(|_| prefix(self.mount, mounts).into())),
            ("promward_caller", identity.map(|identity| identity.to_string().into())),
            ("promward_scheme", identity.map(|identity| identity.scheme().name().into())),
            ("promward_class", self.class.map(|class| class.name().into())),
            ("promward_rule", self.rule.map(|RuleNumber(number)| number.to_string().into())),
            ("promward_outcome", Some(self.outcome.name().into())),
            ("promward_reason", Some(self.reason.as_str().into()).filter(|_| !self.reason.is_empty())),
        ];
        known.into_iter().filter_map(|(name, value)| Some((name, value?)))
    }

    /// Returns the count of this decision.
    pub fn count(&self) -> Count {
        Count::Request { mount: self.mount, class: self.class, outcome: self.outcome }
    }
}
