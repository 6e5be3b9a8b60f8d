//! Compares what became of a request with what a test expects.

use super::file::{Expectation, OneOrMany, Text, UpstreamExpectation};
use super::suite::{Body, Test};
use crate::explain::rules::prefix;
use crate::policy::Policy;
use crate::policy::answer::Given;
use crate::policy::course::{Course, End};
use crate::policy::message::Message;
use promward::target::parameters::{Parameters, Part};
use serde_json::Value;
use std::collections::BTreeMap;

/// A difference between what a test expects and what it got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// The room where the two part.
    pub(super) room: &'static str,
    /// The field of `expect` that doesn't hold.
    pub(super) field: String,
    /// The value that the test expects.
    pub(super) expected: String,
    /// The value that it got.
    pub(super) got: String,
}

/// The answer that the client gets.
struct Answered {
    status: Option<u16>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// The value for something that isn't there.
const NOTHING: &str = "nothing";

/// Returns the differences of a test, in the order of the rooms.
pub(super) fn differences(
    policy: &Policy,
    test: &Test,
    course: &Course<'_>,
    given: Option<&Given>,
) -> Vec<Difference> {
    let mut found = Vec::new();
    let expect = &test.case.expect;
    before_the_end(policy, expect, course, &mut found);
    let mut check = |room, field: &str, expected: Option<String>, got: String| {
        if let Some(expected) = expected.filter(|expected| *expected != got) {
            found.push(Difference { room, field: field.to_owned(), expected, got });
        }
    };
    let last = course.account.last.name();
    let answered = answered(course, given);
    let is_allowed = course.is_allowed() && !matches!(given, Some(Given::Refused(..) | Given::BrokenOff(_)));
    check(last, "allowed", expect.allowed.map(|allowed| allowed.to_string()), is_allowed.to_string());
    check(last, "outcome", expect.outcome.clone(), course.record.outcome.name().to_owned());
    check(last, "room", expect.room.clone(), last.to_owned());
    if let Some(statuses) = &expect.status {
        let is_one = answered.status.is_some_and(|status| statuses.all().contains(&status));
        let expected = statuses.all().iter().map(u16::to_string).collect::<Vec<_>>().join(" or ");
        let got = answered
            .status
            .map_or_else(|| "the request goes upstream".to_owned(), |status| status.to_string());
        check(last, "status", Some(expected).filter(|_| !is_one), got);
    }
    if let Some(reason) = &expect.reason {
        let got = &course.record.reason;
        check(last, "reason", Some(format!("…{reason}…")).filter(|_| !got.contains(reason)), got.clone());
    }
    if let Some(upstream) = &expect.upstream {
        match course.upstream() {
            Some(message) => found.extend(upstream_differences(upstream, message)),
            None => check(last, "upstream", Some("a request".to_owned()), NOTHING.to_owned()),
        }
    }
    found.extend(answer_differences(test, &answered));
    found
}

/// Compares the findings of the rooms before the one where the way ends.
fn before_the_end(policy: &Policy, expect: &Expectation, course: &Course<'_>, found: &mut Vec<Difference>) {
    let account = &course.account;
    let mount =
        account.mount.and_then(|id| policy.gateway().mounts.get(id)).map(|mount| prefix(mount).to_owned());
    let endpoint = account.endpoint.map(|endpoint| endpoint.path.to_owned());
    let class = account.class.map(|class| class.name().to_owned());
    let caller = account.caller.as_ref();
    let caller =
        caller.map(|caller| caller.identity().map_or_else(|| "anonymous".to_owned(), ToString::to_string));
    let rule = account.rule.map(|rule| rule.position.to_string());
    for (room, field, expected, got) in [
        ("mount", "mount", expect.mount.clone(), mount),
        ("endpoint", "endpoint", expect.endpoint.clone(), endpoint),
        ("endpoint", "class", expect.class.clone(), class),
        ("caller", "caller", expect.caller.clone(), caller),
        ("access", "rule", expect.rule.map(|rule| rule.to_string()), rule),
    ] {
        let got = got.unwrap_or_else(|| NOTHING.to_owned());
        if let Some(expected) = expected.filter(|expected| *expected != got) {
            found.push(Difference { room, field: field.to_owned(), expected, got });
        }
    }
}

fn upstream_differences(expect: &UpstreamExpectation, message: &Message) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut check = |field: String, expected: Option<String>, got: String| {
        if let Some(expected) = expected.filter(|expected| *expected != got) {
            found.push(Difference { room: "forward", field: format!("upstream.{field}"), expected, got });
        }
    };
    let target = message.text(":path");
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    check("method".to_owned(), expect.method.clone(), message.text(":method"));
    check("path".to_owned(), expect.path.clone(), path.to_owned());
    let halves = [query.as_bytes(), &message.body]
        .map(|half| Parameters::parse(half, Part::Query).unwrap_or_default());
    let values = |name: &str| {
        let values: Vec<_> = halves.iter().flat_map(|half| half.values(name)).collect();
        if values.is_empty() { NOTHING.to_owned() } else { values.join(", ") }
    };
    check("query".to_owned(), expect.query.as_ref().map(ToString::to_string), values("query"));
    for (name, expected) in &expect.parameters {
        let joined = |expected: &OneOrMany<Text>| {
            expected.all().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        };
        let expected = expected.as_ref().map_or_else(|| NOTHING.to_owned(), joined);
        check(format!("parameters.{name}"), Some(expected), values(name));
    }
    let body = String::from_utf8_lossy(&message.body).into_owned();
    check("body".to_owned(), expect.body.clone(), body);
    let header = |name: &str| message.header(name).map(|value| String::from_utf8_lossy(value).into_owned());
    found.extend(header_differences("forward", "upstream.headers", &expect.headers, &header));
    found
}

