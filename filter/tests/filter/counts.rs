//! The counts of refusals, by reason and by limit, and those that a configuration begins with.

use crate::desk::Desk;
use promward::caller::source::Source;
use promward::decision::Facts;
use promward::report::count::{Capacity, Count};
use promward::report::{Outcome, Reason};
use promward::target::body::Body;
use promward::target::headers::Headers;
use promward::time::instant::Instant;
use std::collections::BTreeSet;

/// A caller who is restricted and limited, and one who is neither.
const CONFIGURATION: &str = r#"{
    "mounts": [{ "prefix": "/prometheus", "max_query": "1KiB" }, { "prefix": "/other" }],
    "callers": { "tokens": {
        "a": "sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
        "b": "sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d"
    } },
    "access": [
        { "who": ["anyone"], "may": ["health"] },
        { "who": ["token:a"], "may": ["read"], "at": ["/prometheus"], "only": { "tenant": ["a"] },
          "limits": { "rate": "100/s", "concurrent": 4, "range": "1h", "lookback": "1h", "oldest": "1d", "points": 10, "operators": 2,
                      "calls": 2, "depth": 4, "selectors": 10, "repetitions": 2, "work": 6 } },
        { "who": ["token:b"], "may": ["everything"], "limits": { "rate": "1/h", "burst": 1 } }
    ]
}"#;

/// Midnight on 31 January 2026, in nanoseconds since 1970.
const NOW: Instant = Instant(1_769_817_600_000_000_000);

fn counts(desk: &mut Desk, method: &str, path: &str, token: Option<&str>) -> Vec<String> {
    let mut pairs = vec![(":method", method), (":path", path), (":authority", "example.com")];
    let authorization = token.map(|token| format!("Bearer {token}"));
    pairs.extend(authorization.as_deref().map(|value| ("authorization", value)));
    let facts = Facts { source: Source::parse(b"127.0.0.1:1"), now: Some(NOW), ..Facts::default() };
    let record = desk.decide(&Headers::from_iter(pairs), Body::None, &facts, 1).1;
    record.counts().map(|count| count.metric(&desk.gateway.mounts)).collect()
}

#[test]
fn each_refusal_is_counted_by_its_reason() {
    let desk = &mut Desk::new(CONFIGURATION);
    let selectors = format!("series?{}", ["match[]=up"; 11].join("&"));
    let long = format!("query?query={}", "a".repeat(2_000));
    for (path, reason) in [
        ("query?query=up&query=down", "target"),
        ("query?query=up&x=1", "parameter"),
        ("query?query=up(", "query"),
        ("query?query=up&time=x", "time"),
        ("query_range?query=up&start=0&end=9999&step=1000", "range"),
        ("query?query=up[2h]", "lookback"),
        ("query?query=up&time=1", "oldest"),
        ("query?query=sum_over_time(up[10m:1s])", "points"),
        ("query_range?query=up-up&start=1769817594&end=1769817599&step=1", "work"),
        ("query?query=1%2B1%2B1%2B1", "operators"),
        ("query?query=abs(abs(abs(1)))", "calls"),
        ("query?query=(((((1)))))", "depth"),
        ("query?query=a%2Ba%2B{b=~\"x*y*z*\"}", "repetitions"),
        (&selectors, "selectors"),
        (&long, "length"),
        ("targets/metadata", "not_restrictable"),
        ("status/config", "no_rule"),
    ] {
        let path = format!("/prometheus/api/v1/{path}");
        let counts = counts(desk, "GET", &path, Some("a"));
        let refusal = format!("promward.refusals_total.mount=/prometheus;.reason={reason};");
        assert_eq!(counts.get(1), Some(&refusal), "{path}: {counts:?}");
        let is_limit = Reason::all().any(|known| known.name() == reason && known.is_limit());
        let limited = is_limit.then(|| format!("promward.limited_total.rule=1;.limit={reason};"));
        assert_eq!(counts.get(2), limited.as_ref(), "{path}: {counts:?}");
    }
}

