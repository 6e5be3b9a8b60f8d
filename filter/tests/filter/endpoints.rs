//! Every endpoint, written down a second time: the methods that it has, the class that rules call it, the parameters
//! that are read, and the answer to a caller who may see one tenant only. A row of the filter's own table that says
//! something else fails here.

use crate::desk::Desk;
use promward::api::class::Class;
use promward::api::endpoint::{Content, Endpoint};
use promward::api::listing::Listing::{self, Alerts, Rules, Targets};
use promward::api::prometheus::{self, ENDPOINTS};
use promward::decision::{Decision, Facts, Forward};
use promward::response::page::Expected;
use promward::target::body::Body;
use promward::target::headers::Headers;
use promward::target::parameters::{Parameters, Part};
use std::collections::BTreeSet;

/// The answer that a restricted caller gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gets {
    /// The answer to a query with the restriction in it.
    Query,
    /// The answer to selectors with the restriction in them, or to the restriction alone if there are none.
    Match,
    /// An answer that is cut down.
    Cut(Listing),
    /// An answer that is cut down, to selectors with the restriction in them.
    CutAndMatch(Listing),
    /// An answer that lists nothing.
    Empty,
    /// The answer to a message whose queries or series all have the restriction.
    Message,
    /// The answer that everybody gets.
    All,
    /// The answer that everybody gets, if it is a page.
    Page,
    /// A file that everybody gets.
    File,
    /// A refusal with the status 403.
    Nothing,
}

use Gets::{All, Cut, CutAndMatch, Empty, File, Match, Message, Nothing, Page, Query};

/// A path, its methods, its class, the parameters that are read, and the answer that the restricted get.
type Case = (&'static str, &'static str, &'static str, &'static str, Gets);

const SERIES: &str = "match[] start end limit";
const SEARCH_METRICS: &str = "match[] start end limit search[] fuzz_threshold fuzz_alg case_sensitive sort_by sort_dir \
                              include_score include_metadata";
const SEARCH_LABELS: &str = "match[] start end limit search[] fuzz_threshold fuzz_alg case_sensitive sort_by sort_dir \
                             include_score";
const SEARCH_VALUES: &str = "match[] start end limit search[] fuzz_threshold fuzz_alg case_sensitive sort_by sort_dir \
                             include_score label";
const RULES: &str =
    "type rule_name[] rule_group[] file[] match[] exclude_alerts group_limit group_next_token";

