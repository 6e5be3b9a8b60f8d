//! Rates, which are counted by rule and caller, over all workers together.

use crate::hosts::callers::set_up::{CHEAP, QUERY, RIGHT, basic, configuration, digest, hashed, upstream};
use promward_e2e::deployment::{Deployment, Host, Options};
use promward_e2e::on_every_host;
use promward_harness::client::Client;
use promward_harness::upstream::Upstream;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

on_every_host! {
    four_workers_let_exactly_the_burst_pass,
    callers_and_rules_count_apart,
    unknown_callers_are_counted_by_address,
    a_new_configuration_starts_new_counts,
}

const HEALTH: &str = "/prometheus/-/healthy";

fn limited(access: &Value) -> String {
    let callers = json!({
        "users": { "alice": hashed(RIGHT, CHEAP) },
        "tokens": { "one": digest("one"), "two": digest("two") },
    });
    configuration(&callers, access)
}

fn deployment(host: Host, upstream: &Upstream, access: &Value) -> Deployment {
    let options =
        Options { workers: 4, watched: true, ..Options::configured(upstream.address(), &limited(access)) };
    Deployment::start(host, &options).unwrap()
}

fn status(client: &Client, authorization: &str, target: &str) -> u16 {
    client.clone().header("authorization", authorization).get(target).unwrap().status
}

fn four_workers_let_exactly_the_burst_pass(host: Host) {
    let upstream = upstream();
    let access =
        json!([{ "who": ["token:one"], "may": ["query"], "limits": { "rate": "1/h", "burst": 40 } }]);
    let deployment = deployment(host, &upstream, &access);
    let (passed, limited) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for _ in 0..5 {
                    match status(&deployment.client(), "Bearer one", QUERY) {
                        200 => passed.fetch_add(1, Ordering::SeqCst),
                        429 => limited.fetch_add(1, Ordering::SeqCst),
                        other => panic!("{other}"),
                    };
                }
            });
        }
    });
    assert_eq!((passed.into_inner(), limited.into_inner(), upstream.requests().len()), (40, 40, 40));
    let answer = deployment.client().header("authorization", "Bearer one").get(QUERY).unwrap();
    assert_eq!(answer.header("retry-after").as_deref(), Some("3600"));
    assert_eq!(
        answer.json().unwrap(),
        json!({ "status": "error", "errorType": "throttled",
                "error": "access[0].limits allows 1/h, 40 of them at once: try again in 3600 s" })
    );
    assert_eq!(deployment.metric("promward.limited_total.rule=0;.limit=rate;").unwrap(), 41);
}

fn callers_and_rules_count_apart(host: Host) {
    let upstream = upstream();
    let limits = json!({ "rate": "1/h" });
    let access = json!([
        { "who": ["authenticated"], "may": ["query"], "limits": limits },
        { "who": ["authenticated"], "may": ["info"], "limits": limits },
        { "who": ["authenticated"], "may": ["series"] },
    ]);
    let deployment = deployment(host, &upstream, &access);
    let alice = basic("alice", RIGHT);
    for authorization in ["Bearer one", "Bearer two", &alice] {
        let statuses =
            [QUERY, QUERY, "/prometheus/version", "/prometheus/version", "/prometheus/api/v1/labels"]
                .map(|target| status(&deployment.client(), authorization, target));
        assert_eq!(statuses, [200, 429, 200, 429, 200], "{authorization}");
    }
}

fn unknown_callers_are_counted_by_address(host: Host) {
    let upstream = upstream();
    let access = json!([{ "who": ["anyone"], "may": ["health"], "limits": { "rate": "2/h" } }]);
    let deployment = deployment(host, &upstream, &access);
    let from = |last: u8| deployment.client().source([127, 0, 0, last].into()).get(HEALTH).unwrap().status;
    assert_eq!([1, 1, 1, 2, 2, 2].map(from), [200, 200, 429, 200, 200, 429]);
    // The client's own word for its address doesn't count.
    let client = deployment.client().header("x-forwarded-for", "192.0.2.1").header("x-real-ip", "192.0.2.1");
    assert_eq!(client.get(HEALTH).unwrap().status, 429);
}

fn a_new_configuration_starts_new_counts(host: Host) {
    let upstream = upstream();
    let access = |rate: &str| json!([{ "who": ["token:one"], "may": ["query"], "limits": { "rate": rate } }]);
    let deployment = deployment(host, &upstream, &access("1/h"));
    let ask = || status(&deployment.client(), "Bearer one", QUERY);
    assert_eq!([ask(), ask()], [200, 429]);
    deployment.reconfigure(&limited(&access("2/h"))).unwrap();
    assert_eq!([ask(), ask(), ask()], [200, 200, 429]);
}
