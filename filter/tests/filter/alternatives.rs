//! Requests of callers whom alternatives restrict: what of each reaches the server.

use crate::desk::Desk;
use promward::decision::{Decision, Facts};
use promward::target::body::Body;
use promward::target::headers::Headers;
use promward::target::parameters::{Parameters, Part};
use promward::time::instant::Instant;

const A: &str = r#"c="1",n="a""#;
const B: &str = r#"c="2""#;

fn desk() -> Desk {
    let only = r#"[{ "c": ["1"], "n": ["a"] }, { "c": ["2"] }]"#;
    Desk::new(&format!(
        r#"{{
            "mounts": [
                {{ "prefix": "/p" }},
                {{ "prefix": "/vm", "api": "victoriametrics" }},
                {{ "prefix": "/mimir", "api": "mimir" }},
                {{ "prefix": "/sharing" }},
                {{ "prefix": "/limited" }},
                {{ "prefix": "/merged" }}
            ],
            "headers": {{ "tenant": {{ "name": "x-scope-orgid", "label": "c" }} }},
            "access": [
                {{ "who": ["anyone"], "at": ["/p", "/vm", "/mimir"], "may": ["everything"], "only": {only} }},
                {{ "who": ["anyone"], "at": ["/sharing"], "may": ["everything"], "only": {only}, "shared": ["up"] }},
                {{ "who": ["anyone"], "at": ["/limited"], "may": ["everything"], "only": {only},
                   "limits": {{ "selectors": 3, "operators": 1, "lookback": "1h" }} }},
                {{ "who": ["anyone"], "at": ["/merged"], "may": ["everything"],
                   "only": [{{ "c": ["1"], "n": ["a"] }}, {{ "n": ["a"], "c": ["2"] }}] }}
            ]
        }}"#
    ))
}

fn decide(desk: &mut Desk, path: &str) -> Decision {
    let headers = Headers::from_iter([(":method", "GET"), (":path", path), (":authority", "example.com")]);
    let facts = Facts { now: Some(Instant(1_700_000_000_000_000_000)), ..Facts::default() };
    desk.decide(&headers, Body::None, &facts, 1).0
}

/// Returns the values of a parameter that the server gets, or the message that the caller gets.
fn sent(desk: &mut Desk, path: &str, given: &[(&str, &str)], name: &str) -> Result<Vec<String>, String> {
    let pairs: Vec<_> = given.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    match decide(desk, &format!("{path}?{}", pairs.join("&"))) {
        Decision::Forward(forward) => {
            let path = forward.edits.value(":path").unwrap();
            let query = path.split_once('?').map_or("", |(_, query)| query);
            let parameters = Parameters::parse(query.as_bytes(), Part::Query).unwrap();
            Ok(parameters.values(name).map(|value| value.into_owned()).collect())
        }
        Decision::Reply(reply) => Err(reply.body),
        other => panic!("{path}: {other:?}"),
    }
}

