//! The visible side of the filter's decisions: fields of the access log, and metrics with labels, which contain no
//! names of callers.

use crate::envoy::envoy_file::setup::{HELD, Setup};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use promward_harness::client::Request;
use promward_harness::process::Stream;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

/// A user, a token, and a caller that is neither.
const USER: &str = "alice";
const PASSWORD: &str = "correct horse";
const WRONG: &str = "battery staple";
const TOKEN: &str = "a-token-of-grafana";
const STRANGER: &str = "mallory";

/// Returns callers and rules with a reason for each outcome. The second mount has a dot in its prefix.
fn configuration() -> String {
    json!({
        "mounts": [
            { "prefix": "/prometheus", "cluster": "prometheus" },
            { "prefix": "/a.b", "cluster": "prometheus" },
        ],
        "callers": {
            "users": { USER: bcrypt::hash(PASSWORD, 4).unwrap() },
            "tokens": { "grafana": format!("sha256:{}", promward_module::sha256(TOKEN.as_bytes())) },
            // One source gets a quarter of these.
            "passwords": { "checks": "1/h", "burst": 8 },
        },
        "access": [
            { "who": ["anyone"], "may": ["health"] },
            { "who": [format!("user:{USER}")], "may": ["read"], "limits": { "rate": "1/h", "burst": 1 } },
            { "who": ["token:grafana"], "may": ["read"] },
        ],
    })
    .to_string()
}

/// Returns requests with their status and the record of each in the access log, of whose `reason` only the first word is
/// compared.
fn requests() -> [(Request, u16, Value); 10] {
    let get = |target| Request::new("GET", target);
    let query = || get("/prometheus/api/v1/query?query=up");
    let basic = |user: &str, password: &str| {
        let pair = STANDARD.encode(format!("{user}:{password}"));
        ("authorization", format!("Basic {pair}"))
    };
    let with = |request: Request, (name, value): (&str, String)| request.header(name, value);
    let bearer = || ("authorization", format!("Bearer {TOKEN}"));
    let prometheus = "/prometheus";
    [
        (
            get("/prometheus/-/healthy"),
            200,
            json!({ "mount": prometheus, "class": "health", "rule": 0, "outcome": "allowed" }),
        ),
        (
            query(),
            401,
            json!({ "mount": prometheus, "class": "query", "outcome": "unauthorized", "reason": "no" }),
        ),
        (
            with(query(), basic(USER, PASSWORD)),
            200,
            json!({
                "mount": prometheus, "caller": "user:alice", "scheme": "user", "class": "query", "rule": 1,
                "outcome": "allowed",
            }),
        ),
        (
            with(query(), basic(USER, PASSWORD)),
            429,
            json!({
                "mount": prometheus, "caller": "user:alice", "scheme": "user", "class": "query", "rule": 1,
                "outcome": "throttled", "reason": "access[1].limits",
            }),
        ),
        (
            with(query(), basic(USER, WRONG)),
            401,
            json!({ "mount": prometheus, "class": "query", "outcome": "unauthorized", "reason": "wrong" }),
        ),
        (
            with(query(), basic(STRANGER, WRONG)),
            401,
            json!({ "mount": prometheus, "class": "query", "outcome": "unauthorized", "reason": "wrong" }),
        ),
        (
            with(query(), basic(STRANGER, PASSWORD)),
            429,
            json!({ "mount": prometheus, "class": "query", "outcome": "throttled", "reason": "too" }),
        ),
        (
            with(get("/a.b/api/v1/labels"), bearer()),
            200,
            json!({
                "mount": "/a.b", "caller": "token:grafana", "scheme": "token", "class": "series", "rule": 2,
                "outcome": "allowed",
            }),
        ),
        (
            with(Request::new("POST", "/prometheus/-/quit"), bearer()),
            403,
            json!({
                "mount": prometheus, "caller": "token:grafana", "scheme": "token", "class": "quit",
                "outcome": "forbidden", "reason": "no",
            }),
        ),
        (get("/elsewhere"), 404, json!({ "outcome": "not_found", "reason": "nothing" })),
    ]
}