#[rustfmt::skip]
const CASES: &[Case] = &[
    ("/api/v1/query", "GET POST", "query", "query time timeout limit lookback_delta stats", Query),
    ("/api/v1/query_range", "GET POST", "query", "query start end step timeout limit lookback_delta stats", Query),
    ("/api/v1/query_exemplars", "GET POST", "query", "query start end", Query),
    ("/api/v1/format_query", "GET POST", "query", "query", All),
    ("/api/v1/parse_query", "GET POST", "query", "query", All),
    ("/api/v1/series", "GET POST", "series", SERIES, Match),
    ("/api/v1/labels", "GET POST", "series", SERIES, Match),
    ("/api/v1/label/job/values", "GET", "series", SERIES, Match),
    ("/api/v1/search/metric_names", "GET POST", "series", SEARCH_METRICS, Match),
    ("/api/v1/search/label_names", "GET POST", "series", SEARCH_LABELS, Match),
    ("/api/v1/search/label_values", "GET POST", "series", SEARCH_VALUES, Match),
    ("/api/v1/metadata", "GET", "metadata", "limit limit_per_metric metric", Empty),
    ("/api/v1/targets/metadata", "GET", "metadata", "match_target metric limit", Nothing),
    ("/api/v1/rules", "GET", "rules", RULES, CutAndMatch(Rules)),
    ("/api/v1/alerts", "GET", "rules", "", Cut(Alerts)),
    ("/api/v1/targets", "GET", "status", "state scrapePool", Cut(Targets)),
    ("/api/v1/targets/relabel_steps", "GET", "status", "scrapePool labels", Nothing),
    ("/api/v1/scrape_pools", "GET", "status", "", Nothing),
    ("/api/v1/alertmanagers", "GET", "status", "", Nothing),
    ("/api/v1/status/buildinfo", "GET", "info", "", All),
    ("/api/v1/features", "GET", "info", "", All),
    ("/api/v1/openapi.yaml", "GET", "info", "", All),
    ("/version", "GET", "info", "", All),
    ("/api/v1/status/runtimeinfo", "GET", "status", "", Nothing),
    ("/api/v1/status/tsdb", "GET", "status", "limit", Nothing),
    ("/api/v1/status/tsdb/blocks", "GET", "status", "", Nothing),
    ("/api/v1/status/walreplay", "GET", "status", "", Nothing),
    ("/api/v1/status/self_metrics", "GET", "status", "", Nothing),
    ("/api/v1/notifications", "GET", "info", "", All),
    ("/api/v1/notifications/live", "GET", "info", "", All),
    ("/api/v1/status/config", "GET", "config", "", Nothing),
    ("/api/v1/status/flags", "GET", "config", "", Nothing),
    ("/api/v1/scrape_pools/config", "GET", "config", "scrapePool", Nothing),
    ("/api/v1/read", "POST", "remote_read", "", Message),
    ("/api/v1/write", "POST", "write", "", Message),
    ("/api/v1/otlp/v1/metrics", "POST", "write", "", Nothing),
    ("/api/v1/admin/tsdb/delete_series", "POST PUT", "admin", "match[] start end", Nothing),
    ("/api/v1/admin/tsdb/clean_tombstones", "POST PUT", "admin", "", Nothing),
    (SNAPSHOT, "POST PUT", "admin", "skip_head", Nothing),
    ("/federate", "GET", "federate", "match[]", Match),
    ("/metrics", "GET", "metrics", "", Nothing),
    ("/-/healthy", "GET HEAD OPTIONS", "health", "", All),
    ("/-/ready", "GET HEAD OPTIONS", "health", "", All),
    ("/-/reload", "POST PUT", "reload", "", Nothing),
    ("/-/quit", "POST PUT", "quit", "", Nothing),
    ("/debug/pprof", "GET POST", "debug", "", Nothing),
    ("/debug/pprof/heap", "GET POST", "debug", "", Nothing),
    ("/consoles/index.html", "GET", "consoles", "", Nothing),
    ("/", "GET HEAD", "ui", "", Page),
    ("/graph", "GET HEAD", "ui", "", Page),
    ("/graph/", "GET HEAD", "ui", "", Page),
    ("/query", "GET HEAD", "ui", "", Page),
    ("/classic/", "GET HEAD", "ui", "", Page),
    ("/classic/graph", "GET HEAD", "ui", "", Page),
    ("/assets/index.js", "GET HEAD", "ui", "", File),
    ("/static/js/main.js", "GET HEAD", "ui", "", File),
    ("/classic/static/main.css", "GET HEAD", "ui", "", File),
    ("/favicon.ico", "GET HEAD", "ui", "", File),
    ("/favicon.svg", "GET HEAD", "ui", "", File),
    ("/manifest.json", "GET HEAD", "ui", "", File),
    ("/alerts", "GET HEAD", "rules", "", Nothing),
    ("/rules", "GET HEAD", "rules", "", Nothing),
    ("/classic/alerts", "GET HEAD", "rules", "", Nothing),
    ("/classic/rules", "GET HEAD", "rules", "", Nothing),
    ("/config", "GET HEAD", "config", "", Nothing),
    ("/flags", "GET HEAD", "config", "", Nothing),
    ("/classic/config", "GET HEAD", "config", "", Nothing),
    ("/classic/flags", "GET HEAD", "config", "", Nothing),
    ("/targets", "GET HEAD", "status", "", Nothing),
    ("/service-discovery", "GET HEAD", "status", "", Nothing),
    ("/status", "GET HEAD", "status", "", Nothing),
    ("/tsdb-status", "GET HEAD", "status", "", Nothing),
    ("/alertmanager-discovery", "GET HEAD", "status", "", Nothing),
    ("/agent", "GET HEAD", "status", "", Nothing),
    ("/classic/targets", "GET HEAD", "status", "", Nothing),
    ("/classic/service-discovery", "GET HEAD", "status", "", Nothing),
    ("/classic/status", "GET HEAD", "status", "", Nothing),
    ("/classic/tsdb-status", "GET HEAD", "status", "", Nothing),
    ("/classic/alertmanager-discovery", "GET HEAD", "status", "", Nothing),
    ("/classic/agent", "GET HEAD", "status", "", Nothing),
    ("/api/v1/new", "GET HEAD POST PUT PATCH DELETE", "unknown", "", Nothing),
];

/// The parameters that clients send to an endpoint which doesn't read them.
const UNREAD: &[(&str, &[&str])] = &[
    ("/api/v1/query", &["step"]),
    ("/api/v1/query_exemplars", &["step"]),
    ("/api/v1/rules", &["rule_name", "rule_group", "file"]),
];

/// An endpoint whose form would be read too late to be refused.
const SNAPSHOT: &str = "/api/v1/admin/tsdb/snapshot";

/// Returns a desk with one rule for everybody.
fn desk(rule: &str) -> Desk {
    Desk::new(&format!(
        r#"{{ "mounts": [{{ "prefix": "/" }}], "access": [{{ "who": ["anyone"], {rule} }}] }}"#
    ))
}

