//! Requests at, below and above each guard of a rule, with times written in every way that is possible.

use crate::desk::{Desk, Form};
use promward::decision::{Decision, Facts};
use promward::enforce::rewrite_cache::RewriteCache;
use promward::target::body::Body;
use promward::target::headers::Headers;
use promward::target::parameters::{Parameters, Part};
use promward::time::instant::Instant;

/// The time 2023-11-14T22:13:20Z, in seconds since 1970.
const NOW: u64 = 1_700_000_000;

fn decide(limits: &str, method: &str, path: &str, body: Body) -> Decision {
    let configuration = format!(
        r#"{{ "mounts": [{{ "prefix": "/" }}],
             "access": [{{ "who": ["anyone"], "may": ["everything"], "limits": {{ {limits} }} }}] }}"#
    );
    let mut pairs = vec![(":method", method), (":path", path), (":authority", "example.com")];
    if body == Body::Follows {
        pairs.push(("content-type", "application/x-www-form-urlencoded"));
    }
    at(&mut Desk::new(&configuration), &Headers::from_iter(pairs), body)
}

fn at(desk: &mut Desk, headers: &Headers, body: Body) -> Decision {
    let facts = Facts { now: Some(Instant(NOW * 1_000_000_000)), ..Facts::default() };
    desk.decide(headers, body, &facts, 1).0
}

/// Returns the status of a refusal, or 200 for a request that goes upstream.
fn status(limits: &str, path: &str) -> u16 {
    match decide(limits, "GET", path, Body::None) {
        Decision::Forward(_) => 200,
        Decision::Reply(reply) => reply.status,
        other => panic!("{path}: {other:?}"),
    }
}

/// Returns the parameters that the server is sent.
fn sent(limits: &str, path: &str) -> Parameters {
    match decide(limits, "GET", path, Body::None) {
        Decision::Forward(forward) => {
            let path = forward.edits.value(":path").unwrap();
            parameters(path.split_once('?').map_or("", |(_, query)| query))
        }
        other => panic!("{path}: {other:?}"),
    }
}

fn parameters(text: impl AsRef<[u8]>) -> Parameters {
    Parameters::parse(text.as_ref(), Part::Query).unwrap()
}

fn check(limits: &str, endpoint: &str, cases: &[(&str, u16)]) {
    for (query, expected) in cases {
        let escaped =
            Parameters::parse(query.replace('+', "%2B").as_bytes(), Part::Query).unwrap().into_text();
        assert_eq!(status(limits, &format!("{endpoint}?{escaped}")), *expected, "{limits}: {query}");
    }
}

const RANGE: &str = "/api/v1/query_range";
const INSTANT: &str = "/api/v1/query";

#[test]
fn a_query_that_was_asked_before_is_held_against_guards_again() {
    let mut desk = Desk::new(
        r#"{ "mounts": [{ "prefix": "/guarded" }, { "prefix": "/free" }],
             "access": [
               { "who": ["anyone"], "may": ["query"], "at": ["/guarded"], "only": { "tenant": ["a"] },
                 "limits": { "lookback": "1h", "points": 100 } },
               { "who": ["anyone"], "may": ["query"], "at": ["/free"], "only": { "tenant": ["a"] } }
             ] }"#,
    );
    let over = |step: &str| format!("/guarded{RANGE}?query=up&start={}&end={NOW}&step={step}", NOW - 3_600);
    let far = |mount: &str| format!("{mount}{INSTANT}?query=rate(up[2d])");
    for (path, goes) in
        [(over("60"), true), (over("1"), false), (far("/free"), true), (far("/guarded"), false)]
    {
        let headers =
            Headers::from_iter([(":method", "GET"), (":path", &path), (":authority", "example.com")]);
        let decision = at(&mut desk, &headers, Body::None);
        assert_eq!(matches!(decision, Decision::Forward(_)), goes, "{path}: {decision:?}");
    }
}

