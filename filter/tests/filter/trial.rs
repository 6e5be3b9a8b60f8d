//! Rules on trial: what they say of requests, and that they change nothing.

use crate::desk::Desk;
use promward::caller::source::Source;
use promward::config;
use promward::decision::{Decision, Facts};
use promward::report::Record;
use promward::target::body::Body;
use promward::target::headers::Headers;
use promward::time::instant::Instant;
use serde_json::{Value, json};

/// Midnight on 31 January 2026, in nanoseconds since 1970.
const NOW: Instant = Instant(1_769_817_600_000_000_000);

const FORM: &str = "application/x-www-form-urlencoded";

/// Returns a configuration with these rules. The tokens are those of `a`, `b` and `c`.
fn configuration(access: &Value, trial: Option<&Value>) -> String {
    let mut configuration = json!({
        "mounts": [{ "prefix": "/p" }, { "prefix": "/o", "api": "opaque", "encoded_slash": "pass" }],
        "callers": { "tokens": {
            "a": "sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
            "b": "sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d",
            "c": "sha256:2e7d2c03a9507ae265ecf5b5356885a53393a2029d241394997265a1a25aefc6",
        } },
        "access": access,
    });
    if let Some(trial) = trial {
        configuration["trial"] = trial.clone();
    }
    configuration.to_string()
}

fn headers(method: &str, path: &str, token: &str, form: bool) -> Headers {
    let authorization = format!("Bearer {token}");
    let mut pairs = vec![(":method", method), (":path", path), (":authority", "example.com")];
    pairs.extend((!token.is_empty()).then_some(("authorization", authorization.as_str())));
    pairs.extend(form.then_some(("content-type", FORM)));
    Headers::from_iter(pairs)
}

/// Decides a request as the shell does, with its form, and returns what the client or the server gets.
fn ask(desk: &mut Desk, method: &str, path: &str, token: &str, form: Option<&str>) -> (String, Record) {
    let body = if form.is_some() { Body::Follows } else { Body::None };
    let headers = headers(method, path, token, form.is_some());
    let facts = Facts { source: Source::parse(b"127.0.0.1:1"), now: Some(NOW), ..Facts::default() };
    let (decision, mut record) = desk.decide(&headers, body, &facts, 1);
    let visible = match decision {
        Decision::Forward(mut forward) => {
            let trial = forward.trial.take();
            let completed = forward.body.as_ref().map(|awaited| {
                let form = form.unwrap().as_bytes();
                let completed = desk.complete(awaited, trial.as_deref(), form, &facts, &mut record);
                if let Err(refusal) = &completed {
                    record.refused(refusal.status(), refusal.reason(), refusal);
                }
                completed
            });
            format!("{forward:?} {completed:?}")
        }
        other => format!("{other:?}"),
    };
    (visible, record)
}

/// Returns the verdict of a trial in the record of a request, or `null`.
fn tried(access: &Value, trial: &Value, path: &str, token: &str, form: Option<&str>) -> Value {
    let desk = &mut Desk::new(&configuration(access, Some(trial)));
    let method = if form.is_some() { "POST" } else { "GET" };
    let record = ask(desk, method, path, token, form).1;
    let said: Value = serde_json::from_str(&record.json(&desk.gateway.mounts)).unwrap();
    let is_counted =
        record.counts().any(|count| count.metric(&desk.gateway.mounts).contains("trial_requests_total"));
    assert_eq!(is_counted, !said["trial"].is_null(), "{said}");
    said["trial"].clone()
}

fn rules(rules: &[Value]) -> Value {
    let health = json!({ "who": ["anyone"], "may": ["health"] });
    [&[health], rules].concat().into()
}

fn only(token: &str, tenant: &str) -> Value {
    json!({ "who": [format!("token:{token}")], "may": ["read", "ui"], "only": { "tenant": [tenant] } })
}

const QUERY: &str = "/p/api/v1/query?query=up";