fn everything() -> Desk {
    desk(r#""may": ["everything"]"#)
}

fn restricted() -> Desk {
    desk(r#""may": ["everything"], "only": { "tenant": ["a"] }"#)
}

fn decide(desk: &mut Desk, method: &str, path: &str, body: Body) -> Decision {
    let mut pairs = vec![(":method", method), (":path", path), (":authority", "example.com")];
    pairs.extend([("accept-encoding", "gzip"), ("if-none-match", "x"), ("range", "bytes=0-1")]);
    if body == Body::Follows {
        pairs.push(("content-type", "application/x-www-form-urlencoded"));
    }
    let headers = Headers::from_iter(pairs);
    desk.decide(&headers, body, &Facts::default(), 1).0
}

/// Returns the status of an answer that is given here, or 200 for a request that goes upstream.
fn status(desk: &mut Desk, method: &str, path: &str) -> u16 {
    match decide(desk, method, path, Body::None) {
        Decision::Forward(_) => 200,
        Decision::Reply(reply) => reply.status,
        other => panic!("{method} {path}: {other:?}"),
    }
}

fn forward(desk: &mut Desk, method: &str, path: &str, body: Body) -> Forward {
    match decide(desk, method, path, body) {
        Decision::Forward(forward) => *forward,
        other => panic!("{method} {path} does not go upstream: {other:?}"),
    }
}

fn set<'a>(forward: &'a Forward, name: &str) -> Option<&'a str> {
    forward.edits.value(name)
}

/// Checks that a request goes upstream with these parameters.
fn asks(desk: &mut Desk, method: &str, path: &str, query: &str, sent: &str) -> Forward {
    let forward = forward(desk, method, &format!("{path}?{query}"), Body::None);
    let (to, asked) = set(&forward, ":path").map(|path| path.split_once('?').unwrap_or((path, ""))).unwrap();
    let read = |text: &str| Parameters::parse(text.as_bytes(), Part::Query).unwrap();
    assert_eq!((to, read(asked)), (path, read(sent)), "{path}?{query}");
    forward
}

fn methods(case: &Case) -> impl Iterator<Item = &'static str> {
    case.1.split(' ')
}

fn names(case: &Case) -> Vec<&'static str> {
    case.3.split_whitespace().collect()
}

#[test]
fn every_row_of_the_table_has_a_case() {
    let rows: BTreeSet<*const Endpoint> = CASES
        .iter()
        .filter_map(|case| prometheus::PROFILE.listed(case.0))
        .map(|listed| std::ptr::from_ref(listed.first))
        .collect();
    let missing = ENDPOINTS.iter().find(|endpoint| !rows.contains(&std::ptr::from_ref(*endpoint)));
    assert_eq!(missing.map(|endpoint| endpoint.path), None);
}

