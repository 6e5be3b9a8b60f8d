//! Requests at, below and above each guard of a rule at a VictoriaMetrics, which reads times in more ways than Prometheus
//! does, and the requests as they go there.

use crate::desk::{Desk, Form};
use promward::decision::{Decision, Facts};
use promward::enforce::rewrite_cache::RewriteCache;
use promward::target::body::Body;
use promward::target::headers::Headers;
use promward::target::parameters::{Parameters, Part};
use promward::time::instant::Instant;

/// The time 2023-11-14T22:13:20Z, in seconds since 1970.
const NOW: u64 = 1_700_000_000;

const RANGE: &str = "/api/v1/query_range";
const INSTANT: &str = "/api/v1/query";

fn decide(terms: &str, method: &str, path: &str, body: Body) -> Decision {
    let configuration = format!(
        r#"{{ "mounts": [{{ "prefix": "/", "api": "victoriametrics" }}],
             "access": [{{ "who": ["anyone"], "may": ["everything"], {terms} }}] }}"#
    );
    let mut pairs = vec![(":method", method), (":path", path), (":authority", "example.com")];
    if body == Body::Follows {
        pairs.push(("content-type", "application/x-www-form-urlencoded"));
    }
    let facts = Facts { now: Some(Instant(NOW * 1_000_000_000)), ..Facts::default() };
    Desk::new(&configuration).decide(&Headers::from_iter(pairs), body, &facts, 1).0
}

fn parameters(text: impl AsRef<[u8]>) -> Parameters {
    Parameters::parse(text.as_ref(), Part::Query).unwrap()
}

/// Returns a query string in which every `+` stands for itself.
fn escaped(query: &str) -> String {
    parameters(query.replace('+', "%2B")).into_text()
}

