//! Requests at once: how many of a caller are forwarded, which of them wait, and what the others are told.

use crate::desk::Desk;
use promward::caller::logins::StreamId;
use promward::caller::source::Source;
use promward::decision::{Decision, Facts};
use promward::report::{Outcome, Record};
use promward::response::answer::is_lasting;
use promward::target::body::Body;
use promward::target::headers::Headers;
use promward::time::instant::Instant;

const START: u64 = 1_700_000_000_000_000_000;

/// Returns the time so many milliseconds after the start.
fn later(milliseconds: u64) -> Instant {
    Instant(START.saturating_add(milliseconds.saturating_mul(1_000_000)))
}

/// Returns a configuration in which the callers `a` and `b`, and strangers, have these limits.
fn configuration(limits: &str) -> String {
    format!(
        r#"{{
            "mounts": [{{ "prefix": "/" }}],
            "callers": {{ "tokens": {{
                "a": "sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
                "b": "sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d"
            }} }},
            "access": [{{ "who": ["authenticated", "anonymous"], "may": ["query", "write"], "limits": {{ {limits} }} }}]
        }}"#
    )
}

fn ask(desk: &mut Desk, stream: u32, token: &str, target: &str, milliseconds: u64) -> (Decision, Record) {
    let method = if target.contains("write") { "POST" } else { "GET" };
    let mut headers = vec![(":method", method), (":path", target), (":authority", "example.com")];
    let bearer = format!("Bearer {token}");
    if !token.is_empty() {
        headers.push(("authorization", &bearer));
    }
    let now = Some(later(milliseconds));
    let facts = Facts { source: Source::parse(b"192.0.2.1"), now, ..Facts::default() };
    desk.decide(&Headers::from_iter(headers), Body::None, &facts, stream)
}

const QUERY: &str = "/api/v1/query?query=up";

fn end(desk: &mut Desk, stream: u32) {
    desk.state.end(StreamId(stream), &*desk.shared);
}

fn tend(desk: &mut Desk, milliseconds: u64) -> Vec<u32> {
    let now = later(milliseconds);
    desk.state.lines.as_mut().unwrap().tend(&*desk.shared, now)
}

#[test]
fn one_too_many_waits_until_another_has_ended_and_is_counted_once() {
    let desk = &mut Desk::new(&configuration(r#""concurrent": 2, "wait": "2s", "rate": "3/h""#));
    for stream in [1, 2] {
        assert!(matches!(ask(desk, stream, "a", QUERY, 0).0, Decision::Forward(_)));
    }
    assert_eq!(ask(desk, 3, "a", QUERY, 0).0, Decision::Wait);
    assert!(desk.state.is_waiting());
    assert!(
        matches!(ask(desk, 4, "b", QUERY, 0).0, Decision::Forward(_)),
        "another caller has places of its own"
    );
    assert_eq!(tend(desk, 10), [] as [u32; 0]);
    end(desk, 1);
    assert_eq!(tend(desk, 20), [3]);
    let logins = desk.state.take_counts().len();
    assert!(matches!(ask(desk, 3, "a", QUERY, 20).0, Decision::Forward(_)));
    assert_eq!((logins, desk.state.take_counts().len()), (4, 0), "a login is counted once");
    let (refused, record) = ask(desk, 5, "a", QUERY, 20);
    assert!(matches!(refused, Decision::Reply(_)) && record.reason.contains("3/h"), "and a request once");
}

#[test]
fn who_is_refused_is_told_why_and_when_to_come_again() {
    let none = "access[0].limits.concurrent allows 1 requests at once: try again in 1 s";
    let late = "access[0].limits.concurrent allows 1 requests at once, and there was room for no other one within 1s500ms: \
                try again in 1 s";
    for (wait, message) in [("", none), (r#", "wait": "1500ms""#, late)] {
        for (target, status) in [(QUERY, 429), ("/api/v1/write", 503)] {
            for token in ["a", ""] {
                let desk = &mut Desk::new(&configuration(&format!(r#""concurrent": 1{wait}"#)));
                assert!(matches!(ask(desk, 1, token, QUERY, 0).0, Decision::Forward(_)));
                let (mut decision, mut record) = ask(desk, 2, token, target, 0);
                if !wait.is_empty() {
                    assert_eq!((decision, tend(desk, 1_500)), (Decision::Wait, vec![2]));
                    (decision, record) = ask(desk, 2, token, target, 1_500);
                }
                let Decision::Reply(reply) = decision else { panic!("{target} goes upstream") };
                assert_eq!(reply.status, status, "{target}");
                assert!(reply.headers.iter().any(|header| *header == ("retry-after", "1".to_owned())));
                assert_eq!((record.outcome, record.reason.as_str()), (Outcome::Throttled, message));
                let counted: Vec<_> =
                    record.counts().map(|count| count.metric(&desk.gateway.mounts)).collect();
                let limited = "promward.limited_total.rule=0;.limit=concurrent;".to_owned();
                assert!(counted.contains(&limited), "{counted:?}");
            }
        }
    }
}

#[test]
fn a_request_that_is_refused_for_something_else_stands_in_no_line_and_takes_no_place() {
    let desk = &mut Desk::new(&configuration(r#""concurrent": 1, "wait": "2s", "operators": 1"#));
    let refused = "/api/v1/query?query=1%2B1%2B1";
    assert!(matches!(ask(desk, 1, "a", refused, 0).0, Decision::Reply(_)));
    assert!(matches!(ask(desk, 2, "a", QUERY, 0).0, Decision::Forward(_)));
    assert!(matches!(ask(desk, 3, "a", refused, 0).0, Decision::Reply(_)));
}

#[test]
fn rules_on_trial_count_nothing_and_say_nothing_of_a_number_at_once() {
    let access = r#"{ "who": ["authenticated", "anonymous"], "may": ["query", "write"], "limits": { "concurrent": 1 } }"#;
    let trial = format!(r#""access": [{access}], "trial": [{access}]"#);
    let given = configuration(r#""concurrent": 1"#);
    let (before, _) = given.split_once(r#""access""#).unwrap();
    let desk = &mut Desk::new(&format!("{before}{trial} }}"));
    let (first, record) = ask(desk, 1, "a", QUERY, 0);
    assert!(matches!(first, Decision::Forward(_)) && record.trial.is_none());
    let (second, record) = ask(desk, 2, "a", QUERY, 0);
    assert!(matches!(second, Decision::Reply(_)) && record.trial.is_none());
}

#[test]
fn the_server_says_which_answer_lasts() {
    let is = |headers: &[(&str, &str)]| is_lasting(&headers.iter().copied().collect());
    assert!(is(&[(":status", "200"), ("content-type", "text/event-stream; charset=utf-8")]));
    assert!(is(&[(":status", "101"), ("upgrade", "websocket")]));
    assert!(!is(&[(":status", "200"), ("content-type", "application/json")]));
    assert!(!is(&[(":status", "200"), ("accept", "text/event-stream")]));
}
