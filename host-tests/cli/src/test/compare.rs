//! Compares what became of a request with what a test expects.

use super::file::{Expectation, OneOrMany, Text, UpstreamExpectation};
use super::suite::{Body, Test};
use crate::policy::answer::Given;
use crate::policy::course::{Course, End};
use crate::policy::message::Message;
use promward::api::class::Class;
use promward::caller::identity::Caller;
use promward::gateway::account::Account;
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

/// The differences of a test so far.
#[derive(Default)]
struct Findings(Vec<Difference>);

impl Findings {
    /// Adds a difference, unless the test got what it expects or expects nothing.
    fn compare(
        &mut self,
        room: &'static str,
        field: impl Into<String>,
        expected: Option<String>,
        got: impl Into<String>,
    ) {
        let got = got.into();
        if let Some(expected) = expected.filter(|expected| *expected != got) {
            self.0.push(Difference { room, field: field.into(), expected, got });
        }
    }

    /// Compares the headers that a test names.
    fn compare_headers(
        &mut self,
        room: &'static str,
        field: &str,
        expect: &BTreeMap<String, Option<Text>>,
        header: impl Fn(&str) -> Option<String>,
    ) {
        for (name, expected) in expect {
            let expected = expected.as_ref().map_or_else(|| NOTHING.to_owned(), ToString::to_string);
            let got = header(name).unwrap_or_else(|| NOTHING.to_owned());
            self.compare(room, format!("{field}.{name}"), Some(expected), got);
        }
    }

    /// Compares the findings of the rooms before the one where the way ends.
    fn compare_way(&mut self, expect: &Expectation, account: &Account<'_>) {
        let mount = account.mount.map(|mount| mount.prefix.written());
        let endpoint = account.endpoint.map(|endpoint| endpoint.path);
        let class = account.class.map(Class::name);
        let caller = account.caller.as_ref().map(Caller::who);
        let rule = account.rule.map(|rule| rule.position.to_string());
        self.compare("mount", "mount", expect.mount.clone(), mount.unwrap_or(NOTHING));
        self.compare("endpoint", "endpoint", expect.endpoint.clone(), endpoint.unwrap_or(NOTHING));
        self.compare("endpoint", "class", expect.class.clone(), class.unwrap_or(NOTHING));
        self.compare("caller", "caller", expect.caller.clone(), caller.unwrap_or(NOTHING));
        let expected = expect.rule.map(|rule| rule.to_string());
        self.compare("access", "rule", expected, rule.as_deref().unwrap_or(NOTHING));
    }

    fn compare_upstream(&mut self, expect: &UpstreamExpectation, message: &Message) {
        const ROOM: &str = "forward";
        let target = message.text(":path");
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        self.compare(ROOM, "upstream.method", expect.method.clone(), message.text(":method"));
        self.compare(ROOM, "upstream.path", expect.path.clone(), path);
        let halves = [query.as_bytes(), &message.body]
            .map(|half| Parameters::parse(half, Part::Query).unwrap_or_default());
        let values = |name: &str| {
            let values: Vec<_> = halves.iter().flat_map(|half| half.values(name)).collect();
            if values.is_empty() { NOTHING.to_owned() } else { values.join(", ") }
        };
        let query = expect.query.as_ref().map(ToString::to_string);
        self.compare(ROOM, "upstream.query", query, values("query"));
        for (name, expected) in &expect.parameters {
            let joined = |expected: &OneOrMany<Text>| {
                expected.all().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
            };
            let expected = expected.as_ref().map_or_else(|| NOTHING.to_owned(), joined);
            self.compare(ROOM, format!("upstream.parameters.{name}"), Some(expected), values(name));
        }
        self.compare(ROOM, "upstream.body", expect.body.clone(), String::from_utf8_lossy(&message.body));
        let header =
            |name: &str| message.header(name).map(|value| String::from_utf8_lossy(value).into_owned());
        self.compare_headers(ROOM, "upstream.headers", &expect.headers, header);
    }

    fn compare_answer(&mut self, test: &Test, answered: &Answered) {
        const ROOM: &str = "answer";
        let header = |name: &str| {
            let is_it = |(known, _): &&(String, String)| known.eq_ignore_ascii_case(name);
            answered.headers.iter().find(is_it).map(|(_, value)| value.clone())
        };
        self.compare_headers(ROOM, "headers", &test.case.expect.headers, header);
        let got = String::from_utf8_lossy(&answered.body);
        let expected = match &test.body {
            Some(Body::Json(json)) => {
                let is_same = serde_json::from_str::<Value>(&got).is_ok_and(|got| got == *json);
                (!is_same).then(|| json.to_string())
            }
            Some(Body::Text(text)) => Some(text.clone()),
            Some(Body::Containing(text)) => (!got.contains(text)).then(|| format!("…{text}…")),
            None => None,
        };
        self.compare(ROOM, "body", expected, got);
    }
}

/// Returns the differences of a test, in the order of the rooms.
pub(super) fn differences(test: &Test, course: &Course<'_>, given: Option<&Given>) -> Vec<Difference> {
    let mut findings = Findings::default();
    let expect = &test.case.expect;
    findings.compare_way(expect, &course.account);
    let last = course.account.last.name();
    let answered = answered(course, given);
    let is_allowed = course.is_allowed() && !matches!(given, Some(Given::Refused(..) | Given::BrokenOff(_)));
    let expected = expect.allowed.map(|allowed| allowed.to_string());
    findings.compare(last, "allowed", expected, is_allowed.to_string());
    findings.compare(last, "outcome", expect.outcome.clone(), course.record.outcome.name());
    findings.compare(last, "room", expect.room.clone(), last);
    if let Some(statuses) = &expect.status {
        let is_one = answered.status.is_some_and(|status| statuses.all().contains(&status));
        let expected = statuses.all().iter().map(u16::to_string).collect::<Vec<_>>().join(" or ");
        let got = answered
            .status
            .map_or_else(|| "the request goes upstream".to_owned(), |status| status.to_string());
        findings.compare(last, "status", Some(expected).filter(|_| !is_one), got);
    }
    if let Some(reason) = &expect.reason {
        let got = &course.record.reason;
        findings.compare(last, "reason", Some(format!("…{reason}…")).filter(|_| !got.contains(reason)), got);
    }
    if let Some(upstream) = &expect.upstream {
        match course.upstream() {
            Some(message) => findings.compare_upstream(upstream, message),
            None => findings.compare(last, "upstream", Some("a request".to_owned()), NOTHING),
        }
    }
    findings.compare_answer(test, &answered);
    findings.0
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
