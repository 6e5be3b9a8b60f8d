//! A new configuration while passwords are checked and remembered. Nobody is let in by what the old one remembered, and
//! no waiting request is lost.

use crate::hosts::callers::set_up::{QUERY, RIGHT, configuration, hashed, upstream};
use promward_e2e::deployment::{Deployment, Host, Options};
use promward_e2e::on_both_hosts;
use promward_harness::client::Request;
use serde_json::json;

on_both_hosts! {
    a_request_that_waits_while_the_rules_change_is_answered,
    nobody_is_let_in_by_what_an_earlier_configuration_knew,
}

/// The cost of a hash whose check takes about half a second.
const SLOW: u32 = 11;

fn with(user: &str, password: &str, cost: u32) -> String {
    let callers = json!({ "users": { user: hashed(password, cost) } });
    configuration(&callers, &json!([{ "who": ["authenticated"], "may": ["query"] }]))
}

fn a_request_that_waits_while_the_rules_change_is_answered(host: Host) {
    let upstream = upstream();
    let options = Options {
        workers: 1,
        watched: true,
        ..Options::configured(upstream.address(), &with("alice", RIGHT, SLOW))
    };
    let deployment = Deployment::start(host, &options).unwrap();
    let open = |password: &str| {
        let client = deployment.client().http2().user("alice", password);
        let mut exchange = client.open(Request::form("/prometheus/api/v1/query")).unwrap();
        exchange.data("query=").unwrap();
        exchange
    };
    let (mut right, mut wrong) = (open(RIGHT), open("another"));
    deployment.wait_for_metric("promward.checks_waiting", 2).unwrap();
    deployment.reconfigure(&with("bob", RIGHT, 4)).unwrap();
    let new = deployment.client().user("bob", RIGHT).get(QUERY).unwrap();
    assert_eq!(new.status, 200);
    for exchange in [&mut right, &mut wrong] {
        // A request that is already refused may not accept its body.
        let _ = exchange.data("up").and_then(|()| exchange.end(&[]));
    }
    assert_eq!([right.answer().unwrap().status, wrong.answer().unwrap().status], [200, 401]);
    assert_eq!(deployment.metric("promward.checks_waiting").unwrap(), 0);
    let bodies: Vec<_> = upstream.requests().into_iter().map(|request| request.body).collect();
    assert!(bodies.contains(&b"query=up".to_vec()) && bodies.len() == 2, "{bodies:?}");
}

fn nobody_is_let_in_by_what_an_earlier_configuration_knew(host: Host) {
    let upstream = upstream();
    let options = Options {
        workers: 1,
        watched: true,
        ..Options::configured(upstream.address(), &with("alice", RIGHT, 4))
    };
    let deployment = Deployment::start(host, &options).unwrap();
    let ask = || deployment.client().user("alice", RIGHT).get(QUERY).unwrap().status;
    assert_eq!(ask(), 200);
    for (configuration, status) in
        [(with("alice", "another", 4), 401), (with("alice", RIGHT, 4), 200), (with("bob", RIGHT, 4), 401)]
    {
        deployment.reconfigure(&configuration).unwrap();
        assert_eq!(ask(), status, "{configuration}");
    }
}