#[test]
fn an_endpoint_is_what_a_rule_calls_it() {
    for class in Class::all().filter(|&class| prometheus::PROFILE.classes.contains(class)) {
        let mut alone = desk(&format!(r#""may": ["{class}"]"#));
        let mut without = desk(&format!(r#""may": ["everything"], "except": ["{class}"]"#));
        for case in CASES {
            let method = methods(case).next().unwrap();
            let expected = if class.to_string() == case.2 { (200, 403) } else { (403, 200) };
            let found = (status(&mut alone, method, case.0), status(&mut without, method, case.0));
            assert_eq!(found, expected, "{class}: {}", case.0);
        }
    }
}

#[test]
fn an_endpoint_has_the_methods_that_the_server_knows_there() {
    let mut desk = everything();
    for case in CASES {
        let others = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "get", "PROPFIND"];
        // Below an API, `OPTIONS` is answered here.
        let is_api = case.0.starts_with("/api/");
        for method in others.into_iter().chain((!is_api).then_some("OPTIONS")) {
            let expected = if methods(case).any(|known| known == method) { 200 } else { 405 };
            assert_eq!(status(&mut desk, method, case.0), expected, "{method} {}", case.0);
        }
    }
}

#[test]
fn a_parameter_that_is_read_has_one_value_and_others_as_many_as_they_like() {
    let mut desk = everything();
    let all: BTreeSet<&str> = CASES.iter().flat_map(names).collect();
    for case in CASES {
        let method = methods(case).next().unwrap();
        for name in &all {
            let is_single = names(case).contains(name) && !name.ends_with("[]");
            let twice = format!("{}?{name}=1&{name}=2", case.0);
            let expected = if is_single { 400 } else { 200 };
            assert_eq!(status(&mut desk, method, &twice), expected, "{twice}");
            let same = format!("{}?{name}=1&{name}=1", case.0);
            assert_eq!(status(&mut desk, method, &same), 200, "{same}");
        }
    }
}

#[test]
fn the_restricted_give_no_parameter_but_those_that_are_read() {
    let mut desk = restricted();
    let all: BTreeSet<&str> = CASES.iter().flat_map(names).collect();
    for case in CASES.iter().filter(|case| case.4 != Nothing) {
        let method = methods(case).next().unwrap();
        for name in &all {
            let value = if ["start", "end", "step"].contains(name) { "60" } else { "up" };
            let given = format!("{}?{name}={value}", case.0);
            // No parameter is read here, so every one is let through.
            let is_open = matches!(case.4, All | Page | File) && case.3.is_empty();
            let is_read = names(case).contains(name) && *name != "include_metadata";
            let is_unread = UNREAD.iter().any(|(path, unread)| *path == case.0 && unread.contains(name));
            let expected = if is_open || is_read || is_unread { 200 } else { 400 };
            assert_eq!(status(&mut desk, method, &given), expected, "{given}");
        }
    }
}

#[test]
fn what_is_not_read_is_not_sent_on_for_the_restricted() {
    let mut desk = restricted();
    for (path, unread) in UNREAD {
        for name in *unread {
            let sent = if path.ends_with("rules") { "" } else { r#"query=up{tenant="a"}"# };
            let query = if path.ends_with("rules") { "" } else { "&query=up" };
            asks(&mut desk, "GET", path, &format!("{name}=1{query}&{name}=2"), sent);
        }
    }
}

#[test]
fn a_link_from_another_site_leads_to_pages_only() {
    let mut desk = everything();
    let link =
        [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
    for case in CASES {
        let is_open = matches!(case.2, "ui" | "health");
        let is_page = is_open || (case.1 == "GET HEAD" && case.2 != "unknown");
        for method in methods(case) {
            let pairs = [(":method", method), (":path", case.0), (":authority", "example.com")];
            let headers = pairs.iter().chain(&link).copied().collect();
            let decision = desk.decide(&headers, Body::None, &Facts::default(), 1).0;
            assert_eq!(matches!(decision, Decision::Forward(_)), is_page, "{method} {}", case.0);
        }
    }
}

#[test]
fn a_form_is_awaited_where_parameters_are_read_in_time() {
    let mut desk = everything();
    for case in CASES {
        for method in methods(case).filter(|method| matches!(*method, "POST" | "PUT")) {
            if case.0 == SNAPSHOT {
                let refused = decide(&mut desk, method, case.0, Body::Follows);
                assert!(matches!(refused, Decision::Reply(reply) if reply.status == 400), "{}", case.0);
            } else {
                let form = forward(&mut desk, method, case.0, Body::Follows).body;
                assert_eq!(form.is_some(), !case.3.is_empty(), "{method} {}", case.0);
            }
        }
    }
}

#[test]
fn the_restricted_get_of_each_endpoint_what_is_theirs() {
    let mut desk = restricted();
    for case in CASES {
        let (method, path) = (methods(case).next().unwrap(), case.0);
        let mut asks = |query: &str, sent: &str| asks(&mut desk, method, path, query, sent);
        let (given, sent) = ("match[]=a&match[]=b", r#"match[]=a{tenant="a"}&match[]=b{tenant="a"}"#);
        let forward = match case.4 {
            Query => asks("query=a-b", r#"query=a{tenant="a"}-b{tenant="a"}"#),
            Match => {
                asks(given, sent);
                asks("", r#"match[]={tenant="a"}"#)
            }
            CutAndMatch(_) => {
                asks(given, sent);
                asks("", "")
            }
            All if !case.3.is_empty() => asks("query=a-b", "query=a-b"),
            Cut(_) | All | Message | Page | File => asks("", ""),
            Empty => {
                let Decision::Reply(reply) = decide(&mut desk, method, path, Body::None) else {
                    panic!("{path} goes upstream")
                };
                assert_eq!((reply.status, reply.body.as_str()), (200, r#"{"status":"success","data":{}}"#));
                continue;
            }
            Nothing => {
                assert_eq!(status(&mut desk, method, path), 403, "{path}");
                continue;
            }
        };
        let filtered = forward.context.filtered.as_ref().map(|filtered| filtered.listing);
        let cut = match case.4 {
            Cut(kind) | CutAndMatch(kind) => Some(kind),
            _ => None,
        };
        assert_eq!(filtered, cut, "{path}");
        assert_eq!(set(&forward, "accept-encoding"), cut.map(|_| "identity"), "{path}");
        for name in ["if-none-match", "range"] {
            let is_removed = forward.edits.remove.iter().any(|removed| removed == name.as_bytes());
            assert_eq!(is_removed, cut.is_some(), "{path}: {name}");
        }
        let expected = if case.4 == Page { Expected::Page } else { Expected::Anything };
        assert_eq!(forward.context.expected, expected, "{path}");
        let content = if case.4 == File { Content::Static } else { Content::Fresh };
        assert_eq!(forward.context.content, content, "{path}");
    }
}