/// Returns the parameters that the server is sent.
fn sent(limits: &str, endpoint: &str, query: &str) -> Parameters {
    let terms = format!(r#""limits": {{ {limits} }}"#);
    match decide(&terms, "GET", &format!("{endpoint}?{}", escaped(query)), Body::None) {
        Decision::Forward(forward) => {
            let path = forward.edits.value(":path").unwrap();
            parameters(path.split_once('?').map_or("", |(_, query)| query))
        }
        other => panic!("{query}: {other:?}"),
    }
}

/// Checks the status of the refusal of each query, or 200 for one that goes upstream.
fn check(limits: &str, endpoint: &str, cases: &[(&str, u16)]) {
    let terms = format!(r#""limits": {{ {limits} }}"#);
    for (query, expected) in cases {
        let status = match decide(&terms, "GET", &format!("{endpoint}?{}", escaped(query)), Body::None) {
            Decision::Forward(_) => 200,
            Decision::Reply(reply) => reply.status,
            other => panic!("{query}: {other:?}"),
        };
        assert_eq!(status, *expected, "{limits}: {query}");
    }
}

#[test]
fn a_time_goes_on_as_it_was_read() {
    for (given, time) in [
        ("now", "1700000000.000"),
        ("-5m", "1699999700.000"),
        ("-5", "1699999995.000"),
        ("1h", "1699996400.000"),
        ("2023", "1672531200.000"),
        ("2023-11-14", "1699920000.000"),
        ("1700000000123", "1700000000.123"),
        ("-60y", "0.000"),
        ("1000000.5", "0.000"),
    ] {
        let sent = sent(r#""points": 1"#, INSTANT, &format!("query=1&time={given}&step=1m"));
        assert_eq!(sent, parameters(format!("query=1&time={time}&step=60000ms")), "{given}");
    }
    for nothing in ["", "&time=&step="] {
        let sent = sent(r#""points": 1"#, INSTANT, &format!("query=1{nothing}"));
        assert_eq!(sent, parameters("time=1700000000.000&step=300000ms&query=1"));
    }
    check(
        r#""points": 1"#,
        INSTANT,
        &[("query=1&time=now+1h", 400), ("query=1&time=2040", 400), ("query=1&time=5x", 400)],
    );
}

#[test]
fn what_is_missing_in_a_range_query_is_written_into_it() {
    assert_eq!(
        sent(r#""range": "1h""#, RANGE, "query=1"),
        parameters("end=1700000000.000&step=300000ms&start=1699996400.000&query=1")
    );
    assert_eq!(
        sent(r#""range": "1h""#, "/api/v1/labels", "match[]=a&start=-30m"),
        parameters("end=1700000000.000&match[]=a&start=1699998200.000")
    );
}

#[test]
fn a_range_is_what_the_server_makes_of_its_ends() {
    let cases = [
        ("query=1&start=-1d&end=now&step=60", 200),
        ("query=1&start=-1d&step=60", 200),
        ("query=1&start=-86401&step=60", 422),
        ("query=1&start=-2d&end=-1d&step=60", 200),
        ("query=1&start=-2d&end=-5&step=60", 422),
        ("query=1&start=2023&end=2024&step=1d", 422),
        ("query=1&start=1699913600000&end=1700000000000&step=60", 200),
        ("query=1&start=1699913599000&end=1700000000000&step=60", 422),
        ("query=1&start=1700000000&end=1699990000&step=60", 400),
        ("query=1&start=now&end=-1h&step=60", 400),
    ];
    check(r#""range": "1d""#, RANGE, &cases);
    check(
        r#""range": "1d""#,
        "/api/v1/series",
        &[("match[]=a&start=now&end=-1h", 400), ("match[]=a&start=-2d", 422)],
    );
}

#[test]
fn the_step_of_an_instant_query_is_how_far_a_selector_looks_back() {
    let cases = [
        ("query=up", 200),
        ("query=up&step=55m", 200),
        ("query=up&step=3300", 200),
        ("query=up&step=55m1ms", 422),
        ("query=rate(up)&step=1h", 422),
        ("query=rate(up[1m])&step=1h", 422),
        ("query=rate(up[55m])", 200),
        ("query=rate(up[1h])", 422),
        ("query=up offset 50m", 200),
        ("query=up offset 51m", 422),
        ("query=up[1h] @ 1900000000", 422),
        ("query=up&lookback_delta=1y", 200),
        ("query=up&max_lookback=1y", 400),
        ("query=up&step=-1", 400),
    ];
    check(r#""lookback": "1h""#, INSTANT, &cases);
    // A step of zero is none to the server, which takes its own one of five minutes.
    let cases = [
        ("query=up offset 50m&step=0", 200),
        ("query=up offset 51m&step=0", 422),
        ("query=rate(rate(up))&step=0.0001", 200),
        ("query=rate(rate(rate(rate(up))))", 200),
        ("query=rate(rate(rate(rate(rate(up)))))", 422),
        ("query=rate(rate(rate(rate(rate(up)))))&step=0ms", 422),
        ("query=max_over_time(up[50m:])&step=0", 422),
    ];
    check(r#""lookback": "1h""#, INSTANT, &cases);
}

#[test]
fn oldest_counts_what_the_server_reads_before_a_window() {
    let cases = [
        ("query=up&time=-50m", 200),
        ("query=up&time=-51m", 422),
        ("query=rate(up[55m])", 200),
        ("query=rate(up[56m])", 422),
        ("query=up[2h] @ 1900000000", 422),
    ];
    check(r#""oldest": "1h""#, INSTANT, &cases);
    // The start of many points moves back to a multiple of the step: here by 20 seconds.
    check(
        r#""oldest": "1h""#,
        RANGE,
        &[
            ("query=1&start=-54m&step=1m", 200),
            ("query=up&start=-53m&step=1m", 200),
            ("query=up&start=-54m&step=1m", 422),
        ],
    );
}

#[test]
fn an_answer_at_one_time_never_comes_out_of_a_cache_of_older_windows() {
    for (limits, query, expected) in [
        (
            r#""lookback": "1d""#,
            "query=1&time=now&step=60s",
            "nocache=1&query=1&time=1700000000.000&step=60000ms",
        ),
        (
            r#""oldest": "1d""#,
            "query=1&time=now&step=60s&nocache=0",
            "nocache=1&query=1&time=1700000000.000&step=60000ms",
        ),
        (
            r#""points": 5"#,
            "query=1&time=now&step=60s&nocache=0",
            "query=1&time=1700000000.000&step=60000ms&nocache=0",
        ),
    ] {
        assert_eq!(sent(limits, INSTANT, query), parameters(expected), "{limits}: {query}");
    }
    let at_once = "query=1&start=now&end=now&step=60s";
    assert_eq!(sent(r#""lookback": "1d""#, RANGE, at_once).value("nocache").as_deref(), Some("1"));
    assert_eq!(
        sent(r#""lookback": "1d""#, RANGE, "query=1&start=-5m&step=60s").value("nocache").as_deref(),
        None
    );
}

/// The server prints such a selector without its braces, and ends where it reads that again.
#[test]
fn a_selector_that_is_printed_as_an_aggregation_is_refused() {
    check(
        r#""lookback": "1h""#,
        INSTANT,
        &[
            ("query=sum{} or up", 400),
            ("query={__name__=\"Zscore\"} unless up", 400),
            ("query=sum{job!=\"\"} or up", 200),
            ("query=sum(up) or up", 200),
            ("query=up{} or up", 200),
        ],
    );
}

#[test]
fn a_timeout_of_nothing_is_no_timeout_there() {
    for (given, timeout) in
        [("0", "30000ms"), ("0s", "30000ms"), ("0.0001", "1ms"), ("10", "10000ms"), ("1y", "30000ms")]
    {
        let sent = sent(r#""timeout": "30s""#, INSTANT, &format!("query=1&timeout={given}"));
        assert_eq!(sent.value("timeout").as_deref(), Some(timeout), "{given}");
    }
    for path in [INSTANT, RANGE, "/api/v1/labels"] {
        assert_eq!(
            sent(r#""timeout": "30s""#, path, "").value("timeout").as_deref(),
            Some("30000ms"),
            "{path}"
        );
    }
}

#[test]
fn both_halves_of_a_request_are_read_at_the_same_time() {
    let limits = r#""limits": { "range": "1d", "lookback": "1d" }"#;
    let Decision::Forward(ahead) =
        decide(limits, "POST", &format!("{RANGE}?start=-1h&timeout=0"), Body::Follows)
    else {
        panic!("the half isn't forwarded")
    };
    let path = ahead.edits.value(":path").unwrap();
    assert_eq!(path, "/api/v1/query_range?start=1699996400.000&timeout=0ms");
    let form = ahead.body.unwrap();
    let sent = form.complete(b"query=up&end=-30m&step=60", &mut RewriteCache::new(1)).unwrap();
    assert_eq!(parameters(&sent), parameters("query=up&end=1699998200.000&step=60000ms"));
    assert!(form.complete(b"query=up&end=-61m&step=60", &mut RewriteCache::new(1)).is_err());
}

#[test]
fn a_restricted_caller_is_held_by_the_second_lock_too() {
    let terms = r#""only": { "tenant": ["a", "b"] }"#;
    let lock = r#"extra_filters[]={tenant=~"a|b"}"#;
    for (path, query, expected) in [
        (INSTANT, "query=a", r#"query=a{tenant=~"a|b"}"#),
        (RANGE, "query=1", "query=1"),
        ("/prometheus/api/v1/series", "match[]=a", r#"match[]=a{tenant=~"a|b"}"#),
        ("/api/v1/labels", "", r#"match[]={tenant=~"a|b"}"#),
        ("/api/v1/label/job/values", "", r#"match[]={tenant=~"a|b"}"#),
        ("/graphite/federate", "match[]=a", r#"match[]=a{tenant=~"a|b"}"#),
    ] {
        let Decision::Forward(forward) = decide(terms, "GET", &format!("{path}?{query}"), Body::None) else {
            panic!("{path} isn't forwarded")
        };
        let sent = forward.edits.value(":path").unwrap();
        let (to, asked) = sent.split_once('?').unwrap();
        assert_eq!((to, parameters(asked)), (path, parameters(format!("{lock}&{expected}"))));
    }
    let Decision::Forward(ahead) = decide(terms, "POST", INSTANT, Body::Follows) else {
        panic!("not forwarded")
    };
    let sent = ahead.body.unwrap().complete(b"query=a", &mut RewriteCache::new(1)).unwrap();
    assert_eq!(parameters(&sent), parameters(format!(r#"{lock}&query=a{{tenant=~"a|b"}}"#)));
}