fn escaped(value: &str) -> String {
    value.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[test]
fn a_query_becomes_what_each_server_reads_as_alternatives() {
    let mut desk = desk();
    let union =
        format!("sum((up{{{A}}} or up{{{B}}})) / (rate(x{{{A},a=\"b\"}}[5m]) or rate(x{{{B},a=\"b\"}}[5m]))");
    let native = format!("sum(up{{{A} or {B}}}) / rate(x{{{A},a=\"b\" or {B},a=\"b\"}}[5m])");
    let merged = "sum(up{n=\"a\",c=~\"1|2\"}) / rate(x{n=\"a\",c=~\"1|2\",a=\"b\"}[5m])";
    let query = ("query", "sum(up) / rate(x{a=\"b\"}[5m])");
    // What was remembered for one server isn't taken for another.
    for (mount, expected) in [
        ("/p", &*union),
        ("/vm", &native),
        ("/mimir", &union),
        ("/merged", merged),
        ("/vm", &native),
        ("/p", &union),
    ] {
        let prefix = if mount == "/mimir" { "/mimir/prometheus" } else { mount };
        let sent = sent(&mut desk, &format!("{prefix}/api/v1/query"), &[query], "query");
        assert_eq!(sent.as_deref(), Ok(&[expected.to_owned()][..]), "{mount}");
    }
}

#[test]
fn each_selector_of_a_list_becomes_one_for_each_alternative() {
    let mut desk = desk();
    for path in ["/series", "/labels", "/label/job/values"] {
        let given = [("match[]", "up"), ("match[]", "{a=\"b\"}")];
        let sent = sent(&mut desk, &format!("/p/api/v1{path}"), &given, "match[]").unwrap();
        let expected = [
            format!("up{{{A}}}"),
            format!("up{{{B}}}"),
            format!("{{{A},a=\"b\"}}"),
            format!("{{{B},a=\"b\"}}"),
        ];
        assert_eq!(sent, expected, "{path}");
    }
    for path in ["/p/api/v1/series", "/p/federate", "/vm/api/v1/labels"] {
        assert_eq!(
            sent(&mut desk, path, &[], "match[]").unwrap(),
            [format!("{{{A}}}"), format!("{{{B}}}")],
            "{path}"
        );
    }
    let rules = sent(&mut desk, "/p/api/v1/rules", &[("match[]", "{a=\"b\"}")], "match[]").unwrap();
    assert_eq!(rules, [format!("{{{A},a=\"b\"}}"), format!("{{{B},a=\"b\"}}")]);
}

#[test]
fn the_second_lock_has_each_alternative() {
    let mut desk = desk();
    for path in ["/vm/api/v1/query?query=up", "/vm/api/v1/series?match[]=up"] {
        let (path, given) = path.split_once('?').unwrap();
        let given = [given.split_once('=').unwrap()];
        let sent = sent(&mut desk, path, &given, "extra_filters[]").unwrap();
        assert_eq!(sent, [format!("{{{A}}}"), format!("{{{B}}}")], "{path}");
    }
}

#[test]
fn the_tenant_header_has_the_values_of_all_alternatives() {
    let Decision::Forward(forward) = decide(&mut desk(), "/mimir/prometheus/api/v1/query?query=up") else {
        panic!()
    };
    assert_eq!(forward.edits.value("x-scope-orgid"), Some("1|2"));
}

#[test]
fn a_parameter_that_takes_one_selector_is_refused() {
    let mut desk = desk();
    let path = "/mimir/prometheus/api/v1/cardinality/label_names";
    for given in [&[][..], &[("selector", "up")]] {
        let refused = sent(&mut desk, path, given, "selector").unwrap_err();
        let why = "alternatives restrict you, and the parameter \\\"selector\\\" takes one selector, not one for each of them";
        assert!(refused.contains(why), "{refused}");
    }
}

#[test]
fn shared_metrics_stay_as_they_are() {
    let mut desk = desk();
    let query =
        sent(&mut desk, "/sharing/api/v1/query", &[("query", "absent(up) + up[5m] + x")], "query").unwrap();
    assert_eq!(query, [format!("absent(up) + up[5m] + (x{{{A}}} or x{{{B}}})")]);
    let series = sent(&mut desk, "/sharing/api/v1/series", &[], "match[]").unwrap();
    assert_eq!(series, [format!("{{{A}}}"), format!("{{{B}}}"), "{__name__=\"up\"}".to_owned()]);
    let listed =
        sent(&mut desk, "/sharing/api/v1/series", &[("match[]", "up"), ("match[]", "x")], "match[]").unwrap();
    assert!(
        listed.contains(&format!("x{{{B}}}"))
            && listed.iter().all(|one| one == "up" || one.starts_with("x{"))
    );
}

#[test]
fn what_can_not_be_taken_apart_is_refused_where_it_stands() {
    let mut desk = desk();
    for (path, query, why) in [
        (
            "/p",
            "up[5m]",
            "a range must be the argument of a function such as rate, at position 2 of the query",
        ),
        ("/p", "1 + absent(x)", "so that absent can't show labels"),
        ("/vm", "absent(x)", "so that absent can't show labels"),
        (
            "/limited",
            "a + b",
            "each selector counts 2 times, once for each alternative that restricts you: the query has more than 3 selectors",
        ),
        ("/limited", "-a", "the query has more than 1 operators (limits.operators)"),
        ("/limited", "rate(a[2h])", "looks back 2h"),
    ] {
        let refused =
            sent(&mut desk, &format!("{path}/api/v1/query"), &[("query", query)], "query").unwrap_err();
        assert!(refused.contains(why), "{query}: {refused}");
    }
    assert!(sent(&mut desk, "/vm/api/v1/query", &[("query", "up[5m]")], "query").is_ok());
    assert!(sent(&mut desk, "/limited/api/v1/query", &[("query", "rate(a[1h])")], "query").is_ok());
}
