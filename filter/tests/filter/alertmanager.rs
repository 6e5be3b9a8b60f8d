//! The endpoints of Alertmanager, written down a second time: methods, class, parameters, and the answer to a caller who may
//! see one tenant only.

use crate::desk::{Desk, check_row};
use promward::api::alertmanager::{ENDPOINTS, PROFILE};
use promward::api::class::Class;
use promward::api::endpoint::Endpoint;
use promward::decision::{Decision, Facts};
use promward::target::body::Body;
use promward::target::headers::Headers;
use promward::target::parameters::{Parameters, Part};
use std::collections::BTreeSet;

/// A path, its methods, their class, its parameters, and what the restricted get: `cut`, `own`, `all`, `page` or `none`.
type Case = (&'static str, &'static str, &'static str, &'static str, &'static str);

const ALERTS: &str = "filter receiver receiver_matchers active silenced inhibited unprocessed";
const GROUPS: &str = "filter receiver receiver_matchers active silenced inhibited muted";
const ID: &str = "/api/v2/silence/6a1b5b0e-0a3c-4f53-9a55-1f2a86f27cd0";

#[rustfmt::skip]
const CASES: &[Case] = &[
    ("/api/v2/alerts", "GET", "alerts", ALERTS, "cut"),
    ("/api/v2/alerts", "POST", "write", "", "none"),
    ("/api/v2/alerts/groups", "GET", "alerts", GROUPS, "cut"),
    ("/api/v2/silences", "GET", "alerts", "filter active expired pending", "cut"),
    ("/api/v2/silences", "POST", "silences", "", "own"),
    (ID, "GET", "alerts", "", "own"),
    (ID, "DELETE", "silences", "", "own"),
    ("/api/v2/receivers", "GET", "status", "receiver_matchers", "none"),
    ("/api/v2/status", "GET", "config", "", "none"),
    ("/api/v1/alerts", "GET", "alerts", "", "none"),
    ("/api/v1/alerts", "POST", "write", "", "none"),
    ("/api/v1/silences", "GET", "alerts", "", "none"),
    ("/api/v1/silences", "POST", "silences", "", "none"),
    ("/api/v1/silence/x", "GET", "alerts", "", "none"),
    ("/api/v1/silence/x", "DELETE", "silences", "", "none"),
    ("/api/v1/receivers", "GET", "status", "", "none"),
    ("/api/v1/status", "GET", "config", "", "none"),
    ("/metrics", "GET", "metrics", "", "none"),
    ("/-/healthy", "GET HEAD OPTIONS", "health", "", "all"),
    ("/-/ready", "GET HEAD OPTIONS", "health", "", "all"),
    ("/-/reload", "POST", "reload", "", "none"),
    ("/debug/pprof/heap", "GET POST", "debug", "", "none"),
    ("/", "GET HEAD", "ui", "", "page"),
    ("/script.js", "GET HEAD", "ui", "", "all"),
    ("/lib/bootstrap/css/bootstrap.css", "GET HEAD", "ui", "", "all"),
    ("/assets/index.js", "GET HEAD", "ui", "", "all"),
    ("/favicon.ico", "GET HEAD", "ui", "", "all"),
    ("/api/v2/silence/a/b", "GET POST DELETE", "unknown", "", "none"),
    ("/api/v2/swagger.json", "GET POST DELETE", "unknown", "", "none"),
    ("/-/quit", "GET POST DELETE", "unknown", "", "none"),
];

const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"];

fn desk(rule: &str) -> Desk {
    Desk::new(&format!(
        r#"{{ "mounts": [{{ "prefix": "/am", "api": "alertmanager", "cluster": "am" }}],
             "access": [{{ "who": ["anyone"], {rule} }}] }}"#
    ))
}

fn decide(desk: &mut Desk, method: &str, path: &str) -> Decision {
    let target = format!("/am{path}");
    let pairs = [(":method", method), (":path", &*target), (":authority", "example.com")];
    desk.decide(&Headers::from_iter(pairs), Body::None, &Facts::default(), 1).0
}

fn status(desk: &mut Desk, method: &str, path: &str) -> u16 {
    match decide(desk, method, path) {
        Decision::Forward(_) => 200,
        Decision::Reply(reply) => reply.status,
        other => panic!("{method} {path}: {other:?}"),
    }
}

