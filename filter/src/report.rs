//! Reports of decisions. The record of a decision comes in; the names of metrics and the text for the access log go out.
//! Names of callers are in the log and never in a metric's labels.

mod asked;
pub mod count;
mod outcome;
mod reason;
mod tried;

pub use asked::AskedQuery;
pub use outcome::Outcome;
pub use reason::Reason;
pub use tried::Tried;

use crate::api::class::Class;
use crate::api::mount::{MountId, Mounts};
use crate::caller::identity::{Caller, Identity};
use crate::enforce::RuleNumber;
use count::{Count, prefix};
use serde::Serialize;
use std::fmt;
use tried::TriedEntry;

/// The record of a decision, with everything that is reported of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The path that was requested, as the client sees it; `None` if it can't be read.
    pub path: Option<String>,
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
    /// The reason why the request or its answer was refused, as metrics name it.
    pub refused: Option<Reason>,
    /// The message of the refusal. It may say more than the client is told.
    pub reason: String,
    /// The queries of the request, if the configuration wants them.
    pub query: Option<Box<AskedQuery>>,
    /// The verdict of the rules on trial, if it differs.
    pub trial: Option<Box<Tried>>,
}

/// A record as the access log shows it.
#[derive(Serialize)]
struct LogEntry<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mount: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scheme: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<usize>,
    outcome: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trial: Option<TriedEntry<'a>>,
}

impl Default for Record {
    fn default() -> Self {
        Self {
            path: None,
            mount: None,
            class: None,
            caller: Caller::Anonymous,
            rule: None,
            outcome: Outcome::Allowed,
            refused: None,
            reason: String::new(),
            query: None,
            trial: None,
        }
    }
}

impl Record {
    /// Records that the request or its answer was refused.
    pub fn refused(&mut self, status: u16, reason: Reason, message: &dyn fmt::Display) {
        self.outcome = Outcome::of(status);
        self.refused = Some(reason);
        self.reason = message.to_string();
        if self.trial.as_ref().is_some_and(|tried| tried.outcome == Some(self.outcome)) {
            self.trial = None;
        }
    }

    /// Returns the record as a compact JSON object for the access log. What isn't known is left out.
    pub fn json(&self, mounts: &Mounts) -> String {
        let identity = self.caller.identity();
        let [query, sent] = self.query.as_ref().map_or([None; 2], |query| query.entries());
        let entry = LogEntry {
            path: self.path.as_deref().map(|path| cut(path, MAX_PATH)),
            mount: self.mount.map(|_| prefix(self.mount, mounts)),
            caller: identity.map(Identity::who),
            scheme: identity.map(|identity| identity.scheme().name()),
            class: self.class.map(Class::name),
            rule: self.rule.map(|rule| rule.position),
            outcome: self.outcome.name(),
            reason: Some(self.reason.as_str()).filter(|reason| !reason.is_empty()),
            query,
            sent,
            trial: self.trial.as_ref().map(|tried| tried.entry()),
        };
        serde_json::to_string(&entry).unwrap_or_default()
    }

    /// Returns the counts of this decision.
    pub fn counts(&self) -> impl Iterator<Item = Count> + use<> {
        let &Self { mount, class, outcome, .. } = self;
        let limit = self.refused.filter(|reason| reason.is_limit()).zip(self.rule);
        let limit = limit.map(|(limit, rule)| Count::Limit { rule, limit });
        let request = Count::Request { mount, class, outcome };
        let tried = self.trial.as_ref().map(|tried| Count::Trial {
            mount,
            class,
            enforced: outcome,
            trial: tried.outcome,
        });
        [Some(request), self.refusal(), limit, tried].into_iter().flatten()
    }

    /// Returns the count of the refusal, if the request or its answer was refused.
    pub fn refusal(&self) -> Option<Count> {
        self.refused.map(|reason| Count::Refusal { mount: self.mount, reason })
    }
}

/// The longest path in the access log, in bytes.
const MAX_PATH: usize = 1_024;

/// Returns the beginning of a text that has at most so many bytes, and ends with a whole character.
fn cut(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::scheme::Scheme;
    use crate::enforce::RuleList;
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use std::rc::Rc;

    fn known(name: &str) -> Caller {
        Caller::Known(Rc::new(Identity::new(Scheme::User, name, [])))
    }

    #[test]
    fn the_access_log_gets_what_is_known_in_one_object() {
        let mounts = Mounts::new(Vec::new());
        assert_eq!(Record::default().json(&mounts), r#"{"outcome":"allowed"}"#);
        let mut record = Record {
            path: Some("/prometheus/api/v1/query".to_owned()),
            mount: Some(MountId(0)),
            class: Some(Class::Query),
            caller: known("alice"),
            rule: Some(RuleNumber { list: RuleList::Access, position: 3 }),
            ..Record::default()
        };
        record.refused(429, Reason::Rate, &"more than 1 request");
        assert_eq!(
            record.json(&mounts),
            r#"{"path":"/prometheus/api/v1/query","mount":"none","caller":"user:alice","scheme":"user","class":"query","rule":3,"outcome":"throttled","reason":"more than 1 request"}"#
        );
    }

    proptest! {
        #[test]
        fn no_name_and_no_reason_ends_its_text(name in ".*", reason in ".+") {
            let mut record = Record { caller: known(&name), ..Record::default() };
            record.refused(400, Reason::Query, &reason);
            let written: Value = serde_json::from_str(&record.json(&Mounts::new(Vec::new()))).unwrap();
            let caller = format!("user:{name}");
            let expected = json!({ "caller": caller, "scheme": "user", "outcome": "invalid", "reason": reason });
            prop_assert_eq!(written, expected);
        }
    }
}
