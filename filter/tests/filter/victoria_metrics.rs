//! The endpoints of VictoriaMetrics, written down a second time: class, parameters, and the answer to a caller who may see
//! one tenant only.

use crate::desk::{Desk, check_row};
use promward::api::class::Class;
use promward::api::endpoint::Endpoint;
use promward::api::victoria_metrics::{ENDPOINTS, PROFILE};
use promward::decision::{Decision, Facts};
use promward::target::body::Body;
use promward::target::headers::Headers;
use promward::time::instant::Instant;
use std::collections::BTreeSet;

/// A path, its class, its parameters, and what the restricted get: `own`, `cut`, `empty`, `all`, `page` or `none`.
type Case = (&'static str, &'static str, &'static str, &'static str);

const SERIES: &str = "match[] start end limit timeout trace";

#[rustfmt::skip]
const CASES: &[Case] = &[
    ("/api/v1/query", "query", "query time step timeout limit nocache round_digits trace", "own"),
    ("/api/v1/query_range", "query", "query start end step timeout limit nocache round_digits trace", "own"),
    ("/api/v1/query_exemplars", "query", "query start end", "own"),
    ("/api/v1/series", "series", SERIES, "own"),
    ("/api/v1/labels", "series", SERIES, "own"),
    ("/api/v1/label/job/values", "series", SERIES, "own"),
    ("/api/v1/metadata", "metadata", "limit limit_per_metric metric", "empty"),
    ("/api/v1/rules", "rules",
        "type rule_name[] rule_group[] file[] match[] exclude_alerts datasource_type group_limit group_next_token", "cut"),
    ("/api/v1/alerts", "rules", "datasource_type", "cut"),
    ("/api/v1/targets", "status", "state scrapePool", "cut"),
    ("/federate", "federate", "match[]", "own"),
    ("/api/v1/status/buildinfo", "info", "", "all"),
    ("/functions", "info", "", "all"),
    ("/api/v1/export/native", "remote_read", "", "none"),
    ("/render", "remote_read", "", "none"),
    ("/metrics/find", "remote_read", "", "none"),
    ("/tags/delSeries", "admin", "", "none"),
    ("/tags/tagSeries", "write", "", "none"),
    ("/tags/tagMultiSeries", "write", "", "none"),
    ("/tags", "remote_read", "", "none"),
    ("/tags/findSeries", "remote_read", "", "none"),
    ("/api/v1/status/config", "config", "", "none"),
    ("/api/v1/status/top_queries", "status", "", "none"),
    ("/api/v1/series/count", "status", "", "none"),
    ("/api/v1/notifiers", "status", "", "none"),
    ("/notifiers", "status", "", "none"),
    ("/targets", "status", "", "none"),
    ("/service-discovery", "status", "", "none"),
    ("/target_response", "status", "", "none"),
    ("/config", "config", "", "none"),
    ("/flags", "config", "", "none"),
    ("/alerts", "rules", "", "none"),
    ("/rules", "rules", "", "none"),
    ("/vmalert", "rules", "", "none"),
    ("/vmalert/api/v1/rules", "rules", "", "none"),
    ("/metrics", "metrics", "", "none"),
    ("/api/v1/admin/tsdb/delete_series", "admin", "match[] start end", "none"),
    ("/api/v1/admin/status/metric_names_stats/reset", "admin", "", "none"),
    ("/delete/0/prometheus/api/v1/admin/tsdb/delete_series", "admin", "", "none"),
    ("/snapshot/delete_all", "admin", "", "none"),
    ("/internal/force_merge", "admin", "", "none"),
    ("/-/reload", "reload", "", "none"),
    ("/api/v1/write", "write", "", "none"),
    ("/api/v1/push", "write", "", "none"),
    ("/api/v1/import/prometheus/metrics/job/a", "write", "", "none"),
    ("/api/v2/write", "write", "", "none"),
    ("/write", "write", "", "none"),
    ("/influx/health", "health", "", "all"),
    ("/influx/write", "write", "", "none"),
    ("/query", "write", "", "none"),
    ("/datadog/api/v2/series", "write", "", "none"),
    ("/newrelic/infra/v2/metrics/events/bulk", "write", "", "none"),
    ("/opentelemetry/v1/metrics", "write", "", "none"),
    ("/opentsdb/api/put", "write", "", "none"),
    ("/api/put", "write", "", "none"),
    ("/zabbixconnector/api/v1/history", "write", "", "none"),
    ("/expand-with-exprs", "debug", "", "none"),
    ("/prettify-query", "debug", "", "none"),
    ("/metric-relabel-debug", "debug", "", "none"),
    ("/target-relabel-debug", "debug", "", "none"),
    ("/debug/pprof", "debug", "", "none"),
    ("/debug/pprof/heap", "debug", "", "none"),
    ("/health", "health", "", "all"),
    ("/ready", "health", "", "all"),
    ("/ping", "health", "", "all"),
    ("/-/healthy", "health", "", "all"),
    ("/-/ready", "health", "", "all"),
    ("/", "ui", "", "page"),
    ("/vmui", "ui", "", "page"),
    ("/vmui/", "ui", "", "page"),
    ("/graph", "ui", "", "page"),
    ("/graph/", "ui", "", "page"),
    ("/vmui/custom-dashboards", "ui", "", "none"),
    ("/graph/custom-dashboards", "ui", "", "none"),
    ("/vmui/config.json", "ui", "", "all"),
    ("/vmui/timezone", "ui", "", "all"),
    ("/vmui/assets/index.js", "ui", "", "all"),
    ("/graph/assets/index.js", "ui", "", "all"),
    ("/static/css/a.css", "ui", "", "all"),
    ("/favicon.ico", "ui", "", "all"),
    ("/robots.txt", "ui", "", "all"),
    ("/select/0/prometheus/api/v1/query", "unknown", "", "none"),
];