fn methods(case: &Case) -> impl Iterator<Item = &'static str> {
    case.1.split(' ')
}

#[test]
fn every_row_has_a_case_that_says_the_same() {
    let mut rows: BTreeSet<*const Endpoint> = BTreeSet::new();
    for (path, methods, class, parameters, gets) in CASES {
        let Some(listed) = PROFILE.listed(path) else {
            assert_eq!((*class, *gets), ("unknown", "none"), "{path}");
            continue;
        };
        let mut of_path = std::iter::once(listed.first).chain(listed.others());
        let endpoint = of_path.find(|row| row.methods.to_string() == methods.replace(' ', ", ")).unwrap();
        rows.insert(std::ptr::from_ref(endpoint));
        check_row(endpoint, path, (class, parameters, gets));
    }
    let missing = ENDPOINTS.iter().find(|endpoint| !rows.contains(&std::ptr::from_ref(*endpoint)));
    assert_eq!(missing.map(|endpoint| endpoint.path), None);
}

#[test]
fn an_endpoint_is_what_a_rule_calls_it_by_its_method() {
    for class in Class::all().filter(|&class| PROFILE.classes.contains(class)) {
        let mut alone = desk(&format!(r#""may": ["{class}"]"#));
        for case in CASES {
            for method in methods(case) {
                let expected = if class.name() == case.2 { 200 } else { 403 };
                assert_eq!(status(&mut alone, method, case.0), expected, "{class}: {method} {}", case.0);
            }
        }
    }
}

#[test]
fn an_endpoint_has_the_methods_that_the_server_knows_there() {
    let mut all = desk(r#""may": ["everything"]"#);
    for (path, _, class, ..) in CASES.iter().filter(|case| case.2 != "unknown") {
        let of_path = || CASES.iter().filter(|case| case.0 == *path).flat_map(methods);
        for method in METHODS {
            let expected = if of_path().any(|known| known == method) { 200 } else { 405 };
            assert_eq!(status(&mut all, method, path), expected, "{class}: {method} {path}");
        }
    }
}

#[test]
fn the_restricted_get_nothing_of_what_can_not_be_restricted() {
    let mut restricted = desk(r#""may": ["everything"], "only": { "tenant": ["a"] }"#);
    for case in CASES {
        let expected = if case.4 == "none" { 403 } else { 200 };
        for method in methods(case) {
            assert_eq!(status(&mut restricted, method, case.0), expected, "{method} {}", case.0);
        }
    }
}

#[test]
fn a_silence_is_looked_up_only_for_the_restricted_and_only_by_what_can_be_an_id() {
    let lookup = |rule: &str, method: &str, path: &str| match decide(&mut desk(rule), method, path) {
        Decision::Forward(forward) => Ok(forward.lookup.map(|lookup| lookup.id)),
        Decision::Reply(reply) => Err(reply.status),
        other => panic!("{path}: {other:?}"),
    };
    let restricted = r#""may": ["everything"], "only": { "tenant": ["a"] }"#;
    for method in ["GET", "DELETE"] {
        assert_eq!(lookup(r#""may": ["everything"]"#, method, ID), Ok(None));
        let id = ID.rsplit_once('/').unwrap().1;
        assert_eq!(lookup(restricted, method, ID), Ok(Some(id.to_owned())));
        for nothing in ["x", "6a1b.", "6a1b%20", &"a".repeat(65)] {
            assert_eq!(
                lookup(restricted, method, &format!("/api/v2/silence/{nothing}")),
                Err(404),
                "{nothing}"
            );
        }
        assert_eq!(lookup(restricted, method, &format!("{ID}?x=1")), Err(400));
    }
    let mut nowhere = Desk::new(
        r#"{ "mounts": [{ "prefix": "/am", "api": "alertmanager" }],
             "access": [{ "who": ["anyone"], "may": ["everything"], "only": { "tenant": ["a"] } }] }"#,
    );
    assert_eq!(status(&mut nowhere, "DELETE", ID), 403);
}

#[test]
fn read_opens_what_is_read_and_people_may_type_a_slash_after_it() {
    let mut read = desk(r#""may": ["read"]"#);
    for path in ["/api/v2/alerts/", "/api/v2/silences/", "/api/v2/alerts?filter=a=b&filter=c=d"] {
        assert_eq!(status(&mut read, "GET", path), 200, "{path}");
    }
    assert_eq!(status(&mut read, "GET", "/api/v2/alerts?receiver=a&receiver=b"), 400);
    for path in ["/api/v2/silences", "/api/v2/alerts"] {
        assert_eq!(status(&mut read, "POST", path), 403, "{path}");
    }
    assert_eq!(status(&mut read, "DELETE", ID), 403);
}

/// Returns the values of `filter` that the server gets, in order.
fn filters(only: &str, path: &str) -> Vec<String> {
    let mut desk = desk(&format!(r#""may": ["read"], "only": {only}"#));
    let Decision::Forward(forward) = decide(&mut desk, "GET", path) else { panic!("{path}") };
    let query = forward.edits.value(":path").unwrap().split_once('?').map_or("", |(_, query)| query);
    let parameters = Parameters::parse(query.as_bytes(), Part::Query).unwrap();
    parameters.values("filter").map(|value| value.into_owned()).collect()
}

#[test]
fn the_restriction_is_added_as_filters_beside_the_callers_own() {
    const ONE: &str = r#"{ "tenant": ["a"] }"#;
    for path in ["/api/v2/alerts", "/api/v2/alerts/groups", "/api/v2/silences"] {
        assert_eq!(filters(ONE, path), [r#"tenant="a""#], "{path}");
        assert_eq!(
            filters(ONE, &format!("{path}?filter=tenant=%22b%22&active=false&filter=x=~%22y%7Cz%22")),
            [r#"tenant="a""#, r#"tenant="b""#, r#"x=~"y|z""#],
            "{path}"
        );
    }
}

#[test]
fn every_label_has_a_filter_and_a_silence_only_those_that_it_must_have_itself() {
    for (only, of_alerts, of_silences) in [
        (r#"{ "tenant": ["a", "b.c"] }"#, &[r#"tenant=~"a|b\\.c""#][..], &[][..]),
        (
            r#"{ "tenant": ["a"], "env": ["x", "y"] }"#,
            &[r#"tenant="a""#, r#"env=~"x|y""#],
            &[r#"tenant="a""#],
        ),
        (r#"{ "tenant": { "regex": "a-.+" } }"#, &[r#"tenant=~"a-.+""#, r#"tenant!="""#], &[]),
        (r#"{ "tenant": { "values": ["a"], "or_absent": true } }"#, &[r#"tenant=~"a|""#], &[]),
        // Alertmanager has no alternatives, and the answer is filtered by them.
        (r#"[{ "tenant": ["a"], "env": ["x"] }, { "tenant": ["b"], "env": ["y"] }]"#, &[], &[]),
        (r#"{ "tenant": ["q\"\\"] }"#, &[r#"tenant="q\"\\""#], &[r#"tenant="q\"\\""#]),
    ] {
        assert_eq!(filters(only, "/api/v2/alerts"), of_alerts, "{only}");
        assert_eq!(filters(only, "/api/v2/silences"), of_silences, "{only}");
    }
}

#[test]
fn the_restricted_give_no_other_parameter_and_no_long_texts() {
    let mut restricted = desk(r#""may": ["everything"], "only": { "tenant": ["a"] }"#);
    let long = "x".repeat(1_025);
    for (path, expected) in [
        ("/api/v2/alerts?receiver=team&silenced=false".to_owned(), 200),
        ("/api/v2/alerts/groups?unprocessed=false".to_owned(), 400),
        // What the page sends to each list.
        (
            "/api/v2/alerts?silenced=false&inhibited=false&muted=false&active=true&receiver=x&group=y"
                .to_owned(),
            200,
        ),
        ("/api/v2/alerts/groups?silenced=false&muted=false&receiver=x&group=y".to_owned(), 200),
        (
            "/api/v2/silences?silenced=false&inhibited=false&muted=false&active=true&receiver=x&group=y"
                .to_owned(),
            200,
        ),
        ("/api/v2/silences?unprocessed=true".to_owned(), 400),
        ("/api/v2/silences?receiver_matchers=x".to_owned(), 400),
        ("/api/v2/alerts?Filter=x".to_owned(), 400),
        (format!("/api/v2/alerts?filter={long}"), 422),
    ] {
        assert_eq!(status(&mut restricted, "GET", &path), expected, "{path}");
    }
}