/// The filter's counts of the same requests.
const METRICS: [&str; 17] = [
    r#"promward_requests_total{mount="/prometheus",class="health",outcome="allowed"} 1"#,
    r#"promward_requests_total{mount="/prometheus",class="query",outcome="allowed"} 1"#,
    r#"promward_requests_total{mount="/prometheus",class="query",outcome="unauthorized"} 3"#,
    r#"promward_requests_total{mount="/prometheus",class="query",outcome="throttled"} 2"#,
    r#"promward_requests_total{mount="/prometheus",class="quit",outcome="forbidden"} 1"#,
    r#"promward_requests_total{mount="/a.b",class="series",outcome="allowed"} 1"#,
    r#"promward_requests_total{mount="none",class="none",outcome="not_found"} 1"#,
    r#"promward_logins_total{outcome="accepted",scheme="user"} 2"#,
    r#"promward_logins_total{outcome="rejected",scheme="user"} 2"#,
    r#"promward_logins_total{outcome="throttled",scheme="user"} 1"#,
    r#"promward_logins_total{outcome="accepted",scheme="token"} 2"#,
    r#"promward_checks_total{outcome="right"} 1"#,
    r#"promward_limited_total{rule="1",limit="rate"} 1"#,
    r#"promward_bounds_reached_total{bound="checks_of_source"} 1"#,
    r#"promward_refusals_total{mount="/prometheus",reason="no_rule"} 2"#,
    r#"promward_refusals_total{mount="/prometheus",reason="credentials"} 2"#,
    r#"promward_refusals_total{mount="none",reason="no_mount"} 1"#,
];

/// Returns a deployment that has answered all these requests in their order, with one worker.
fn asked() -> Option<Setup> {
    let setup = Setup::with(|options| {
        options.configuration = Some(configuration());
        options.concurrency = 1;
    })?;
    for (request, status, _) in requests() {
        let shown = format!("{request:?}");
        assert_eq!(setup.client().send(request).unwrap().status, status, "{shown}");
    }
    Some(setup)
}

#[test]
fn the_access_log_says_who_did_what_and_by_which_rule() {
    let Some(setup) = asked() else { return };
    let number = requests().len();
    let lines = setup.envoy.process().wait_until("the access log", Duration::from_secs(60), || {
        Some(setup.envoy.access_log()).filter(|lines| lines.len() >= number)
    });
    let lines = lines.unwrap();
    assert_eq!(lines.len(), number);
    for ((line, mut record), (request, status, expected)) in
        lines.iter().zip(setup.envoy.records()).zip(requests())
    {
        assert_eq!(line.get("status").and_then(Value::as_u64), Some(status.into()), "{line}");
        if let Some(reason) = record.get_mut("reason") {
            *reason = reason.as_str().unwrap().split(' ').next().into();
        }
        let path = record.as_object_mut().unwrap().remove("path");
        let asked = format!("{request:?}");
        assert!(asked.contains(path.unwrap().as_str().unwrap()), "the path is that of the client: {line}");
        assert_eq!(record, expected, "{line}");
    }
}

/// A form that turns out to be ambiguous, and a redirect to another site. Both requests were already on their way.
#[test]
fn a_late_refusal_is_logged_and_counted_as_a_refusal() {
    let Some(setup) = Setup::start() else { return };
    let form = Request::form("/prometheus/api/v1/query").body("query=a&query=b");
    assert_eq!(setup.client().send(form).unwrap().status, 400);
    let mut exchange =
        setup.client().open(Request::new("GET", &format!("/prometheus/graph?{HELD}"))).unwrap();
    exchange.end(&[]).unwrap();
    let mut server = setup.upstream.held().unwrap();
    server.head(302, &[("location", "https://evil.example/")]).unwrap();
    assert_eq!(exchange.head().unwrap().status, 502);
    drop(server);
    let records = setup.envoy.process().wait_until("the access log", Duration::from_secs(60), || {
        Some(setup.envoy.records()).filter(|records| records.len() >= 2)
    });
    let outcomes: Vec<_> = records.unwrap().iter().map(|record| record["outcome"].clone()).collect();
    assert_eq!(outcomes, ["invalid", "failed"]);
    let stats = setup.envoy.stats().unwrap();
    for metric in [
        r#"promward_requests_total{mount="/prometheus",class="query",outcome="invalid"} 1"#,
        r#"promward_requests_total{mount="/prometheus",class="ui",outcome="allowed"} 1"#,
        r#"promward_refusals_total{mount="/prometheus",reason="answer"} 1"#,
    ] {
        assert!(stats.lines().any(|line| line == metric), "{metric}");
    }
}

#[test]
fn no_log_holds_a_secret_or_the_name_of_somebody_unknown() {
    let Some(setup) = asked() else { return };
    let process = setup.envoy.process();
    process
        .wait_until("the access log", Duration::from_secs(60), || {
            (setup.envoy.access_log().len() >= requests().len()).then_some(())
        })
        .unwrap();
    let logged = [process.lines(Stream::Output), process.lines(Stream::Errors)].concat().join("\n");
    assert!(logged.contains("user:alice"), "what is looked through is the log");
    let encoded = STANDARD.encode(format!("{USER}:{PASSWORD}"));
    for secret in [PASSWORD, WRONG, TOKEN, STRANGER, &encoded, "Basic ", "Bearer ", "$2b$"] {
        assert!(!logged.contains(secret), "{secret}: {logged}");
    }
}