#[test]
fn range_is_from_start_to_end() {
    for endpoint in [RANGE, "/api/v1/query_exemplars"] {
        check(
            r#""range": "1d""#,
            endpoint,
            &[
                ("query=up&start=1699913600&end=1700000000", 200),
                ("query=up&start=1699913601&end=1700000000", 200),
                ("query=up&start=1699913599.999&end=1700000000", 422),
                ("query=up&start=2023-11-13T22:13:20Z&end=2023-11-14T22:13:20Z", 200),
                ("query=up&start=2023-11-13T22:13:20Z&end=2023-11-14T23:13:20.001+01:00", 422),
                ("query=up&start=1699913600", 200),
                ("query=up&start=1699913599", 422),
                ("query=up&start=0&end=1e9", 422),
                ("query=up&start=NaN&end=1700000000", 400),
                ("query=up&start=-Inf&end=1700000000", 400),
                ("query=up&start=0&end=+Inf", 400),
                ("query=up&start=&end=1700000000", 200),
                ("query=up&start=yesterday", 400),
                ("query=up&start=1699913600000&end=1700000000000", 400),
                ("query=up&start=&end=", 200),
            ],
        );
    }
    let series = [("match[]=up&start=1699913600", 200), ("match[]=up&start=1699913599", 422), ("", 200)];
    for endpoint in ["/api/v1/series", "/api/v1/labels", "/api/v1/label/job/values"] {
        check(r#""range": "1d""#, endpoint, &series);
    }
}

#[test]
fn a_missing_start_is_as_early_as_it_may_be() {
    for (limits, query, with) in [
        (r#""range": "1d""#, "match[]=up", "start=1699913600.000&match[]=up"),
        (r#""range": "1d""#, "end=86401.5", "start=1.500&end=86401.5"),
        (r#""range": "1d""#, "end=86399", "start=0.000&end=86399"),
        (r#""oldest": "1h""#, "match[]=up", "start=1699996400.000&match[]=up"),
        (r#""oldest": "1h", "range": "1d""#, "match[]=up", "start=1699996400.000&match[]=up"),
        (r#""oldest": "1w", "range": "1d""#, "match[]=up", "start=1699913600.000&match[]=up"),
        (r#""points": 1"#, "match[]=up", "match[]=up"),
    ] {
        assert_eq!(sent(limits, &format!("/api/v1/series?{query}")), parameters(with), "{limits}: {query}");
    }
    let range = sent(r#""points": 10"#, "/api/v1/query_range?query=up&end=100&step=1");
    assert_eq!(range, parameters("start=100.000&query=up&end=100&step=1"));
}

#[test]
fn points_are_those_of_the_range_times_those_of_subqueries() {
    check(
        r#""points": 11000"#,
        RANGE,
        &[
            ("query=up&start=0&end=10999&step=1", 200),
            ("query=up&start=0&end=11000&step=1", 422),
            ("query=up&start=0&end=11000&step=1.002", 200),
            ("query=up&start=0&end=660000&step=1m", 422),
            ("query=up&start=0&end=659999&step=1m", 200),
            ("query=up&start=0&end=10&step=0", 200),
            ("query=up&start=0&end=11&step=0", 422),
            ("query=up&start=0&end=11000", 422),
            ("query=up&start=0&end=1&step=NaN", 400),
            ("query=up&start=0&end=1&step=-1", 400),
            ("query=max_over_time(up[1h:1m])&start=0&end=182&step=1", 200),
            ("query=max_over_time(up[1h:1m])&start=0&end=183&step=1", 422),
            ("query=max_over_time(up[100s:])&start=0&end=109&step=1", 200),
            ("query=max_over_time(up[100s:])&start=0&end=110&step=1", 422),
        ],
    );
    check(
        r#""points": 11000"#,
        INSTANT,
        &[
            ("query=up", 200),
            ("query=max_over_time(up[11s:1ms])", 200),
            ("query=max_over_time(up[11001ms:1ms])", 422),
            ("query=max_over_time(up[4h:1ms])", 422),
            ("query=max_over_time(up[14400:0.001])", 422),
            ("query=max_over_time(up[4h:0x0])", 422),
            ("query=max_over_time(max_over_time(up[1h:1m])[3h:1m])", 200),
            ("query=max_over_time(max_over_time(up[1h:1m])[184m:1m])", 422),
            ("query=vector(1)[4h:1ms]", 422),
        ],
    );
}

#[test]
fn lookback_is_from_an_evaluation_to_the_oldest_sample() {
    check(
        r#""lookback": "1d""#,
        INSTANT,
        &[
            ("query=up", 200),
            ("query=up[1d]", 200),
            ("query=up[1d1ms]", 422),
            ("query=up[86400]", 200),
            ("query=up[86400.001]", 422),
            ("query=up[0x15180]", 200),
            ("query=up[86_401]", 422),
            ("query=up[23h] offset 1h", 200),
            ("query=up[23h] offset 1h1ms", 422),
            ("query=up offset 23h55m", 200),
            ("query=up offset 23h55m1ms", 422),
            ("query=up offset -1w", 200),
            ("query=up offset 1d&lookback_delta=1ms", 422),
            ("query=up&lookback_delta=1d", 200),
            ("query=up offset 23h55m1ms&lookback_delta=0", 422),
            ("query=up&lookback_delta=86400.001", 422),
            ("query=up&lookback_delta=10y", 422),
            ("query=up&lookback_delta=NaN", 400),
            ("query=up[1h]&lookback_delta=10y", 200),
            ("query=max_over_time(up[12h:1h] offset 11h55m)", 200),
            ("query=max_over_time(up[12h:1h] offset 12h)", 422),
            ("query=max_over_time(max_over_time(up[8h])[8h:1h] )&time=5", 200),
            ("query=max_over_time(max_over_time(up[8h])[8h:1h])[9h:1h]", 422),
            ("query=up @ 1699913900", 200),
            ("query=up @ 1699913899.9", 422),
            ("query=up @ 0", 422),
            ("query=up @ 0&time=10", 200),
            ("query=up[1d] @ end()", 200),
            ("query=sum(a) + topk(scalar(b[2d]), c)", 422),
            ("query=1+1", 200),
        ],
    );
    check(
        r#""lookback": "1d""#,
        RANGE,
        &[
            ("query=up[1d]&start=0&end=1e9&step=1d", 200),
            ("query=up[1h] @ start()&start=0&end=82800&step=1h", 200),
            ("query=up[1h] @ start()&start=0&end=82801&step=1h", 422),
            ("query=up[1h] @ end() offset 23h&start=0&end=1e9&step=1d", 200),
        ],
    );
}

#[test]
fn oldest_is_from_now_to_the_oldest_sample() {
    check(
        r#""oldest": "1d""#,
        INSTANT,
        &[
            ("query=up", 200),
            ("query=up[1d]", 200),
            ("query=up[1d1ms]", 422),
            ("query=up&time=1699913900", 200),
            ("query=up&time=1699913899", 422),
            ("query=up&time=2023-11-13T22:18:20Z", 200),
            ("query=up&time=2023-11-13T22:18:19Z", 422),
            ("query=up @ 0", 422),
            ("query=up[2d] offset -1d", 200),
            ("query=up&time=Inf", 400),
        ],
    );
    check(
        r#""oldest": "1d""#,
        RANGE,
        &[
            ("query=up[1h]&start=1699917200&end=1700000000&step=60", 200),
            ("query=up[1h]&start=1699917199&end=1700000000&step=60", 422),
            ("query=1&start=1699913599&end=1700000000&step=60", 422),
        ],
    );
    let series = [("match[]=up&start=1699913600", 200), ("match[]=up&start=1699913599", 422)];
    check(r#""oldest": "1d""#, "/api/v1/series", &series);
}

#[test]
fn a_timeout_is_capped_and_added() {
    for (query, with) in [
        ("query=up", "timeout=30000ms&query=up"),
        ("query=up&timeout=10s", "query=up&timeout=10s"),
        ("query=up&timeout=30", "query=up&timeout=30"),
        ("query=up&timeout=30.001", "query=up&timeout=30000ms"),
        ("query=up&timeout=1y", "query=up&timeout=30000ms"),
    ] {
        assert_eq!(sent(r#""timeout": "30s""#, &format!("{INSTANT}?{query}")), parameters(with), "{query}");
    }
    check(r#""timeout": "30s""#, INSTANT, &[("query=up&timeout=NaN", 400), ("query=up&timeout=-1", 400)]);
    assert_eq!(sent(r#""timeout": "30s""#, "/api/v1/series?match[]=up"), parameters("match[]=up"));
}

#[test]
fn both_halves_of_a_request_are_read_together() {
    let limits = r#""range": "1d", "lookback": "1d", "timeout": "30s""#;
    let form = |query: &str| match decide(limits, "POST", &format!("{RANGE}?{query}"), Body::Follows) {
        Decision::Forward(forward) => Ok(forward.body.unwrap()),
        Decision::Reply(reply) => Err(reply.status),
        other => panic!("{query}: {other:?}"),
    };
    let ahead = form("timeout=20s").unwrap();
    let sent =
        |body: &str| ahead.complete(body.as_bytes(), &mut RewriteCache::new(1)).map(|text| parameters(&text));
    assert_eq!(sent("query=up&start=1&end=2&step=1"), Ok(parameters("query=up&start=1&end=2&step=1")));
    assert!(sent("query=up&start=1&end=86402&step=1").is_err());
    assert!(sent("query=up[2d]&start=1&end=2&step=1").is_err());
    let ahead = form("end=86402").unwrap();
    assert!(ahead.complete(b"query=up&start=1&step=1", &mut RewriteCache::new(1)).is_err());
    assert_eq!(
        parameters(ahead.complete(b"query=up&step=1", &mut RewriteCache::new(1)).unwrap()),
        parameters("start=2.000&timeout=30000ms&query=up&step=1")
    );
}

#[test]
fn a_query_in_the_url_is_guarded_by_itself_and_no_form_may_follow_it() {
    let limits = r#""range": "1d", "lookback": "1d", "timeout": "30s""#;
    let given = |query: &str| decide(limits, "POST", &format!("{RANGE}?{query}"), Body::Follows);
    match given("query=up&start=1&end=2&step=1") {
        Decision::Forward(forward) => {
            let path = "/api/v1/query_range?timeout=30000ms&query=up&start=1&end=2&step=1";
            assert_eq!(forward.edits.value(":path"), Some(path));
            let form = forward.body.unwrap();
            assert_eq!(form.complete(b"", &mut RewriteCache::new(1)).as_deref(), Ok(&b""[..]));
            let refused = form.check_length(1).unwrap_err().to_string();
            assert!(refused.contains("give the parameter \"query\" in the form"), "{refused}");
        }
        other => panic!("{other:?}"),
    }
    for (query, status) in
        [("query=up&start=1&end=86402&step=1", 422), ("query=up[2d]&start=1&end=2&step=1", 422)]
    {
        assert!(matches!(given(query), Decision::Reply(reply) if reply.status == status), "{query}");
    }
}

#[test]
fn what_has_no_steps_has_one_point() {
    check(r#""points": 1"#, "/api/v1/query_exemplars", &[("query=up&start=0&end=1e9", 200)]);
    check(r#""points": 1"#, RANGE, &[("query=up&start=1&end=1", 200), ("query=up&start=0&end=1", 422)]);
}

#[test]
fn a_time_that_says_nothing_is_as_if_it_were_not_there() {
    let limits = r#""oldest": "1h", "timeout": "30s""#;
    let given = sent(limits, &format!("{INSTANT}?query=up&time=&timeout=&lookback_delta="));
    assert_eq!(given, parameters("timeout=30000ms&query=up"));
    let given = sent(limits, "/api/v1/series?match[]=up&start=&end=");
    assert_eq!(given, parameters("start=1699996400.000&match[]=up"));
}

#[test]
fn what_can_not_be_guarded_is_refused() {
    let limits = r#""oldest": "1d""#;
    check(limits, "/api/v1/new", &[("query=up", 403)]);
    check(limits, "/consoles/index.html", &[("", 403)]);
    check(limits, "/api/v1/query", &[("query=up&max_lookback=1y", 400), ("query=info(up)", 400)]);
    check(limits, "/metrics", &[("", 200)]);
}

#[test]
fn a_duration_is_held_against_guards_as_what_it_comes_to() {
    let configuration = r#"{ "mounts": [{ "prefix": "/", "promql": ["duration_expressions", "extended_range_selectors"] }],
             "access": [{ "who": ["anyone"], "may": ["everything"],
                          "limits": { "lookback": "1h", "points": 1000 } }] }"#;
    let mut desk = Desk::new(configuration);
    let range = format!("start={}&end={NOW}&step=60", NOW - 3_600);
    for (path, parameters, query, expected) in [
        (RANGE, range.as_str(), "rate(a[step()*60])", 200),
        (RANGE, &range, "rate(a[step()*61])", 422),
        (RANGE, &range, "rate(a[range()])", 200),
        (RANGE, &range, "rate(a[range()+1ms])", 422),
        (RANGE, &range, "max_over_time(a[30m:step()*2])", 200),
        (RANGE, &range, "max_over_time(a[30m:step()/2])", 422),
        (RANGE, &range, "a offset (1h - 5m)", 200),
        (RANGE, &range, "a offset (1h - 4m)", 422),
        (RANGE, &range, "rate(a[55m] anchored)", 200),
        (RANGE, &range, "rate(a[56m] smoothed)", 422),
        (RANGE, "start=2023-11-14T21:13:20Z&end=2023-11-14T22:13:20.0009Z&step=60", "rate(a[range()])", 422),
        (RANGE, "start=1699996400&end=1700000000&step=60.0009", "rate(a[step()*60])", 422),
        (INSTANT, "time=1700000000", "rate(a[step()+1h])", 200),
        (INSTANT, "time=1700000000", "rate(a[range()+61m])", 422),
        (INSTANT, "time=1700000000", "rate(a[2^0.5])", 400),
        (INSTANT, "time=1700000000", "rate(a[1/range()])", 400),
    ] {
        let escaped = Parameters::parse(query.replace('+', "%2B").as_bytes(), Part::Query).unwrap();
        let escaped = escaped.as_str().trim_end_matches('=').to_owned();
        let path = format!("{path}?{parameters}&query={escaped}");
        let headers =
            Headers::from_iter([(":method", "GET"), (":path", &path), (":authority", "example.com")]);
        let status = match at(&mut desk, &headers, Body::None) {
            Decision::Forward(_) => 200,
            Decision::Reply(reply) => reply.status,
            other => panic!("{path}: {other:?}"),
        };
        assert_eq!(status, expected, "{parameters}: {query}");
    }
}

#[test]
fn a_duration_is_worked_out_only_for_a_guard() {
    let at_limits = |limits: &str, query: &str| {
        let configuration = format!(
            r#"{{ "mounts": [{{ "prefix": "/", "promql": ["duration_expressions"] }}],
                 "access": [{{ "who": ["anyone"], "may": ["everything"], "limits": {{ {limits} }} }}] }}"#
        );
        let path = format!("{INSTANT}?time=1700000000&query={query}");
        let headers =
            Headers::from_iter([(":method", "GET"), (":path", &path), (":authority", "example.com")]);
        match at(&mut Desk::new(&configuration), &headers, Body::None) {
            Decision::Forward(_) => 200,
            Decision::Reply(reply) => reply.status,
            other => panic!("{limits}: {other:?}"),
        }
    };
    for (limits, expected) in [
        (r#""timeout": "30s""#, 200),
        (r#""operators": 10, "range": "1d""#, 200),
        (r#""points": 10"#, 400),
        (r#""lookback": "1h""#, 400),
        (r#""oldest": "1h""#, 400),
    ] {
        assert_eq!(at_limits(limits, "a[2^0.5]"), expected, "{limits}");
        // The work of a subquery depends on its range and its step.
        assert_eq!(at_limits(limits, "a[2^0.5:1s]"), 400, "{limits}");
        assert_eq!(at_limits(limits, "a[1m:2^0.5]"), 400, "{limits}");
    }
}

#[test]
fn a_query_of_one_mount_is_not_remembered_for_another_without_its_experimental_parts() {
    let configuration = r#"{ "mounts": [{ "prefix": "/new", "promql": ["experimental_functions"] }, { "prefix": "/old" }],
             "access": [{ "who": ["anyone"], "may": ["query"], "only": { "tenant": ["a"] } }] }"#;
    let mut desk = Desk::new(configuration);
    for (mount, expected) in [("/new", 200), ("/old", 400), ("/new", 200), ("/old", 400)] {
        let path = format!("{mount}{INSTANT}?query=limitk(1,up)");
        let headers =
            Headers::from_iter([(":method", "GET"), (":path", &path), (":authority", "example.com")]);
        let status = match at(&mut desk, &headers, Body::None) {
            Decision::Forward(_) => 200,
            Decision::Reply(reply) => reply.status,
            other => panic!("{path}: {other:?}"),
        };
        assert_eq!(status, expected, "{mount}");
    }
}