fn header_differences(
    room: &'static str,
    field: &str,
    expect: &BTreeMap<String, Option<Text>>,
    header: &dyn Fn(&str) -> Option<String>,
) -> Vec<Difference> {
    let difference = |(name, expected): (&String, &Option<Text>)| {
        let expected = expected.as_ref().map_or_else(|| NOTHING.to_owned(), ToString::to_string);
        let got = header(name).unwrap_or_else(|| NOTHING.to_owned());
        let field = format!("{field}.{name}");
        (expected != got).then_some(Difference { room, field, expected, got })
    };
    expect.iter().filter_map(difference).collect()
}

/// Returns the answer that the client gets, as far as it is known.
fn answered(course: &Course<'_>, given: Option<&Given>) -> Answered {
    let texts = |headers: &[(&'static str, String)]| {
        headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    };
    match (given, &course.end) {
        (Some(Given::Answer(answer)), _) => Answered {
            status: answer.text(":status").parse().ok(),
            headers: answer.shown().map(|(name, value)| (name.to_owned(), value)).collect(),
            body: answer.body.clone(),
        },
        (Some(Given::Refused(reply, _)), _) | (None, End::Reply(reply)) => Answered {
            status: Some(reply.status),
            headers: texts(&reply.headers),
            body: reply.body.clone().into_bytes(),
        },
        _ => Answered { status: None, headers: Vec::new(), body: Vec::new() },
    }
}

fn answer_differences(test: &Test, answered: &Answered) -> Vec<Difference> {
    let header = |name: &str| {
        let is_it = |(known, _): &&(String, String)| known.eq_ignore_ascii_case(name);
        answered.headers.iter().find(is_it).map(|(_, value)| value.clone())
    };
    let mut found = header_differences("answer", "headers", &test.case.expect.headers, &header);
    let got = String::from_utf8_lossy(&answered.body).into_owned();
    let expected = match &test.body {
        Some(Body::Json(json)) => {
            let is_same = serde_json::from_str::<Value>(&got).is_ok_and(|got| got == *json);
            (!is_same).then(|| json.to_string())
        }
        Some(Body::Text(text)) => (*text != got).then(|| text.clone()),
        Some(Body::Containing(text)) => (!got.contains(text)).then(|| format!("…{text}…")),
        None => None,
    };
    if let Some(expected) = expected {
        found.push(Difference { room: "answer", field: "body".to_owned(), expected, got });
    }
    found
}
