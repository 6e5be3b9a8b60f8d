//! Rules and their limits, in the words of a configuration.

use crate::policy::course::Course;
use promward::access::{Considered, Rule, RuleVerdict};
use promward::caller::identity::Caller;
use promward::caller::who::Who;
use promward::gateway::Gateway;
use promward::report::Tried;
use promward::target::parameters::{Parameters, Part};
use serde_json::{Value, json};

/// Returns the callers whom a rule names.
pub(super) fn who(rule: &Rule) -> Vec<&str> {
    rule.who.listed().iter().map(Who::as_str).collect()
}

/// Returns the verdict of a rule in a decision: its name for programs, and a clause that says why.
pub(super) fn verdict(considered: &Considered<'_>) -> (&'static str, String) {
    match considered.verdict {
        RuleVerdict::Decides => ("decides", "it decides".to_owned()),
        RuleVerdict::NotReached => ("not_reached", "not looked at, since an earlier rule decides".to_owned()),
        RuleVerdict::OtherMount => ("other_mount", "it doesn't hold at this mount".to_owned()),
        RuleVerdict::OtherCaller => ("other_caller", "it doesn't name the caller".to_owned()),
        RuleVerdict::OtherClass => ("other_class", "\"may\" doesn't have the class".to_owned()),
        RuleVerdict::Closed(closed) => ("closed", closed.to_string()),
    }
}

/// Returns the limits of the rule that decides, each with what it allows.
pub(super) fn limits(course: &Course<'_>, gateway: &Gateway) -> Vec<(&'static str, String)> {
    let account = &course.account;
    let Some((_, rule)) = gateway.access.rules().find(|(number, _)| Some(*number) == account.rule) else {
        return Vec::new();
    };
    let mut limits = Vec::new();
    if let Some(rate) = rule.rate {
        limits.extend([("rate", rate.to_string()), ("burst", rate.burst.to_string())]);
    }
    if let Some(concurrent) = rule.concurrent {
        limits.push(("concurrent", concurrent.most.to_string()));
        limits.extend(concurrent.shown_wait().map(|wait| ("wait", wait)));
    }
    if !limits.is_empty() {
        let counted = match &account.caller {
            Some(Caller::Known(identity)) => identity.to_string(),
            _ => "the address".to_owned(),
        };
        limits.push(("counted_for", counted));
    }
    limits.extend(rule.guards.into_iter().flat_map(|guards| guards.allow()));
    limits
}

/// Returns the amounts that a request asks of the guards of its rule: as it goes upstream, or else as it came.
pub(super) fn amounts(course: &Course<'_>) -> Vec<(&'static str, String)> {
    let account = &course.account;
    let (Some(guarded), Some(endpoint), Some(mount)) = (&account.guarded, account.endpoint, account.mount)
    else {
        return Vec::new();
    };
    let message = course.upstream().unwrap_or(&course.sent);
    let target = message.text(":path");
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let halves = [query.as_bytes(), message.body.as_slice()].join(&b'&');
    let parameters = Parameters::parse(&halves, Part::Query).unwrap_or_default();
    guarded.amounts(endpoint, mount.api.dialect, mount.extensions, &parameters)
}

/// Returns the verdict of the rules on trial as fields of a JSON object, if it differs.
pub(super) fn trial(course: &Course<'_>) -> Option<Value> {
    let tried = course.record.trial.as_ref()?;
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Some(json!({
        "outcome": Tried::name(tried.outcome),
        "rule": tried.rule.map(|rule| rule.position),
        "reason": text(&tried.reason),
        "matchers": text(&tried.matchers),
    }))
}