fn desk(rule: &str) -> Desk {
    Desk::new(&format!(
        r#"{{ "mounts": [{{ "prefix": "/vm", "api": "victoriametrics" }}],
             "access": [{{ "who": ["anyone"], {rule} }}] }}"#
    ))
}

fn status(desk: &mut Desk, path: &str) -> u16 {
    let headers = Headers::from_iter([(":method", "GET"), (":path", path), (":authority", "example.com")]);
    let facts = Facts { now: Some(Instant(1_700_000_000_000_000_000)), ..Facts::default() };
    let (decision, _) = desk.decide(&headers, Body::None, &facts, 1);
    match decision {
        Decision::Forward(_) => 200,
        Decision::Reply(reply) => reply.status,
        other => panic!("{path}: {other:?}"),
    }
}

#[test]
fn every_row_has_a_case_that_says_the_same() {
    let mut rows: BTreeSet<*const Endpoint> = BTreeSet::new();
    for (path, class, parameters, gets) in CASES {
        let Some(endpoint) = PROFILE.listed(path).map(|listed| listed.first) else {
            assert_eq!((*class, *gets), ("unknown", "none"), "{path}");
            continue;
        };
        rows.insert(std::ptr::from_ref(endpoint));
        check_row(endpoint, path, (class, parameters, gets));
    }
    let missing = ENDPOINTS.iter().find(|endpoint| !rows.contains(&std::ptr::from_ref(*endpoint)));
    assert_eq!(missing.map(|endpoint| endpoint.path), None);
}

#[test]
fn an_endpoint_is_what_a_rule_calls_it_under_its_aliases_too() {
    for class in Class::all() {
        let mut without = desk(&format!(r#""may": ["everything"], "except": ["{class}"]"#));
        for (path, of, ..) in CASES {
            let expected = if class.name() == *of { 403 } else { 200 };
            let aliases: &[&str] = if *of == "unknown" { &[""] } else { &["", "/prometheus", "/graphite"] };
            for alias in aliases {
                assert_eq!(
                    status(&mut without, &format!("/vm{alias}{path}")),
                    expected,
                    "{class}: {alias}{path}"
                );
            }
        }
    }
}

#[test]
fn the_restricted_get_nothing_of_what_can_not_be_restricted() {
    let mut restricted = desk(r#""may": ["everything"], "only": { "tenant": ["a"] }"#);
    for (path, _, _, gets) in CASES {
        let expected = if *gets == "none" { 403 } else { 200 };
        assert_eq!(status(&mut restricted, &format!("/vm{path}")), expected, "{path}");
    }
}

#[test]
fn a_limited_caller_gets_nothing_that_no_guard_is_held_against() {
    let mut limited = desk(r#""may": ["everything"], "limits": { "lookback": "1d" }"#);
    for path in ["/api/v1/export", "/render", "/metrics/find", "/tags/job", "/select/0/x"] {
        assert_eq!(status(&mut limited, &format!("/vm{path}")), 403, "{path}");
    }
}

#[test]
fn what_widens_an_answer_never_comes_from_a_restricted_caller() {
    let mut restricted = desk(r#""may": ["everything"], "only": { "tenant": ["a"] }"#);
    for name in [
        "extra_label",
        "extra_filters[]",
        "extra_filters",
        "match",
        "trace",
        "max_lookback",
        "latency_offset",
    ] {
        for path in ["/api/v1/query?query=up", "/api/v1/labels?match[]=up", "/federate?match[]=up"] {
            assert_eq!(status(&mut restricted, &format!("/vm{path}&{name}=1")), 400, "{path} {name}");
        }
    }
    for name in ["_", "stats", "lookback_delta", "nocache", "round_digits", "step"] {
        assert_eq!(status(&mut restricted, &format!("/vm/api/v1/query?query=up&{name}=1")), 200, "{name}");
    }
}