#[test]
fn the_same_rules_say_nothing() {
    let limited = json!({ "who": ["token:b"], "may": ["query"], "limits": { "range": "1h", "rate": "1/h" } });
    let access = rules(&[only("a", "x"), limited]);
    for (path, token) in [
        (QUERY, "a"),
        (QUERY, "b"),
        (QUERY, "c"),
        (QUERY, "wrong"),
        (QUERY, ""),
        ("/p/-/healthy", "a"),
        ("/p/-/healthy", "wrong"),
        ("/p/api/v1/rules", "a"),
        ("/p/api/v1/query?query=up(", "a"),
        ("/nowhere", "a"),
        ("/p/api/v1/status/config", "a"),
    ] {
        assert_eq!(tried(&access, &access, path, token, None), Value::Null, "{path} {token}");
    }
    assert_eq!(tried(&access, &access, "/p/api/v1/query", "a", Some("query=up")), Value::Null);
}

#[test]
fn what_differs_is_in_the_record() {
    let access = rules(&[only("a", "x"), json!({ "who": ["token:b"], "may": ["query", "rules", "ui"] })]);
    let trial = rules(&[
        only("b", "y"),
        json!({ "who": ["token:a"], "may": ["query"], "limits": { "range": "1h", "operators": 1 } }),
        json!({ "who": ["token:c"], "may": ["query"] }),
        json!({ "who": ["anyone"], "may": ["info"] }),
    ]);
    for (path, token, expected) in [
        (QUERY, "b", json!({ "outcome": "allowed", "rule": 1, "matchers": r#"tenant="y""# })),
        ("/p/api/v1/rules", "b", json!({ "outcome": "allowed", "rule": 1, "matchers": r#"tenant="y""# })),
        // The same page, whoever sees it.
        ("/p/graph", "b", Value::Null),
        (QUERY, "a", json!({ "outcome": "allowed", "rule": 2 })),
        (
            "/p/api/v1/query?query=1%2B1%2B1",
            "a",
            json!({
                "outcome": "invalid", "rule": 2,
                "reason": "the parameter \"query\": the query has more than 1 operators (limits.operators) at position 3 of the query",
            }),
        ),
        (
            "/p/api/v1/rules",
            "a",
            json!({ "outcome": "forbidden", "reason": "no access rule allows the class \"rules\" to token:a here" }),
        ),
        (QUERY, "c", json!({ "outcome": "allowed", "rule": 3 })),
        ("/p/api/v1/status/buildinfo", "", json!({ "outcome": "allowed", "rule": 4 })),
        // A rule on trial asks who is calling, so that wrong credentials are refused there too.
        ("/p/api/v1/status/buildinfo", "wrong", Value::Null),
    ] {
        assert_eq!(tried(&access, &trial, path, token, None), expected, "{path} {token}");
    }
}

#[test]
fn nobody_is_asked_for_a_trial() {
    let access = json!([{ "who": ["anyone"], "may": ["query"] }]);
    let trial = json!([{ "who": ["token:a"], "may": ["query"] }]);
    for token in ["a", "b", "wrong"] {
        assert_eq!(tried(&access, &trial, QUERY, token, None), json!({ "outcome": "asked" }), "{token}");
    }
    let refused = tried(&access, &trial, QUERY, "", None);
    assert_eq!(refused["outcome"], "unauthorized", "{refused}");
    let by_rule = "no access rule allows the class \"query\" to anonymous callers here: log in";
    assert_eq!(refused["reason"], by_rule);
}

#[test]
fn a_message_of_a_trial_names_the_rule_in_its_list() {
    let access = json!([{ "who": ["token:a"], "may": ["read"] }]);
    let trial = json!([
        { "who": ["token:a"], "may": ["query"], "only": { "tenant": ["a"] } },
        { "who": ["authenticated"], "may": ["read"], "limits": { "range": "1h" }, "unrestricted": true },
    ]);
    let range = tried(&access, &trial, "/p/api/v1/labels?start=0&end=9999", "a", None);
    let reason = "the time from start to end is 2h46m39s, and trial[1].limits.range allows 1h";
    assert_eq!(range, json!({ "outcome": "invalid", "rule": 1, "reason": reason }));
    let mistaken =
        json!([{ "who": ["token:a"], "may": ["query"] }, { "who": ["token:a"], "may": ["query"] }]);
    let error = config::load(configuration(&access, Some(&mistaken)).as_bytes()).unwrap_err().to_string();
    assert!(error.starts_with("trial[1].who[0]: this can never decide anything"), "{error}");
}

#[test]
fn forms_are_tried_when_they_have_come() {
    let access = rules(&[only("a", "x"), json!({ "who": ["token:b"], "may": ["read"] })]);
    let trial = rules(&[
        only("a", "y"),
        json!({ "who": ["token:b"], "may": ["read"], "limits": { "operators": 1 } }),
    ]);
    let other = json!({ "outcome": "allowed", "rule": 1, "matchers": r#"tenant="y""# });
    for (token, form, expected) in [
        ("a", "query=up", other.clone()),
        // Nothing is selected.
        ("a", "query=1", Value::Null),
        ("a", "query=up(", Value::Null),
        ("a", "query=up&query=down", Value::Null),
        ("b", "query=up", Value::Null),
        (
            "b",
            "query=1%2B1%2B1",
            json!({
                "outcome": "invalid", "rule": 2,
                "reason": "the parameter \"query\": the query has more than 1 operators (limits.operators) at position 3 of the query",
            }),
        ),
    ] {
        assert_eq!(tried(&access, &trial, "/p/api/v1/query", token, Some(form)), expected, "{token} {form}");
    }
}

#[test]
fn a_rate_is_not_tried() {
    let limits = json!({ "rate": "1/h", "burst": 1 });
    let limited = json!([{ "who": ["token:a"], "may": ["query"], "limits": limits }]);
    let free = json!([{ "who": ["token:a"], "may": ["query"] }]);
    let verdicts = |access: &Value, trial: &Value| {
        let desk = &mut Desk::new(&configuration(access, Some(trial)));
        [(); 3].map(|()| {
            let record = ask(desk, "GET", QUERY, "a", None).1;
            (record.outcome.name(), record.trial.map(|tried| tried.outcome.unwrap().name()))
        })
    };
    assert_eq!(verdicts(&free, &limited), [("allowed", None); 3]);
    assert_eq!(
        verdicts(&limited, &free),
        [("allowed", None), ("throttled", Some("allowed")), ("throttled", Some("allowed"))]
    );
    let other = json!([{ "who": ["token:a"], "may": ["query"], "limits": { "rate": "9/s" } }]);
    assert_eq!(verdicts(&limited, &other), [("allowed", None), ("throttled", None), ("throttled", None)]);
}

/// A host without a clock refuses what enforced rules need it for, and nothing else.
#[test]
fn a_clock_that_only_a_trial_needs_may_fail() {
    let access = json!([{ "who": ["anyone"], "may": ["query"] }]);
    let trial = json!([{ "who": ["anyone"], "may": ["query"], "limits": { "range": "1h" } }]);
    let desk = &mut Desk::new(&configuration(&access, Some(&trial)));
    let (decision, record) = desk.decide(&headers("GET", QUERY, "", false), Body::None, &Facts::default(), 1);
    assert!(matches!(decision, Decision::Forward(_)), "{decision:?}");
    assert_eq!(record.trial, None);
}

/// Each list is tried beside each other one, with requests of all kinds, and changes neither what goes upstream, nor an
/// answer, nor a count.
#[test]
fn a_trial_changes_nothing() {
    let limits = json!({ "rate": "3/h", "burst": 3, "range": "1h", "operators": 3 });
    let lists = [
        json!([{ "who": ["anyone"], "may": ["everything"] }]),
        rules(&[only("a", "x"), only("b", "y")]),
        rules(&[
            json!({ "who": ["token:a"], "may": ["read"], "only": { "tenant": ["z"] }, "limits": limits }),
            json!({ "who": ["authenticated"], "may": ["read"], "limits": limits, "unrestricted": true }),
            json!({ "who": ["anyone"], "may": ["unknown"], "at": ["/o"], "paths": ["/a/*"] }),
        ]),
        json!([{ "who": ["token:c"], "may": ["read"], "limits": { "rate": "1/h" } }]),
    ];
    let requests = [
        ("GET", QUERY, None),
        ("GET", "/p/api/v1/query?query=up%2Bup%2Bup%2Bup%2Bup", None),
        ("GET", "/p/api/v1/query?query=up(", None),
        ("GET", "/p/api/v1/series?match[]=up&match[]={a=\"b\"}&start=0&end=99999", None),
        ("GET", "/p/api/v1/rules", None),
        ("GET", "/p/api/v1/targets?state=x", None),
        ("GET", "/p/graph", None),
        ("GET", "/p/-/healthy", None),
        ("GET", "/p", None),
        ("GET", "/p/%zz", None),
        ("OPTIONS", "/p/api/v1/query", None),
        ("DELETE", "/p/api/v1/query", None),
        ("GET", "/elsewhere", None),
        ("GET", "/o/a%2Fb", None),
        ("GET", "/o/a/b", None),
        ("POST", "/p/api/v1/query", Some("query=up&time=1")),
        ("POST", "/p/api/v1/query?query=up", Some("query=down")),
        ("POST", "/p/api/v1/query_range", Some("query=up&start=0&end=99999&step=1")),
        ("POST", "/p/api/v1/admin/tsdb/delete_series", Some("match[]=up")),
    ];
    let mut differences = 0;
    for access in &lists {
        for trial in &lists {
            let [mut plain, mut trying] =
                [None, Some(trial)].map(|trial| Desk::new(&configuration(access, trial)));
            for token in ["a", "b", "c", "wrong", ""].repeat(2) {
                for (method, path, form) in requests {
                    let of_plain = ask(&mut plain, method, path, token, form);
                    let (visible, mut record) = ask(&mut trying, method, path, token, form);
                    differences += usize::from(record.trial.take().is_some());
                    assert_eq!((visible, record), of_plain, "{method} {path} {token} {access} {trial}");
                    assert_eq!(trying.state.take_counts(), plain.state.take_counts());
                }
            }
        }
    }
    assert!(differences > 500, "{differences}");
}

/// Alternatives are written into the query on trial, so that the trial says of what can't have them what enforcement would say.
#[test]
fn alternatives_are_tried_as_they_would_be_enforced() {
    let alternatives = json!({
        "who": ["token:a"], "may": ["read"], "only": [{ "env": ["p"], "team": ["x"] }, { "env": ["d"] }],
    });
    let trial = rules(&[alternatives]);
    let allowed = json!({ "outcome": "allowed", "rule": 1, "matchers": r#"env="p",team="x" or env="d""# });
    for enforced in [json!({ "who": ["token:a"], "may": ["read"] }), only("a", "x")] {
        let enforced = rules(&[enforced]);
        let tried = |path: &str| tried(&enforced, &trial, path, "a", None);
        assert_eq!(tried(QUERY), allowed);
        assert_eq!(tried("/p/api/v1/series?match[]=up"), allowed);
        let invalid = tried("/p/api/v1/query?query=1+%2B+absent(x)");
        assert_eq!((&invalid["outcome"], &invalid["rule"]), (&json!("invalid"), &json!(1)));
        let reason = invalid["reason"].as_str().unwrap();
        assert!(reason.contains("so that absent can't show labels"), "{reason}");
    }
    // The same alternatives say nothing.
    assert_eq!(tried(&trial, &trial, QUERY, "a", None), Value::Null);
}
