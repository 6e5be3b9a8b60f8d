//! What one sees of the filter's decisions: one record of each feeds the metrics and the access log. Names of callers are
//! in the log and never in a metric's labels.

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

/// A decision, as far as it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Where the request was for.
    pub mount: Option<MountId>,
    /// What it does.
    pub class: Option<Class>,
    /// Who is calling, as far as anybody asked.
    pub caller: Caller,
    /// By which rule it is allowed.
    pub rule: Option<RuleNumber>,
    /// What became of it.
    pub outcome: Outcome,
    /// Why it was refused: what the client is told.
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
    /// That it was refused after all, or its answer.
    pub fn refused(&mut self, status: u16, reason: &dyn fmt::Display) {
        self.outcome = Outcome::of(status);
        self.reason = reason.to_string();
    }

    /// What the access log can show, each under a name of its own. What isn't known is left out.
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

    /// What counts it.
    pub fn count(&self) -> Count {
        Count::Request { mount: self.mount, class: self.class, outcome: self.outcome }
    }
}