#[test]
fn a_rate_is_counted_as_a_limit_of_its_rule() {
    let desk = &mut Desk::new(CONFIGURATION);
    let mut ask = || counts(desk, "GET", "/prometheus/graph", Some("b"));
    let request =
        |outcome| format!("promward.requests_total.mount=/prometheus;.class=ui;.outcome={outcome};");
    assert_eq!(ask(), [request("allowed")]);
    let limited = [
        request("throttled"),
        "promward.refusals_total.mount=/prometheus;.reason=rate;".to_owned(),
        "promward.limited_total.rule=2;.limit=rate;".to_owned(),
    ];
    assert_eq!(ask(), limited);
}

#[test]
fn refusals_before_a_rule_is_found_are_counted_by_their_reason() {
    let desk = &mut Desk::new(CONFIGURATION);
    for (method, path, token, mount, reason) in [
        ("GET", "/elsewhere", None, "none", "no_mount"),
        ("GET", "/a%zz", None, "none", "target"),
        ("POST", "/prometheus/api/v1/labels%2Fx", None, "/prometheus", "target"),
        ("DELETE", "/other/api/v1/query", None, "/other", "method"),
        ("GET", "/other/api/v1/query", None, "/other", "no_rule"),
        ("GET", "/other/api/v1/query", Some("c"), "/other", "credentials"),
    ] {
        let counts = counts(desk, method, path, token);
        let refusal = format!("promward.refusals_total.mount={mount};.reason={reason};");
        assert_eq!(counts.get(1), Some(&refusal), "{path}: {counts:?}");
    }
}

#[test]
fn what_may_be_counted_is_there_at_zero_and_only_once() {
    let desk = Desk::new(CONFIGURATION);
    let zeros: Vec<_> = desk.gateway.counts_at_zero();
    let names: BTreeSet<_> = zeros.iter().map(|count| count.metric(&desk.gateway.mounts)).collect();
    assert_eq!(names.len(), zeros.len());
    let labels = |metric: &str| names.iter().filter(|name| name.contains(metric)).count();
    // At the first mount everything is allowed, at the second one nothing but health is.
    assert_eq!(labels("requests_total.mount=/prometheus;"), 19 * 6 + 1);
    assert_eq!(labels("refusals_total.mount=/prometheus;"), 31);
    assert_eq!(labels("refusals_total.mount=none;"), 3);
    assert_eq!(labels("limited_total.rule=1;"), 13);
    assert_eq!(labels("limited_total.rule=2;"), 1);
    assert_eq!(labels("logins_total"), 3);
    assert_eq!(labels("checks"), 0, "there are no passwords");
    assert_eq!(labels("bounds_reached_total"), 5);
}

/// The manual names each value of a label, so that nobody has to wait for it to appear.
#[test]
fn the_manual_names_each_value_of_a_label() {
    let manual = include_str!("../../docs/operations.md");
    let (_, metrics) = manual.split_once("The labels have these values:").unwrap();
    let outcomes = [
        Outcome::Allowed,
        Outcome::Answered,
        Outcome::Passed,
        Outcome::Invalid,
        Outcome::Unauthorized,
        Outcome::Forbidden,
        Outcome::NotFound,
        Outcome::Throttled,
        Outcome::Failed,
    ];
    let others = [Capacity::TOKENS, Capacity::Queries, Capacity::Rates];
    let bounds = Capacity::OF_CHECKS.into_iter().chain(Capacity::OF_LINES).chain(others);
    let names = Reason::all().map(Reason::name).chain(outcomes.map(Outcome::name));
    for name in names.chain(bounds.map(Capacity::name)) {
        assert!(metrics.contains(&format!("`{name}`")), "{name}");
    }
    let family = |count: &Count| count.metric(&Desk::new(CONFIGURATION).gateway.mounts);
    for count in Desk::new(CONFIGURATION).gateway.counts_at_zero() {
        let metric = family(&count);
        let name = metric.split('.').nth(1).unwrap().to_owned();
        assert!(manual.contains(&format!("| `promward_{name}` |")), "{name}");
    }
}
