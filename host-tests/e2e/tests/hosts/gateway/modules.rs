//! Checks that the module's actions reach the wire: pauses, releases and replies from the tick, resets, limits and
//! traps.

use std::{
    fs,
    sync::{Arc, mpsc},
    time::Duration,
};

use promward_embedded::gateway::Options;
use promward_embedded::host::{Plugin, Settings};
use promward_harness::client::{Client, Request};
use promward_harness::upstream::{Reply, Upstream};

use crate::hosts::gateway::set_up::SetUp;

/// A gateway with the probe. Tests can wait for the probe's lines.
struct Probed {
    upstream: Upstream,
    set_up: SetUp,
    lines: mpsc::Receiver<String>,
}

impl Probed {
    fn new() -> Self {
        let upstream = Upstream::start(|_| Reply::pieces([b"one".to_vec(), b"two".to_vec()])).unwrap();
        let (log, lines) = mpsc::channel();
        let module = fs::read(promward_module::build_package("promward-probe").unwrap()).unwrap();
        let settings = Settings {
            buffer_limit: 64 * 1024,
            log: Arc::new(move |_, line| drop(log.send(line.to_owned()))),
            ..Settings::new(module, "")
        };
        let plugin = Plugin::load(settings).unwrap();
        let set_up = SetUp::with(upstream.address(), |options| Options { plugin, ..options });
        Self { upstream, set_up, lines }
    }

    /// Returns a client whose requests do what `script` says.
    fn client(&self, script: &str) -> Client {
        self.set_up.client().header("x-probe", script)
    }

    fn clients(&self, script: &str) -> [Client; 2] {
        [self.client(script), self.client(script).http2()]
    }

    fn wait_for(&self, text: &str) {
        while !self.lines.recv_timeout(Duration::from_secs(60)).unwrap().contains(text) {}
    }

    /// Lets the tick do something to all streams.
    fn tell(&self, what: &str) {
        assert_eq!(self.set_up.client().header("x-probe-tell", what).get("/").unwrap().text(), "told");
    }
}

#[test]
fn a_paused_request_is_released_by_the_tick() {
    let probed = Probed::new();
    for client in probed.clients("request_headers=pause") {
        let before = probed.upstream.requests().len();
        let mut exchange = client.open(Request::new("POST", "/")).unwrap();
        exchange.data("body").unwrap();
        exchange.end(&[]).unwrap();
        probed.wait_for("request_headers returns Pause");
        assert_eq!(probed.upstream.requests().len(), before);
        probed.tell("resume");
        assert_eq!(exchange.answer().unwrap().text(), "onetwo");
        assert_eq!(probed.upstream.requests()[before].body, b"body");
    }
}

#[test]
fn a_paused_request_is_answered_by_the_tick() {
    let probed = Probed::new();
    for client in probed.clients("request_headers=pause") {
        let mut exchange = client.open(Request::new("GET", "/")).unwrap();
        probed.wait_for("request_headers returns Pause");
        probed.tell("reply");
        let answer = exchange.answer().unwrap();
        assert_eq!((answer.status, answer.text().as_str()), (403, "no"));
    }
    assert_eq!(probed.upstream.requests().len(), 0);
}

#[test]
fn a_paused_answer_is_released_by_the_tick() {
    let probed = Probed::new();
    for client in probed.clients("response_headers=pause") {
        let mut exchange = client.open(Request::new("GET", "/")).unwrap();
        exchange.end(&[]).unwrap();
        probed.wait_for("response_headers returns Pause");
        probed.tell("resume_response");
        assert_eq!(exchange.answer().unwrap().text(), "onetwo");
    }
}

#[test]
fn a_reset_by_the_module_is_one_for_the_client() {
    let probed = Probed::new();
    for script in ["request_headers=close", "response_headers=close", "response_body=close"] {
        for client in probed.clients(script) {
            client.get("/").expect_err(script);
        }
    }
    for client in probed.clients("request_headers=pause") {
        let mut exchange = client.open(Request::new("GET", "/")).unwrap();
        probed.wait_for("request_headers returns Pause");
        probed.tell("close");
        exchange.head().expect_err("an answer after a reset");
    }
}

#[test]
fn a_client_that_goes_is_told_to_the_module() {
    let probed = Probed::new();
    for client in probed.clients("request_headers=pause") {
        let exchange = client.open(Request::new("GET", "/")).unwrap();
        probed.wait_for("request_headers returns Pause");
        exchange.reset().unwrap();
        probed.wait_for("probe: delete");
    }
}

#[test]
fn a_body_that_is_held_back_has_a_bound() {
    let probed = Probed::new();
    for client in probed.clients("request_body=hold") {
        let body = vec![b'x'; 1024 * 1024];
        assert_eq!(client.send(Request::new("POST", "/").body(body)).unwrap().status, 413);
        let answer = client.send(Request::new("POST", "/").body(vec![b'x'; 32 * 1024])).unwrap();
        assert_eq!(answer.status, 200);
    }
}

#[test]
fn a_trap_is_answered_503() {
    let probed = Probed::new();
    for client in probed.clients("request_headers=trap") {
        assert_eq!(client.get("/").unwrap().status, 503);
    }
    assert_eq!(probed.client("").get("/").unwrap().status, 503);
}
