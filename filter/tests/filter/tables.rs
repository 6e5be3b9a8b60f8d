//! The endpoints of Thanos and Mimir, written down a second time: the methods that each has, the class that rules call it,
//! and the answer to a caller who may see one tenant only.

use crate::desk::Desk;
use Gets::{All, Cut, Empty, Match, Message, Nothing, Query, Selector};
use promward::api::class::Class;
use promward::api::endpoint::Endpoint;
use promward::api::profile::{Listed, Profile};
use promward::api::{mimir, prometheus, thanos};
use promward::decision::{Decision, Facts};
use promward::target::body::Body;
use promward::target::headers::Headers;
use promward::target::method::Method;
use promward::target::parameters::{Parameters, Part};
use promward::time::instant::Instant;
use std::collections::BTreeSet;

/// The answer that a restricted caller gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gets {
    /// The answer to `query` with the restriction in it.
    Query,
    /// The answer to `match[]` with the restriction in it.
    Match,
    /// The answer to `selector` with the restriction in it.
    Selector,
    /// The answer to a message whose queries all have the restriction.
    Message,
    /// An answer that is cut down.
    Cut,
    /// An answer that lists nothing.
    Empty,
    /// The answer that everybody gets.
    All,
    /// A refusal with the status 403.
    Nothing,
}

