//! An explanation for programs: one JSON object. `filter/docs/policies.md` describes its fields.

use super::rules::{amounts, limits, trial, verdict, who};
use crate::explain::matrix::words;
use crate::policy::Policy;
use crate::policy::answer::Given;
use crate::policy::asked::Asked;
use crate::policy::course::{Course, End};
use crate::policy::message::Message;
use crate::policy::selectors;
use promward::access::Considered;
use promward::caller::who::Who;
use promward::report::Reason;
use promward::response::reply::Reply;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Returns the explanation of a request. `given` is what the client gets of the server's answer, if there is one.
#[must_use]
pub fn json(policy: &Policy, asked: &Asked, course: &Course<'_>, given: Option<&Given>) -> Value {
    let (account, gateway) = (&course.account, policy.gateway());
    let mount = account.mount;
    let caller = account.caller.as_ref().map(|caller| {
        json!({
            "name": caller.who(),
            "is": caller.is().iter().map(Who::as_str).collect::<Vec<_>>(),
            "asked": account.asks,
        })
    });
    let rewritten: Vec<_> = selectors::of(course)
        .into_iter()
        .map(|value| {
            let selectors = value.selectors.iter();
            json!({
                "parameter": value.parameter, "before": value.before, "after": value.after,
                "selectors": selectors.map(|(before, after)| json!({ "before": before, "after": after }))
                    .collect::<Vec<_>>(),
            })
        })
        .collect();
    let mut explained = json!({
        "allowed": course.is_allowed(),
        "outcome": course.record.outcome.name(),
        "room": account.last.name(),
        "as": asked.caller.to_string(),
        "request": message(&course.sent),
        "path": account.target.as_ref().map(|target| target.path.as_str()),
        "mount": mount.map(|mount| mount.prefix.written()),
        "api": mount.map(|mount| mount.api.name),
        "path_below_mount": mount.map(|_| account.path.as_str()),
        "endpoint": account.endpoint.map(|endpoint| endpoint.path),
        "class": account.class.map(|class| class.name()),
        "caller": caller,
        "rule": account.rule.map(|number| number.position),
        "rules": account.rules.iter().map(considered).collect::<Vec<_>>(),
        "limits": limits(course, gateway).into_iter().collect::<BTreeMap<_, _>>(),
        "asked_of_limits": amounts(course).into_iter().collect::<BTreeMap<_, _>>(),
        "restriction": account.restriction.as_ref().map(|restriction| restriction.matchers()),
        "tenants": account.tenants,
        "selectors": rewritten,
        "trial": trial(course),
        "refused": course.record.refused.map(Reason::name),
        "reason": Some(&course.record.reason).filter(|reason| !reason.is_empty()),
    });
    let end = match &course.end {
        End::Upstream(upstream) => {
            let (sent, context) = &**upstream;
            let filtered = context.filtered.as_ref().map(|filtered| filtered.listing.field());
            explained["filtered"] = json!(filtered);
            ("upstream", message(sent))
        }
        End::Passed(sent) => ("passed", message(sent)),
        End::Reply(sent) => ("reply", reply(sent)),
    };
    explained[end.0] = end.1;
    match given {
        Some(Given::Answer(answer)) => explained["answer"] = message(answer),
        Some(Given::Refused(refusal, reason)) => {
            explained["answer"] = reply(refusal);
            explained["answer"]["reason"] = json!(reason);
        }
        Some(Given::BrokenOff(reason)) => explained["answer"] = json!({ "broken_off": reason }),
        None => {}
    }
    if let Some(fields) = explained.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    explained
}

fn considered(considered: &Considered<'_>) -> Value {
    let Considered { number, rule, .. } = considered;
    let (name, why) = verdict(considered);
    json!({ "rule": number.position, "who": who(rule), "may": words(rule.may), "verdict": name, "why": why })
}

/// Returns a request or an answer, with the pseudo headers as fields of their own.
fn message(message: &Message) -> Value {
    let mut fields = Map::new();
    for (name, field) in
        [(":method", "method"), (":path", "target"), (":authority", "host"), (":status", "status")]
    {
        if message.header(name).is_some() {
            let text = message.text(name);
            let number = text.parse::<u16>().ok().filter(|_| field == "status");
            fields.insert(field.to_owned(), number.map_or_else(|| json!(text), |number| json!(number)));
        }
    }
    fields.insert("headers".to_owned(), message.shown().map(|(name, value)| json!([name, value])).collect());
    fields.insert("body".to_owned(), json!(String::from_utf8_lossy(&message.body)));
    Value::Object(fields)
}

fn reply(reply: &Reply) -> Value {
    let headers: Vec<_> = reply.headers.iter().map(|(name, value)| json!([name, value])).collect();
    json!({ "status": reply.status, "headers": headers, "body": reply.body })
}
