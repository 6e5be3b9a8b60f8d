//! A server that isn't there, or that doesn't answer.

use crate::endurance::failures::set_up::{
    FILTERED, LIVE, OPAQUE, QUERY, SetUp, USER, configuration, healthy,
};
use promward_e2e::deployment::{Deployment, Host, Open, Options};
use promward_e2e::on_both_hosts;
use promward_harness::client::Request;
use promward_harness::upstream::{Nobody, Reply, Upstream};
use serde_json::json;

on_both_hosts! {
    a_server_that_comes_back_is_asked_again,
    a_server_that_says_nothing_is_left_when_the_client_leaves,
}

const TARGETS: [&str; 5] = [QUERY, FILTERED, "/prometheus/graph", OPAQUE, LIVE];

fn a_server_that_comes_back_is_asked_again(host: Host) {
    let nobody = Nobody::bind().unwrap();
    let options = Options::configured(nobody.address().unwrap(), &configuration(&json!(USER)));
    let deployment = Deployment::start(host, &options).unwrap();
    let all_fail = || {
        for client in [deployment.client(), deployment.client().http2()] {
            for target in TARGETS {
                let answer = client.get(target).unwrap();
                assert!((502..=503).contains(&answer.status), "{target}: {}", answer.status);
                assert!(!answer.body.is_empty(), "{target}: there is no reason");
            }
        }
    };
    all_fail();
    let upstream = nobody.listen(healthy).unwrap();
    for client in [deployment.client(), deployment.client().http2()] {
        for target in TARGETS {
            let answer = client.get(target).unwrap();
            assert!(matches!(answer.status, 200 | 302), "{target}: {} {}", answer.status, answer.text());
        }
    }
    drop(upstream);
    deployment.wait_until_open("the server's connections to be noticed", |open| open.upstream == 0).unwrap();
    all_fail();
    deployment.wait_until_open("failures to be over", Open::is_idle).unwrap();
}

fn a_server_that_says_nothing_is_left_when_the_client_leaves(host: Host) {
    let upstream =
        Upstream::start(
            |request| if request.target == "/-/healthy" { healthy(request) } else { Reply::hold() },
        );
    let set_up = SetUp::start(host, upstream.unwrap());
    for client in set_up.clients() {
        for target in TARGETS {
            for begun in [false, true] {
                let exchange = client.ask(Request::new("GET", target)).unwrap();
                let mut held = set_up.upstream.held().unwrap();
                if begun {
                    held.raw(b"HTTP/1.1 200 OK\r\ncontent-type: application/js").unwrap();
                }
                exchange.reset().unwrap();
                held.wait_for_close().unwrap();
            }
        }
    }
    set_up.is_whole("a silent server");
    set_up.comes_back();
}
