//! The verdict of rules on trial, where it differs from the enforced one.

use super::outcome::Outcome;
use crate::enforce::RuleNumber;
use serde::Serialize;

/// The longest text of a verdict in the access log, in bytes.
const MAX_TEXT: usize = 512;

/// The verdict of the rules on trial about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The outcome that the request would have had. `None` if the caller would have been asked for, and the request has
    /// credentials that nobody checks for a trial.
    pub outcome: Option<Outcome>,
    /// The rule on trial that covers the request.
    pub rule: Option<RuleNumber>,
    /// The message of the refusal.
    pub reason: String,
    /// The matchers that would be written into each selector; empty if there are none.
    pub matchers: String,
}

/// A verdict as the access log shows it.
#[derive(Serialize)]
pub(super) struct TriedEntry<'a> {
    outcome: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<usize>,
    #[serde(skip_serializing_if = "str::is_empty")]
    reason: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    matchers: &'a str,
}

impl Tried {
    /// Returns the name of the outcome in logs and metrics.
    pub fn name(outcome: Option<Outcome>) -> &'static str {
        outcome.map_or("asked", Outcome::name)
    }

    pub(super) fn entry(&self) -> TriedEntry<'_> {
        TriedEntry {
            outcome: Self::name(self.outcome),
            rule: self.rule.map(|rule| rule.position),
            reason: super::cut(&self.reason, MAX_TEXT),
            matchers: super::cut(&self.matchers, MAX_TEXT),
        }
    }
}
