//! The client's address and scheme, which the filter takes from a header that the listener writes where the configuration
//! declares it, and from the host otherwise. No client can say either.

use promward_e2e::deployment::{Deployment, Host, Options};
use promward_e2e::on_both_hosts;
use promward_harness::client::Request;
use promward_harness::upstream::{Reply, Upstream};
use serde_json::json;

on_both_hosts! {
    nobody_but_the_listener_says_who_a_client_is,
    a_listener_that_writes_nothing_is_found_out,
    a_lie_in_the_first_request_is_found_out,
    the_truth_from_a_client_helps_nobody_after_it,
    what_is_not_declared_does_not_count,
}

const QUERY: &str = "/prometheus/api/v1/query?query=up";

/// The header as the listener writes it for the clients of these tests.
const TRUE: &str = "127.0.0.1 TLSv1.3";

/// Starts a deployment that lets each address ask twice.
fn start(host: Host, upstream: &Upstream, declared: bool, writes_client: bool) -> Deployment {
    let configuration = json!({
        "mounts": [{ "prefix": "/prometheus", "cluster": "prometheus" }],
        "listener_writes_client": declared,
        "access": [{ "who": ["anyone"], "may": ["query"], "limits": { "rate": "1/h", "burst": 2 } }],
    });
    let options = Options {
        workers: 1,
        writes_client,
        ..Options::configured(upstream.address(), &configuration.to_string())
    };
    Deployment::start(host, &options).unwrap()
}

fn upstream() -> Upstream {
    Upstream::start(|_| Reply::text("ok")).unwrap()
}

/// Sends a request with this value of the header, and returns the status of its answer.
fn says(deployment: &Deployment, value: Option<&str>) -> u16 {
    let mut request = Request::new("GET", QUERY);
    if let Some(value) = value {
        request = request.header("x-promward-client", value);
    }
    deployment.client().send(request).unwrap().status
}

fn lies_in_vain(deployment: &Deployment, upstream: &Upstream) {
    let lie = |number: u8| {
        Request::new("GET", QUERY)
            .header("x-promward-client", format!("203.0.113.{number} -"))
            .header("X-Promward-Client", format!("203.0.113.{number} "))
            .header("connection", "x-promward-client")
            .header("x-envoy-external-address", format!("203.0.113.{number}"))
            .header("x-envoy-internal", "true")
            .header("x-forwarded-proto", "http")
            .header("x-forwarded-for", format!("203.0.113.{number}"))
    };
    assert_eq!(deployment.client().send(lie(1)).unwrap().status, 200);
    let over_http2 = Request::new("GET", QUERY).header("x-promward-client", "203.0.113.2 -");
    assert_eq!(deployment.client().http2().send(over_http2).unwrap().status, 200);
    for number in 3..6 {
        assert_eq!(deployment.client().send(lie(number)).unwrap().status, 429);
    }
    let arrived = upstream.requests();
    assert_eq!(arrived.len(), 2);
    for request in arrived {
        assert_eq!(request.header("x-forwarded-proto").as_deref(), Some("https"));
        for name in ["x-promward-client", "x-envoy-external-address", "x-envoy-internal"] {
            assert_eq!(request.header(name), None, "{name}");
        }
    }
}

fn nobody_but_the_listener_says_who_a_client_is(host: Host) {
    let upstream = upstream();
    lies_in_vain(&start(host, &upstream, true, true), &upstream);
}

fn what_is_not_declared_does_not_count(host: Host) {
    for writes_client in [true, false] {
        let upstream = upstream();
        lies_in_vain(&start(host, &upstream, false, writes_client), &upstream);
    }
}

fn a_listener_that_writes_nothing_is_found_out(host: Host) {
    let upstream = upstream();
    let deployment = start(host, &upstream, true, false);
    for value in [None, Some(TRUE), None] {
        assert_eq!(says(&deployment, value), 503, "{value:?}");
    }
    assert!(upstream.requests().is_empty());
}

fn a_lie_in_the_first_request_is_found_out(host: Host) {
    for lie in ["203.0.113.1 TLSv1.3", "127.0.0.1 ", "127.0.0.1", "::1 TLSv1.3", "x"] {
        let upstream = upstream();
        let deployment = start(host, &upstream, true, false);
        for value in [lie, TRUE] {
            assert_eq!(says(&deployment, Some(value)), 503, "{value:?} after {lie:?}");
        }
        assert!(upstream.requests().is_empty());
    }
}

/// Nothing tells a client that says the truth from a listener. The first honest request does, since it says nothing.
fn the_truth_from_a_client_helps_nobody_after_it(host: Host) {
    let upstream = upstream();
    let deployment = start(host, &upstream, true, false);
    assert_eq!(says(&deployment, Some(TRUE)), 200);
    for value in [None, Some("203.0.113.1 TLSv1.3"), Some(TRUE)] {
        assert_eq!(says(&deployment, value), 503, "{value:?}");
    }
    assert_eq!(upstream.requests().len(), 1);
}
