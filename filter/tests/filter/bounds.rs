//! Texts of callers who are held to something, at each endpoint that takes one: what is within the bounds, and what
//! isn't.

use crate::desk::{Desk, Form};
use promward::caller::source::Source;
use promward::decision::refusal::Refusal;
use promward::decision::{Decision, Facts};
use promward::enforce::rewrite_cache::RewriteCache;
use promward::target::body::Body;
use promward::target::headers::Headers;
use promward::target::parameters::Parameters;
use promward::time::instant::Instant;

const RESTRICTED: &str = r#""only": { "tenant": ["a"] }"#;
const LIMITED: &str = r#""limits": { "range": "1d" }"#;
const RATED: &str = r#""limits": { "rate": "100/s" }"#;

fn decide(mount: &str, held_to: &str, method: &str, path: &str, body: Body) -> Decision {
    let rule = r#""who": ["anyone"], "may": ["query", "series", "federate", "rules"]"#;
    let held_to = if held_to.is_empty() { String::new() } else { format!(", {held_to}") };
    let configuration =
        format!(r#"{{ "mounts": [{{ "prefix": "/"{mount} }}], "access": [{{ {rule}{held_to} }}] }}"#);
    let mut pairs = vec![(":method", method), (":path", path), (":authority", "example.com")];
    if body == Body::Follows {
        pairs.push(("content-type", "application/x-www-form-urlencoded"));
    }
    let source = Source::parse(b"192.0.2.1");
    let facts = Facts { now: Some(Instant(1_700_000_000_000_000_000)), source, ..Facts::default() };
    Desk::new(&configuration).decide(&Headers::from_iter(pairs), body, &facts, 1).0
}

/// Returns the query string of a request with one parameter.
fn with(name: &str, value: &str) -> String {
    let mut parameters = Parameters::default();
    parameters.put_first(name, value);
    parameters.into_text()
}

/// Returns the path that the server is asked for, or the message of the refusal.
fn asked(mount: &str, held_to: &str, path: &str) -> Result<String, String> {
    match decide(mount, held_to, "GET", path, Body::None) {
        Decision::Forward(forward) => Ok(forward.edits.value(":path").unwrap().to_owned()),
        Decision::Reply(reply) => {
            assert!(reply.status == 400 || reply.body.contains("limits.work"), "{}", reply.body);
            Err(reply.body)
        }
        other => panic!("{path}: {other:?}"),
    }
}

fn is_allowed(held_to: &str, endpoint: &str, query: &str) -> bool {
    // Now, at one point.
    let times = if endpoint == "query_range" { "&start=1700000000&end=1700000000&step=1" } else { "" };
    asked("", held_to, &format!("/api/v1/{endpoint}?{}{times}", with("query", query))).is_ok()
}

/// Returns a chain of so many operators.
fn chain(operators: usize) -> String {
    format!("1{}", "^1".repeat(operators))
}

#[test]
fn a_chain_has_as_many_operators_as_the_server_bears() {
    for (endpoint, most) in [("query", 250), ("query_range", 250), ("format_query", 64), ("parse_query", 200)]
    {
        for held_to in [RESTRICTED, LIMITED] {
            assert!(is_allowed(held_to, endpoint, &chain(most)), "{endpoint}");
            assert!(!is_allowed(held_to, endpoint, &chain(most + 1)), "{endpoint}");
            assert!(!is_allowed(held_to, endpoint, &"-".repeat(10_000)), "{endpoint}");
        }
        // A rate is about requests, and whoever is held to nothing else is not read.
        for held_to in ["", RATED] {
            assert!(is_allowed(held_to, endpoint, &chain(10_000)), "{endpoint} {held_to}");
        }
    }
}

#[test]
fn a_text_that_is_only_read_goes_on_as_it_is() {
    for endpoint in ["format_query", "parse_query"] {
        let path = format!("/api/v1/{endpoint}?query=sum%28up%29+%2B+x%7Ba%3D%22b%22%7D");
        for held_to in [RESTRICTED, LIMITED] {
            assert_eq!(asked("", held_to, &path), Ok(path.clone()));
            assert!(asked("", held_to, &format!("/api/v1/{endpoint}?query=info%28up%29")).is_err());
        }
    }
}

#[test]
fn a_rule_sets_its_own_bounds() {
    for (bound, within, beyond) in [
        (r#""operators": 3"#, "1+1-1^1", "1+1-1^1*1"),
        (r#""selectors": 2"#, "a+b", "a+b+c"),
        (r#""calls": 2"#, "sum(abs(a))", "sum(abs(a))+pi()"),
        (r#""depth": 2"#, "(1)", "((1))"),
        (r#""repetitions": 2"#, "a{b=~'x*y+'}", "a{b=~'x*y+z?'}"),
        (r#""operators": 10000"#, &chain(1_000), &chain(10_001)),
        (r#""work": 3"#, "a+b", "a+b+c"),
    ] {
        let limits = format!(r#""limits": {{ {bound} }}"#);
        for held_to in [limits.clone(), format!("{RESTRICTED}, {limits}")] {
            assert!(is_allowed(&held_to, "query", within), "{bound}");
            assert!(!is_allowed(&held_to, "query", beyond), "{bound}");
        }
    }
    // A tenth of the selectors, and always fifty, may leave the metric open.
    let unnamed = |number: usize| vec![r#"{a="b"}"#; number].join("+");
    for (selectors, most) in [(60, 50), (2_000, 200)] {
        let limits = format!(r#""limits": {{ "selectors": {selectors}, "operators": 10000 }}"#);
        assert!(is_allowed(&limits, "query", &unnamed(most)), "{selectors}");
        assert!(!is_allowed(&limits, "query", &unnamed(most + 1)), "{selectors}");
    }
    // What a server can't bear isn't allowed by a rule.
    let limits = r#""limits": { "operators": 10000 }"#;
    assert!(
        !is_allowed(limits, "format_query", &chain(65)) && !is_allowed(limits, "parse_query", &chain(201))
    );
}

#[test]
fn the_work_of_a_query_is_bounded_for_everybody_who_is_held_to_something() {
    let seconds = |points: i64| format!("start=1700000000&end={}&step=1", 1_699_999_999 + points);
    let sums = [r#"sum(rate(a{b="c"}[5m]))"#; 12].join("/");
    for (mount, query, most) in [
        ("", "1", 443_077),
        ("", "up", 443_077),
        ("", &chain(250), 101),
        ("", &sums, 5_520),
        (r#", "api": "victoriametrics""#, &format!("{}1", "-".repeat(250)), 364),
    ] {
        for held_to in [RESTRICTED, LIMITED] {
            let at = |points| {
                let path = format!("/api/v1/query_range?{}&{}", with("query", query), seconds(points));
                asked(mount, held_to, &path)
            };
            // A day has no more seconds.
            if held_to == LIMITED && most > 86_400 {
                continue;
            }
            assert!(at(most).is_ok(), "{query}: {:?}", at(most));
            assert!(at(most + 1).unwrap_err().contains("take a longer step"), "{query}");
        }
    }
}

#[test]
fn the_two_halves_of_a_form_are_one_evaluation() {
    let query = with("query", &chain(250));
    let halves = [query.as_str(), "start=1700000000", "end=1700001000", "step=1"];
    for number in 0..=halves.len() {
        let (first, last) = halves.split_at(number);
        let path = format!("/api/v1/query_range?{}", first.join("&"));
        let refused = match decide("", RESTRICTED, "POST", &path, Body::Follows) {
            Decision::Forward(forward) => {
                let form = forward.body.unwrap();
                let last = last.join("&");
                form.complete(last.as_bytes(), &mut RewriteCache::new(1)).unwrap_err().to_string()
            }
            Decision::Reply(reply) => reply.body,
            other => panic!("{path}: {other:?}"),
        };
        assert!(refused.contains("limits.work"), "{path}: {refused}");
    }
}

#[test]
fn all_selectors_of_a_request_share_the_bounds() {
    let selectors = |number: usize| vec!["match[]=up"; number].join("&");
    let patterns = |number: usize| vec!["match[]=up%7Ba%3D~%22x%2B%22%7D"; number].join("&");
    let unnamed = |number: usize| vec!["match[]=%7Ba%3D%22x%22%7D"; number].join("&");
    for endpoint in ["api/v1/series", "api/v1/labels", "api/v1/label/job/values", "federate", "api/v1/rules"]
    {
        for held_to in [RESTRICTED, r#""limits": { "selectors": 500 }"#] {
            let asked = |query: &str| asked("", held_to, &format!("/{endpoint}?{query}"));
            assert!(asked(&selectors(500)).is_ok(), "{endpoint}");
            assert!(asked(&selectors(501)).unwrap_err().contains("limits.selectors"), "{endpoint}");
            assert!(asked(&unnamed(50)).is_ok(), "{endpoint}");
            assert!(asked(&unnamed(51)).unwrap_err().contains("name one metric outright"), "{endpoint}");
            assert!(asked(&patterns(180)).is_ok(), "{endpoint}");
            assert!(asked(&patterns(181)).unwrap_err().contains("limits.repetitions"), "{endpoint}");
        }
    }
}

#[test]
fn both_halves_of_a_form_share_the_bounds() {
    let half = |number: usize| vec!["match[]=up"; number].join("&");
    let form = |first: usize, last: usize| {
        let path = format!("/api/v1/series?{}", half(first));
        match decide("", RESTRICTED, "POST", &path, Body::Follows) {
            Decision::Forward(forward) => {
                forward.body.unwrap().complete(half(last).as_bytes(), &mut RewriteCache::new(1))
            }
            other => panic!("{other:?}"),
        }
    };
    assert!(form(200, 300).is_ok());
    let refused = Refusal::from(form(200, 301).unwrap_err());
    assert_eq!(refused.status(), 400);
    assert!(refused.to_string().contains("limits.selectors"), "{refused}");
}

#[test]
fn a_query_is_as_long_as_the_mount_allows() {
    let query = |bytes: usize| with("query", &format!("\"{}\"", "x".repeat(bytes - 2)));
    for (mount, most) in [
        ("", 64 << 10),
        (r#", "max_query": "1KiB""#, 1 << 10),
        (r#", "max_query": "256KiB""#, 256 << 10),
        (r#", "max_form": "1MiB", "max_query": "1MiB""#, 1 << 20),
        (r#", "max_form": "16KiB""#, 16 << 10),
    ] {
        let asked = |held_to, bytes| asked(mount, held_to, &format!("/api/v1/query?{}", query(bytes)));
        assert!(asked(LIMITED, most).is_ok(), "{mount}");
        assert!(asked(LIMITED, most + 1).unwrap_err().contains("max_query"), "{mount}");
        assert!(asked("", most + 1).is_ok(), "{mount}");
        if most <= 256 << 10 {
            assert!(asked(RESTRICTED, most).is_ok(), "{mount}");
            assert!(asked(RESTRICTED, most + 1).unwrap_err().contains("max_query"), "{mount}");
        }
    }
    let format = |bytes| asked("", RESTRICTED, &format!("/api/v1/format_query?{}", query(bytes)));
    assert!(format(16 << 10).is_ok() && format((16 << 10) + 1).is_err());
}

/// A query that one rule lets through is remembered. Another rule must not let it through for that reason.
#[test]
fn a_query_that_was_asked_before_is_held_against_the_bounds_of_each_rule() {
    let mut desk = Desk::new(
        r#"{ "mounts": [{ "prefix": "/wide" }, { "prefix": "/narrow" }, { "prefix": "/short", "max_query": "1KiB" }],
             "access": [
               { "who": ["anyone"], "may": ["query", "federate"], "at": ["/wide", "/short"], "only": { "tenant": ["a"] } },
               { "who": ["anyone"], "may": ["query", "federate"], "at": ["/narrow"], "only": { "tenant": ["a"] },
                 "limits": { "operators": 2, "repetitions": 2 } }
             ] }"#,
    );
    let three = with("query", "a+b+c+d");
    let pattern = with("match[]", "{a=~\".*.*.*\"}");
    let long = with("query", &format!("\"{}\"", "x".repeat(1_500)));
    for (mount, path, goes) in [
        ("/wide", format!("/api/v1/query?{three}"), true),
        ("/narrow", format!("/api/v1/query?{three}"), false),
        ("/wide", format!("/federate?{pattern}"), true),
        ("/narrow", format!("/federate?{pattern}"), false),
        ("/wide", format!("/api/v1/query?{long}"), true),
        ("/short", format!("/api/v1/query?{long}"), false),
    ] {
        let path = format!("{mount}{path}");
        let headers =
            Headers::from_iter([(":method", "GET"), (":path", &path), (":authority", "example.com")]);
        let facts = Facts { now: Some(Instant(1_700_000_000_000_000_000)), ..Facts::default() };
        let decision = desk.decide(&headers, Body::None, &facts, 1).0;
        assert_eq!(matches!(decision, Decision::Forward(_)), goes, "{path}: {decision:?}");
    }
}
