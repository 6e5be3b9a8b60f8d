//! Access by class, in front of a real Prometheus whose dangerous endpoints are on: every class, requested by every
//! caller. No refused request reaches Prometheus.

use crate::hosts::callers::set_up::{CHEAP, configuration, hashed};
use promward_e2e::deployment::{Deployment, Host, Options};
use promward_e2e::on_every_host;
use promward_harness::client::{Client, Request};
use promward_harness::prometheus::{self, Prometheus};
use promward_harness::tools::{self, Program};
use promward_harness::upstream::{Received, Reply, Upstream};
use serde_json::json;

on_every_host! {
    everybody_may_do_what_the_table_says_and_nothing_else,
}

/// Requests, and the callers who may send them: the anonymous, the viewer, the operator, the admin.
#[rustfmt::skip]
const TABLE: &[(&str, &str, &str, [bool; 4])] = &[
    ("health",      "GET",  "/-/healthy",                                  [true,  true,  true,  true]),
    ("info",        "GET",  "/api/v1/status/buildinfo",                    [false, true,  true,  true]),
    ("query",       "GET",  "/api/v1/query?query=up",                      [false, true,  true,  true]),
    ("query",       "POST", "/api/v1/query_range?query=up&start=1&end=2&step=1", [false, true, true, true]),
    ("series",      "GET",  "/api/v1/labels",                              [false, true,  true,  true]),
    ("rules",       "GET",  "/api/v1/rules",                               [false, true,  true,  true]),
    ("metadata",    "GET",  "/api/v1/metadata",                            [false, true,  true,  true]),
    ("federate",    "GET",  "/federate?match[]=up",                        [false, false, true,  true]),
    ("remote_read", "POST", "/api/v1/read",                                [false, false, false, true]),
    ("status",      "GET",  "/api/v1/targets",                             [false, false, true,  true]),
    ("config",      "GET",  "/api/v1/status/config",                       [false, false, false, true]),
    ("metrics",     "GET",  "/metrics",                                    [false, false, true,  true]),
    ("write",       "POST", "/api/v1/write",                               [false, false, false, true]),
    ("admin",       "POST", "/api/v1/admin/tsdb/clean_tombstones",         [false, false, false, true]),
    ("admin",       "POST", "/api/v1/admin/tsdb/delete_series?match[]=nothing", [false, false, false, true]),
    ("reload",      "POST", "/-/reload",                                   [false, false, true,  false]),
    ("debug",       "GET",  "/debug/pprof/cmdline",                        [false, false, false, true]),
    ("consoles",    "GET",  "/consoles/nothing.html",                      [false, false, false, true]),
    ("ui",          "GET",  "/graph",                                      [true,  true,  true,  true]),
    ("unknown",     "GET",  "/api/v1/not_yet",                             [false, false, false, true]),
    ("quit",        "POST", "/-/quit",                                     [false, false, false, false]),
];

const WHO: [&str; 4] = ["anonymous", "viewer", "operator", "admin"];

fn rules() -> String {
    let users = WHO[1..].iter().map(|name| ((*name).to_owned(), hashed(name, CHEAP).into()));
    let callers = json!({ "users": serde_json::Map::from_iter(users) });
    // Nobody may stop the server, which has to answer all of this.
    let access = json!([
        { "who": ["anyone"], "may": ["health", "ui"] },
        { "who": ["user:viewer"], "may": ["read"] },
        { "who": ["user:operator"], "may": ["read", "federate", "status", "metrics", "reload"] },
        { "who": ["user:admin"], "may": ["everything"], "except": ["lifecycle"] },
    ]);
    configuration(&callers, &access)
}

/// Starts a server that passes everything on to Prometheus and records it.
fn recording(prometheus: &Prometheus) -> Upstream {
    let client = Client::plain(prometheus.address());
    Upstream::start(move |received| pass_on(&client, received)).unwrap()
}

fn pass_on(client: &Client, received: &Received) -> Reply {
    let mut request = Request::new(&received.method, &received.target).body(received.body.clone());
    if let Some(kind) = received.header("content-type") {
        request = request.header("content-type", kind);
    }
    let answer = client.send(request).unwrap();
    Reply::status(answer.status).body(answer.body)
}

fn everybody_may_do_what_the_table_says_and_nothing_else(host: Host) {
    if tools::need(Program::Prometheus).is_none() {
        return;
    }
    let options = prometheus::Options { admin_api: true, lifecycle: true, ..prometheus::Options::guide() };
    let prometheus = Prometheus::start(options).unwrap();
    let upstream = recording(&prometheus);
    let options = Options { workers: 1, ..Options::configured(upstream.address(), &rules()) };
    let deployment = Deployment::start(host, &options).unwrap();
    let mut passed = Vec::new();
    for (class, method, target, may) in TABLE {
        for (who, may) in WHO.iter().zip(may) {
            if *target == "/-/quit" && *who == "operator" {
                continue;
            }
            let client = match *who {
                "anonymous" => deployment.client(),
                name => deployment.client().user(name, name),
            };
            let answer = client.send(Request::new(method, &format!("/prometheus{target}"))).unwrap();
            let refused = if *who == "anonymous" { 401 } else { 403 };
            // The status of Prometheus itself doesn't matter: an empty remote write is the client's error.
            assert_eq!(
                answer.status != refused,
                *may,
                "{who}, {class}, {target}: {} {}",
                answer.status,
                answer.text()
            );
            if *may {
                passed.push(((*method).to_owned(), (*target).replace("[]", "%5B%5D")));
            } else {
                assert!(answer.text().contains(class), "{who}, {target}: {}", answer.text());
            }
        }
    }
    let arrived: Vec<_> =
        upstream.requests().into_iter().map(|request| (request.method, request.target)).collect();
    assert_eq!(arrived, passed);
    assert_eq!(deployment.client().get("/prometheus/-/healthy").unwrap().status, 200, "it still runs");
}