#[test]
fn metrics_have_labels_and_name_no_caller() {
    let Some(setup) = asked() else { return };
    let stats = || setup.envoy.stats().ok();
    let missing = |stats: &str| METRICS.into_iter().find(|metric| !stats.lines().any(|line| line == *metric));
    let counted = setup.envoy.process().wait_until("every metric", Duration::from_secs(20), || {
        stats().filter(|stats| missing(stats).is_none())
    });
    let stats = counted.unwrap_or_else(|_| stats().unwrap());
    let own: Vec<_> = stats.lines().filter(|line| line.contains("promward_")).collect();
    assert_eq!(missing(&stats), None, "{own:#?}");
    for name in [USER, STRANGER, "grafana"] {
        assert!(!own.iter().any(|line| line.contains(name)), "{name}: {own:#?}");
    }
    let labels: BTreeSet<_> = own.iter().flat_map(|line| labels(line)).collect();
    assert_eq!(
        labels,
        BTreeSet::from(["mount", "class", "outcome", "scheme", "rule", "limit", "reason", "bound"]),
        "{own:#?}"
    );
    let untouched = r#"envoy_http_downstream_rq_total{envoy_http_conn_manager_prefix="https"} 10"#;
    assert!(stats.lines().any(|line| line == untouched), "Envoy's own labels stay");
}

#[test]
fn what_may_go_wrong_is_counted_from_zero_on() {
    let Some(setup) = Setup::with(|options| options.configuration = Some(configuration())) else { return };
    let stats = setup.envoy.stats().unwrap();
    let own: Vec<_> = stats.lines().filter(|line| line.starts_with("promward_")).collect();
    for metric in METRICS {
        let zero = format!("{} 0", metric.rsplit_once(' ').unwrap().0);
        // No rule allows this class, so that its refusals are seen by their reason alone.
        let is_there = own.contains(&zero.as_str());
        assert_eq!(is_there, !metric.contains(r#"class="quit""#), "{zero}: {own:#?}");
    }
    assert!(own.len() < 200, "{}", own.len());
    assert!(own.iter().all(|line| line.ends_with(" 0")), "{own:#?}");
}

#[test]
fn what_rules_on_trial_say_otherwise_is_logged_and_counted() {
    let mut configured: Value = serde_json::from_str(&configuration()).unwrap();
    configured["trial"] = json!([
        { "who": [format!("user:{USER}")], "may": ["read"], "only": { "tenant": ["a"] } },
        { "who": ["token:grafana"], "may": ["series"] },
    ]);
    let Some(setup) = Setup::with(|options| {
        options.configuration = Some(configured.to_string());
        options.concurrency = 1;
    }) else {
        return;
    };
    for (request, status, _) in requests() {
        assert_eq!(setup.client().send(request.clone()).unwrap().status, status, "{request:?}");
    }
    let records = setup.envoy.process().wait_until("the access log", Duration::from_secs(60), || {
        Some(setup.envoy.records()).filter(|records| records.len() >= requests().len())
    });
    let tried: Vec<_> = records.unwrap().iter().map(|record| record["trial"].clone()).collect();
    let no_health = json!({ "outcome": "unauthorized", "reason": "no access rule allows the class \"health\" to anonymous callers here: log in" });
    let restricted = json!({ "outcome": "allowed", "rule": 0, "matchers": "tenant=\"a\"" });
    // Nobody is asked twice: the third request has waited for its password.
    let mut expected = vec![Value::Null; requests().len()];
    expected[0] = no_health;
    expected[2] = restricted.clone();
    expected[3] = restricted;
    assert_eq!(tried, expected);
    let stats = setup.envoy.stats().unwrap();
    for metric in [
        r#"promward_trial_requests_total{mount="/prometheus",class="health",enforced="allowed",trial="unauthorized"} 1"#,
        r#"promward_trial_requests_total{mount="/prometheus",class="query",enforced="allowed",trial="allowed"} 1"#,
        r#"promward_trial_requests_total{mount="/prometheus",class="query",enforced="throttled",trial="allowed"} 1"#,
        r#"promward_trial_requests_total{mount="/prometheus",class="query",enforced="allowed",trial="forbidden"} 0"#,
        r#"promward_checks_total{outcome="right"} 1"#,
    ] {
        assert!(stats.lines().any(|line| line == metric), "{metric}");
    }
}

/// Returns the names of a series' labels.
fn labels(line: &str) -> Vec<&str> {
    let inside = line.split_once('{').and_then(|(_, rest)| rest.rsplit_once('}')).map(|(inside, _)| inside);
    let pairs = inside.unwrap_or_default().split("\",").filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split('=').next().unwrap_or_default()).collect()
}