/// A path, its methods, its class, and the answer that the restricted get.
type Case = (&'static str, &'static str, &'static str, Gets);

#[rustfmt::skip]
const THANOS: &[Case] = &[
    ("/api/v1/query", "GET POST", "query", Query),
    ("/api/v1/query_range", "GET POST", "query", Query),
    ("/api/v1/query_exemplars", "GET POST", "query", Query),
    ("/api/v1/query_explain", "GET POST", "query", Query),
    ("/api/v1/query_range_explain", "GET POST", "query", Query),
    ("/api/v1/series", "GET POST", "series", Match),
    ("/api/v1/labels", "GET POST", "series", Match),
    ("/api/v1/label/job/values", "GET", "series", Match),
    ("/api/v1/metadata", "GET", "metadata", Empty),
    ("/api/v1/rules", "GET", "rules", Cut),
    ("/api/v1/alerts", "GET", "rules", Cut),
    ("/api/v1/targets", "GET", "status", Cut),
    ("/api/v1/stores", "GET", "status", Nothing),
    ("/api/v1/blocks", "GET", "status", Nothing),
    ("/api/v1/blocks/mark", "POST", "admin", Nothing),
    ("/api/v1/status/tsdb", "GET", "status", Nothing),
    ("/api/v1/status/buildinfo", "GET", "info", All),
    ("/api/v1/status/runtimeinfo", "GET", "status", Nothing),
    ("/api/v1/status/flags", "GET", "config", Nothing),
    ("/api/v1/receive", "POST", "write", Nothing),
    ("/api/v1/otlp", "POST", "write", Nothing),
    ("/debug/fgprof", "GET", "debug", Nothing),
    ("/debug/pprof/heap", "GET POST", "debug", Nothing),
    ("/metrics", "GET", "metrics", Nothing),
    ("/-/healthy", "GET HEAD", "health", All),
    ("/-/ready", "GET HEAD", "health", All),
    ("/-/reload", "POST PUT", "reload", Nothing),
    ("/", "GET HEAD", "ui", All),
    ("/graph", "GET HEAD", "ui", All),
    ("/stores", "GET HEAD", "status", Nothing),
    ("/blocks", "GET HEAD", "status", Nothing),
    ("/loaded", "GET HEAD", "status", Nothing),
    ("/global", "GET HEAD", "status", Nothing),
    ("/config", "GET HEAD", "config", Nothing),
    ("/api/v1/new", "GET POST PUT DELETE", "unknown", Nothing),
];

#[rustfmt::skip]
const MIMIR: &[Case] = &[
    ("/prometheus/api/v1/query", "GET POST", "query", Query),
    ("/prometheus/api/v1/query_range", "GET POST", "query", Query),
    ("/prometheus/api/v1/series", "GET POST", "series", Match),
    ("/prometheus/api/v1/labels", "GET POST", "series", Match),
    ("/prometheus/api/v1/label/job/values", "GET", "series", Match),
    ("/prometheus/api/v1/metadata", "GET", "metadata", Empty),
    ("/prometheus/api/v1/rules", "GET", "rules", Cut),
    ("/prometheus/api/v1/alerts", "GET", "rules", Cut),
    ("/prometheus/api/v1/read", "POST", "remote_read", Message),
    ("/prometheus/api/v1/format_query", "GET POST", "query", All),
    ("/prometheus/api/v1/status/buildinfo", "GET", "info", All),
    ("/prometheus/api/v1/cardinality/label_names", "GET POST", "series", Selector),
    ("/prometheus/api/v1/cardinality/active_series", "GET POST", "series", Selector),
    ("/prometheus/api/v1/cardinality/active_native_histogram_metrics", "GET POST", "series", Selector),
    ("/prometheus/api/v1/cardinality/label_values", "GET POST", "series", Nothing),
    ("/prometheus/config/v1/rules", "GET", "rules", Nothing),
    ("/prometheus/config/v1/rules/space", "GET", "rules", Nothing),
    ("/prometheus/config/v1/rules/space", "POST DELETE", "admin", Nothing),
    ("/prometheus/config/v1/rules/space/group", "GET", "rules", Nothing),
    ("/prometheus/config/v1/rules/space/group", "DELETE", "admin", Nothing),
    ("/api/v1/push", "POST", "write", Nothing),
    ("/api/v1/push/influx/write", "POST", "write", Nothing),
    ("/otlp/v1/metrics", "POST", "write", Nothing),
    ("/api/v1/upload/block/x/start", "POST", "write", Nothing),
    ("/api/v1/upload/block/x/files", "POST", "write", Nothing),
    ("/api/v1/upload/block/x/finish", "POST", "write", Nothing),
    ("/api/v1/upload/block/x/check", "GET", "write", Nothing),
    ("/ready", "GET HEAD", "health", All),
    ("/api/v1/status/buildinfo", "GET", "info", All),
    ("/api/v1/user_limits", "GET", "status", Nothing),
    ("/api/v1/user_stats", "GET", "status", Nothing),
    ("/api/v1/alerts", "GET", "config", Nothing),
    ("/api/v1/alerts", "POST DELETE", "admin", Nothing),
    ("/api/v1/status/config", "GET", "config", Nothing),
    ("/api/v1/status/flags", "GET", "config", Nothing),
    ("/config", "GET", "config", Nothing),
    ("/runtime_config", "GET", "config", Nothing),
    ("/multitenant_alertmanager/configs", "GET", "config", Nothing),
    ("/metrics", "GET", "metrics", Nothing),
    ("/debug/pprof", "GET POST", "debug", Nothing),
    ("/debug/pprof/heap", "GET POST", "debug", Nothing),
    ("/debug/fgprof", "GET", "debug", Nothing),
    ("/ruler/delete_tenant_config", "POST", "admin", Nothing),
    ("/multitenant_alertmanager/delete_tenant_config", "POST", "admin", Nothing),
    ("/compactor/delete_tenant", "POST", "admin", Nothing),
    ("/ingester/flush", "GET POST", "admin", Nothing),
    ("/ingester/shutdown", "GET POST", "quit", Nothing),
    ("/ingester/prepare-shutdown", "GET POST DELETE", "quit", Nothing),
    ("/ingester/prepare-partition-downscale", "GET POST DELETE", "quit", Nothing),
    ("/ingester/prepare-instance-ring-downscale", "GET POST DELETE", "quit", Nothing),
    ("/ingester/unregister-on-shutdown", "GET PUT DELETE", "quit", Nothing),
    ("/store-gateway/prepare-shutdown", "GET POST DELETE", "quit", Nothing),
    ("/usage-tracker/prepare-instance-ring-downscale", "GET POST DELETE", "quit", Nothing),
    ("/services", "GET", "status", Nothing),
    ("/memberlist", "GET", "status", Nothing),
    ("/distributor/all_user_stats", "GET", "status", Nothing),
    ("/distributor/ha_tracker", "GET", "status", Nothing),
    ("/ingester/tenants", "GET", "status", Nothing),
    ("/ingester/tsdb/x", "GET", "status", Nothing),
    ("/ingester/tsdb_metrics", "GET", "status", Nothing),
    ("/ruler/rule_groups", "GET", "status", Nothing),
    ("/ruler/tenants", "GET", "status", Nothing),
    ("/ruler/tenant/x/rule_groups", "GET", "status", Nothing),
    ("/store-gateway/tenants", "GET", "status", Nothing),
    ("/store-gateway/tenant/x/blocks", "GET", "status", Nothing),
    ("/compactor/tenants", "GET", "status", Nothing),
    ("/compactor/tenant/x/planned_jobs", "GET", "status", Nothing),
    ("/compactor/delete_tenant_status", "GET", "status", Nothing),
    ("/multitenant_alertmanager/status", "GET", "status", Nothing),
    ("/ingester/ring", "GET", "status", Nothing),
    ("/ingester/ring", "POST", "admin", Nothing),
    ("/ingester/partition-ring", "GET", "status", Nothing),
    ("/ingester/partition-ring", "POST", "admin", Nothing),
    ("/usage-tracker/instance-ring", "GET", "status", Nothing),
    ("/usage-tracker/instance-ring", "POST", "admin", Nothing),
    ("/", "GET HEAD", "ui", All),
    ("/static/x.css", "GET HEAD", "ui", All),
    ("/alertmanager/api/v2/silences", "GET POST PUT DELETE", "unknown", Nothing),
    ("/api/v1/query", "GET POST PUT DELETE", "unknown", Nothing),
    ("/prometheusX/api/v1/query", "GET POST PUT DELETE", "unknown", Nothing),
];

const ALL: [(&Profile, &[Case]); 2] = [(&thanos::PROFILE, THANOS), (&mimir::PROFILE, MIMIR)];

fn desk(api: &Profile, rule: &str) -> Desk {
    let mount = format!(r#"{{ "prefix": "/", "api": "{}" }}"#, api.name);
    Desk::new(&format!(r#"{{ "mounts": [{mount}], "access": [{{ "who": ["anyone"], {rule} }}] }}"#))
}

const RESTRICTED: &str = r#""may": ["everything"], "only": { "tenant": ["a"] }"#;

fn decide(desk: &mut Desk, method: &str, path: &str) -> Decision {
    let pairs = [(":method", method), (":path", path), (":authority", "example.com")];
    desk.decide(&Headers::from_iter(pairs), Body::None, &Facts::default(), 1).0
}

fn status(desk: &mut Desk, method: &str, path: &str) -> u16 {
    match decide(desk, method, path) {
        Decision::Forward(_) => 200,
        Decision::Reply(reply) => reply.status,
        other => panic!("{method} {path}: {other:?}"),
    }
}

/// Returns the path and the parameters that the server is asked for.
fn asked(desk: &mut Desk, method: &str, target: &str) -> (String, Parameters) {
    let Decision::Forward(forward) = decide(desk, method, target) else {
        panic!("{method} {target} does not go upstream")
    };
    let path = forward.edits.value(":path").unwrap();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    (path.to_owned(), parameters(query))
}

fn parameters(text: &str) -> Parameters {
    Parameters::parse(text.as_bytes(), Part::Query).unwrap()
}

#[test]
fn an_endpoint_is_what_a_rule_calls_it() {
    for (api, cases) in ALL {
        for class in Class::all().filter(|&class| api.classes.contains(class)) {
            let mut alone = desk(api, &format!(r#""may": ["{class}"]"#));
            for (path, methods, expected, _) in cases {
                for method in methods.split(' ') {
                    let expected = if class.to_string() == *expected { 200 } else { 403 };
                    assert_eq!(
                        status(&mut alone, method, path),
                        expected,
                        "{} {class}: {method} {path}",
                        api.name
                    );
                }
            }
        }
    }
}

#[test]
fn an_endpoint_has_the_methods_that_the_server_knows_there() {
    for (api, cases) in ALL {
        let mut desk = desk(api, r#""may": ["everything"]"#);
        for (path, ..) in cases {
            let rows = cases.iter().filter(|case| case.0 == *path);
            let known: BTreeSet<&str> = rows.flat_map(|case| case.1.split(' ')).collect();
            for method in ["GET", "HEAD", "POST", "PUT", "DELETE"] {
                let is_unknown = cases.iter().any(|case| case.0 == *path && case.2 == "unknown");
                let expected = if known.contains(method) || is_unknown { 200 } else { 405 };
                assert_eq!(status(&mut desk, method, path), expected, "{}: {method} {path}", api.name);
            }
        }
    }
}

#[test]
fn the_restricted_get_of_each_endpoint_what_is_theirs() {
    for (api, cases) in ALL {
        let mut desk = desk(api, RESTRICTED);
        for (path, methods, _, gets) in cases {
            let method = methods.split(' ').next().unwrap();
            let mut asks = |given: &str, sent: &str| {
                let found = asked(&mut desk, method, &format!("{path}?{given}"));
                assert_eq!(found, ((*path).to_owned(), parameters(sent)), "{} {path}", api.name);
            };
            match gets {
                Query => asks("query=a-b", r#"query=a{tenant="a"}-b{tenant="a"}"#),
                Match => {
                    asks("match[]=a", r#"match[]=a{tenant="a"}"#);
                    asks("", r#"match[]={tenant="a"}"#);
                }
                Selector => {
                    asks("selector=a", r#"selector=a{tenant="a"}"#);
                    asks("", r#"selector={tenant="a"}"#);
                }
                Cut | Message | All => asks("", ""),
                Empty | Nothing => {
                    let expected = if *gets == Empty { 200 } else { 403 };
                    assert_eq!(status(&mut desk, method, path), expected, "{} {path}", api.name);
                }
            }
        }
    }
}

/// Returns every row that lists a path.
fn rows_of(listed: Listed) -> Vec<&'static Endpoint> {
    std::iter::once(listed.first).chain(listed.others()).collect()
}

#[test]
fn filters_without_brackets_go_on_where_the_server_reads_them() {
    let filters = "rule_name=a&rule_group=b&file=c";
    for (api, path, goes_on) in [
        (&mimir::PROFILE, "/prometheus/api/v1/rules", filters),
        (&thanos::PROFILE, "/api/v1/rules", ""),
        (&prometheus::PROFILE, "/api/v1/rules", ""),
    ] {
        let mut desk = desk(api, RESTRICTED);
        let (_, sent) = asked(&mut desk, "GET", &format!("{path}?{filters}&file[]=c"));
        let expected = [goes_on, "file[]=c"].into_iter().filter(|part| !part.is_empty());
        assert_eq!(sent, parameters(&expected.collect::<Vec<_>>().join("&")), "{}", api.name);
    }
}

#[test]
fn every_row_of_the_tables_has_a_case() {
    for (api, cases) in ALL {
        let listed: BTreeSet<*const Endpoint> = cases
            .iter()
            .filter_map(|case| api.listed(case.0))
            .flat_map(rows_of)
            .map(std::ptr::from_ref)
            .collect();
        let own = [thanos::ENDPOINTS, mimir::ENDPOINTS, mimir::BELOW_PROMETHEUS, mimir::READ_OTHERWISE];
        for section in
            api.sections.iter().filter(|section| own.iter().any(|own| std::ptr::eq(*own, section.rows)))
        {
            let missing = section.rows.iter().find(|row| !listed.contains(&std::ptr::from_ref(*row)));
            assert_eq!(missing.map(|row| row.path), None, "{}", api.name);
        }
    }
}

#[test]
fn a_path_is_in_a_table_once_for_each_method() {
    for (api, cases) in ALL {
        for (path, ..) in cases {
            let Some(listed) = api.listed(path) else { continue };
            let rows = rows_of(listed);
            for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] {
                let method = Method::parse(method.as_bytes()).unwrap();
                let found = rows.iter().filter(|row| row.methods.contains(method)).count();
                assert!(found <= 1, "{}: {path} {method:?}", api.name);
            }
        }
    }
}

#[test]
fn what_chooses_among_series_passes_and_what_tells_of_others_does_not() {
    let mut desk = desk(&thanos::PROFILE, RESTRICTED);
    let chooses =
        "dedup=true&partial_response=true&max_source_resolution=auto&engine=thanos&replicaLabels[]=replica";
    for path in
        ["query", "query_range", "series", "labels", "label/job/values", "query_exemplars", "rules", "alerts"]
    {
        assert_eq!(status(&mut desk, "GET", &format!("/api/v1/{path}?{chooses}")), 200, "{path}");
    }
    for told in [
        "storeMatch[]={tenant=\"b\"}",
        "analyze=true",
        "replicaLabels[]=tenant",
        "replicaLabels[]=replica&replicaLabels[]=tenant",
        "shard_info={}",
        "tenant=b",
    ] {
        assert_eq!(status(&mut desk, "GET", &format!("/api/v1/query?query=up&{told}")), 400, "{told}");
    }
    // The name is all that keeps the selector of a shared metric from those of others.
    let nameless = "/api/v1/query?query=up&replicaLabels[]=__name__";
    assert_eq!(status(&mut desk, "GET", nameless), 200);
    let sharing = format!(r#"{RESTRICTED}, "shared": ["up"]"#);
    let mut desk = self::desk(&thanos::PROFILE, &sharing);
    assert_eq!(status(&mut desk, "GET", nameless), 400);
}

#[test]
fn a_resolution_counts_as_looking_back_as_far_as_its_samples_are_apart() {
    let mut desk = desk(&thanos::PROFILE, r#""may": ["everything"], "limits": { "lookback": "30m" }"#);
    let facts = || Facts { now: Some(Instant(1_700_000_000_000_000_000)), ..Facts::default() };
    let mut status = |path: &str, query: &str| {
        let path = format!("/api/v1/{path}?query=up&{query}");
        let pairs = [(":method", "GET"), (":path", &path), (":authority", "example.com")];
        match desk.decide(&Headers::from_iter(pairs), Body::None, &facts(), 1).0 {
            Decision::Forward(_) => 200,
            Decision::Reply(reply) => reply.status,
            other => panic!("{path}: {other:?}"),
        }
    };
    let range = "start=1699900000&end=1700000000";
    for (path, query, expected) in [
        ("query", "dedup=true".to_owned(), 200),
        ("query", "max_source_resolution=auto".to_owned(), 200),
        ("query", "max_source_resolution=0s".to_owned(), 200),
        ("query", "max_source_resolution=5m".to_owned(), 200),
        ("query", "max_source_resolution=301".to_owned(), 422),
        ("query", "max_source_resolution=1h".to_owned(), 422),
        ("query", "max_source_resolution=1h&lookback_delta=5m".to_owned(), 200),
        ("query", "max_source_resolution=x".to_owned(), 400),
        ("query_range", format!("{range}&step=60"), 200),
        ("query_range", format!("{range}&step=25m&max_source_resolution=auto"), 200),
        ("query_range", format!("{range}&step=26m&max_source_resolution=auto"), 422),
        ("query_range", format!("{range}&step=26m"), 422),
        ("query_range", format!("{range}&step=26m&max_source_resolution=0s"), 200),
        ("query_range", range.to_owned(), 422),
    ] {
        assert_eq!(status(path, &query), expected, "{path}: {query}");
    }
}
