//! Requests whose password has to be checked first: they reach the server byte for byte, whatever their bodies do while
//! they wait, in both of Envoy's modes.

use crate::hosts::callers::set_up::{FORM, QUERY, RIGHT, WRONG, configuration, hashed, options, upstream};
use promward_e2e::deployment::{Deployment, Host};
use promward_e2e::on_both_hosts;
use promward_harness::client::{Client, Exchange, Request};
use promward_harness::upstream::{End, Received, Upstream};
use serde_json::json;

on_both_hosts! {
    a_request_without_a_body_waits,
    a_form_that_comes_at_once_waits,
    a_form_that_ends_after_its_check_is_read_whole,
    a_form_that_can_be_read_in_two_ways_is_refused_after_its_check,
    a_form_that_grows_too_long_while_it_waits_is_refused,
    a_form_that_ends_in_trailers_is_refused_after_its_check,
    a_body_that_nobody_reads_arrives_as_it_came,
    a_body_that_nobody_reads_arrives_with_its_trailers,
    a_long_body_that_nobody_reads_waits_where_the_host_waits_with_it,
    a_client_that_goes_away_takes_its_check_with_it,
    the_next_request_after_a_client_has_left_is_served,
    a_request_that_is_not_allowed_is_refused_after_its_check,
}

/// A cost that is high enough for a piece of body to come before the end of the check, on any machine.
const SLOW: u32 = 9;

const WRITE: &str = "/prometheus/api/v1/write";

/// A deployment of one user who may query and write, in one of Envoy's modes.
struct Waiting {
    deployment: Deployment,
    upstream: Upstream,
    stop_iteration: bool,
}

/// Runs a scenario in both modes, each with a deployment of its own.
fn in_both_modes(host: Host, cost: u32, scenario: impl Fn(&Waiting)) {
    for stop_iteration in [false, true] {
        let upstream = upstream();
        let callers = json!({ "users": { "alice": hashed(RIGHT, cost) } });
        let access = json!([{ "who": ["user:alice"], "may": ["query", "write"] }]);
        let mut options = options(&upstream, &configuration(&callers, &access));
        options.allow_on_headers_stop_iteration = stop_iteration;
        scenario(&Waiting {
            deployment: Deployment::start(host, &options).unwrap(),
            upstream,
            stop_iteration,
        });
    }
}

impl Waiting {
    fn clients(&self, password: &str) -> [Client; 2] {
        let client = self.deployment.client().user("alice", password);
        [client.clone(), client.http2()]
    }

    /// Waits until a check has ended.
    fn checked(&self, outcome: &str, number: u64) {
        self.deployment
            .wait_for_metric(&format!("promward.checks_total.outcome={outcome};"), number)
            .unwrap();
    }

    /// Returns the requests that have arrived complete, after a later request has arrived.
    fn arrived(&self) -> Vec<Received> {
        self.upstream.requests().into_iter().filter(|request| request.end == End::Clean).collect()
    }

    fn nothing_arrived(&self) {
        assert!(self.upstream.requests().is_empty(), "{:?}", self.upstream.requests());
    }
}

/// Begins an exchange with these pieces of body.
fn open(client: &Client, request: Request, pieces: &[&str]) -> Exchange {
    let mut exchange = client.open(request).unwrap();
    for piece in pieces {
        exchange.data(piece).unwrap();
    }
    exchange
}

fn a_request_without_a_body_waits(host: Host) {
    in_both_modes(host, SLOW, |waiting| {
        let [client, _] = waiting.clients(WRONG);
        assert_eq!(client.get(QUERY).unwrap().status, 401);
        waiting.nothing_arrived();
        let [_, client] = waiting.clients(RIGHT);
        assert_eq!(client.get(QUERY).unwrap().status, 200);
        let request = waiting.upstream.wait_for(0).unwrap();
        assert_eq!((request.target.as_str(), request.body_length), ("/api/v1/query?query=up", 0));
        assert_eq!(request.header("authorization"), None);
        assert_eq!(request.header("x-forwarded-user").as_deref(), Some("user:alice"));
    });
}

fn a_form_that_comes_at_once_waits(host: Host) {
    in_both_modes(host, SLOW, |waiting| {
        for client in waiting.clients(WRONG) {
            assert_eq!(client.send(Request::form(FORM).body("query=up")).unwrap().status, 401);
        }
        waiting.nothing_arrived();
        for (number, client) in waiting.clients(RIGHT).into_iter().enumerate() {
            assert_eq!(
                client.send(Request::form(FORM).body("query=sum%28up%29&time=1")).unwrap().status,
                200
            );
            let request = waiting.upstream.wait_for(number).unwrap();
            assert_eq!(String::from_utf8_lossy(&request.body), "query=sum%28up%29&time=1");
            assert_eq!((request.target.as_str(), request.end), ("/api/v1/query", End::Clean));
            assert_eq!(request.header("authorization"), None);
        }
    });
}

fn a_form_that_ends_after_its_check_is_read_whole(host: Host) {
    for http2 in [false, true] {
        in_both_modes(host, SLOW, |waiting| {
            let client = |password| waiting.clients(password)[usize::from(http2)].clone();
            let mut wrong = open(&client(WRONG), Request::form(FORM), &["query=", "u"]);
            assert_eq!(wrong.head().unwrap().status, 401);
            // The server may have closed the connection, so that the rest can't be sent.
            let _ = wrong.data("p").and_then(|()| wrong.end(&[]));
            waiting.nothing_arrived();

            let mut right = open(&client(RIGHT), Request::form(FORM), &["que", "ry=u"]);
            waiting.checked("right", 1);
            assert!(waiting.arrived().is_empty());
            right.data("p+%2B").unwrap();
            right.data("+1").unwrap();
            right.end(&[]).unwrap();
            assert_eq!(right.answer().unwrap().status, 200);
            let request = waiting.upstream.wait_for(0).unwrap();
            assert_eq!(String::from_utf8_lossy(&request.body), "query=up+%2B+1");
            assert_eq!(waiting.arrived().len(), 1);
        });
    }
}

fn a_form_that_can_be_read_in_two_ways_is_refused_after_its_check(host: Host) {
    in_both_modes(host, SLOW, |waiting| {
        let [client, _] = waiting.clients(RIGHT);
        let answer = client.send(Request::form(FORM).body("query=up&query=down")).unwrap();
        assert_eq!(answer.status, 400, "{}", answer.text());
        assert_eq!(client.send(Request::form(FORM).body("query=up")).unwrap().status, 200);
        assert_eq!(waiting.arrived().len(), 1);
    });
}

fn a_form_that_grows_too_long_while_it_waits_is_refused(host: Host) {
    in_both_modes(host, SLOW, |waiting| {
        let [client, _] = waiting.clients(RIGHT);
        let long = format!("query={}", "a".repeat(300 << 10));
        let mut exchange = client.open(Request::form(FORM)).unwrap();
        // The answer may come before the whole request was sent.
        let _ = exchange.data(&long).and_then(|()| exchange.end(&[]));
        assert_eq!(exchange.head().unwrap().status, 413);
        assert_eq!(client.send(Request::form(FORM).body("query=up")).unwrap().status, 200);
        assert_eq!(waiting.arrived().len(), 1);
    });
}

fn a_form_that_ends_in_trailers_is_refused_after_its_check(host: Host) {
    for (password, status) in [(WRONG, 401), (RIGHT, 400)] {
        in_both_modes(host, SLOW, |waiting| {
            let [_, client] = waiting.clients(password);
            let answer =
                client.send(Request::form(FORM).body("query=up").trailer("x-anything", "1")).unwrap();
            assert_eq!(answer.status, status, "{}", answer.text());
            assert!(waiting.arrived().is_empty());
        });
    }
}

fn a_body_that_nobody_reads_arrives_as_it_came(host: Host) {
    for http2 in [false, true] {
        in_both_modes(host, SLOW, |waiting| {
            let client = |password| waiting.clients(password)[usize::from(http2)].clone();
            let write = || Request::new("POST", WRITE).header("content-type", "application/x-protobuf");
            let mut wrong = open(&client(WRONG), write(), &["\x01first"]);
            assert_eq!(wrong.head().unwrap().status, 401);
            waiting.nothing_arrived();

            let mut right = open(&client(RIGHT), write(), &["\x01first", "second"]);
            waiting.checked("right", 1);
            right.data("third").unwrap();
            right.end(&[]).unwrap();
            assert_eq!(right.answer().unwrap().status, 200);
            let request = waiting.upstream.wait_for(0).unwrap();
            assert_eq!(String::from_utf8_lossy(&request.body), "\x01firstsecondthird");
            assert_eq!(request.header("content-type").as_deref(), Some("application/x-protobuf"));
        });
    }
}

fn a_body_that_nobody_reads_arrives_with_its_trailers(host: Host) {
    in_both_modes(host, SLOW, |waiting| {
        let write = || Request::new("POST", WRITE).body("all of it").trailer("x-anything", "1");
        let [_, client] = waiting.clients(WRONG);
        assert_eq!(client.send(write()).unwrap().status, 401);
        waiting.nothing_arrived();
        let [_, client] = waiting.clients(RIGHT);
        assert_eq!(client.send(write()).unwrap().status, 200);
        assert_eq!(String::from_utf8_lossy(&waiting.upstream.wait_for(0).unwrap().body), "all of it");
    });
}

/// A remote write that is longer than Envoy's buffers, of a client whose password isn't known yet. By default Envoy
/// reads more slowly meanwhile. In the other mode it buffers what the filter is shown, and refuses the rest.
fn a_long_body_that_nobody_reads_waits_where_the_host_waits_with_it(host: Host) {
    in_both_modes(host, SLOW, |waiting| {
        let write = || Request::new("POST", WRITE).body("a".repeat(2 << 20));
        let [client, _] = waiting.clients(RIGHT);
        let refused = waiting.stop_iteration;
        assert_eq!(client.send(write()).unwrap().status, if refused { 413 } else { 200 });
        let whole = waiting.arrived().iter().filter(|request| request.body_length == 2 << 20).count();
        assert_eq!(whole, usize::from(!refused));
        assert_eq!(client.get(QUERY).unwrap().status, 200);
        assert_eq!(client.send(write()).unwrap().status, 200, "once the password is known");
    });
}

fn a_client_that_goes_away_takes_its_check_with_it(host: Host) {
    const A_SECOND: u32 = 12;
    for (http2, request, pieces) in [
        (false, Request::new("GET", QUERY), &[][..]),
        (true, Request::new("GET", QUERY), &[]),
        (false, Request::form(FORM), &["query="]),
        (true, Request::form(FORM), &["query="]),
    ] {
        in_both_modes(host, A_SECOND, |waiting| {
            let client = waiting.clients(RIGHT)[usize::from(http2)].clone();
            let exchange = open(&client, request.clone(), pieces);
            waiting.deployment.wait_for_metric("promward.checks_waiting", 1).unwrap();
            exchange.reset().unwrap();
            while waiting.deployment.metric("promward.checks_waiting").unwrap() > 0 {
                std::thread::yield_now();
            }
            for outcome in ["right", "wrong"] {
                assert_eq!(
                    waiting.deployment.metric(&format!("promward.checks_total.outcome={outcome};")).unwrap(),
                    0
                );
            }
            waiting.nothing_arrived();
        });
    }
}

/// The tick ends when no request waits, and has to begin again for the next one.
fn the_next_request_after_a_client_has_left_is_served(host: Host) {
    in_both_modes(host, SLOW, |waiting| {
        let [client, _] = waiting.clients(RIGHT);
        for number in 0..5 {
            let [gone, _] = waiting.clients(&format!("guess {number}"));
            let exchange = open(&gone, Request::new("GET", QUERY), &[]);
            waiting.deployment.wait_for_metric("promward.checks_waiting", 1).unwrap();
            exchange.reset().unwrap();
            while waiting.deployment.metric("promward.checks_waiting").unwrap() > 0 {
                std::thread::yield_now();
            }
            // This takes long enough for the ticks to end.
            assert_eq!(waiting.deployment.client().get(QUERY).unwrap().status, 401);
        }
        assert_eq!(client.get(QUERY).unwrap().status, 200);
    });
}

fn a_request_that_is_not_allowed_is_refused_after_its_check(host: Host) {
    in_both_modes(host, SLOW, |waiting| {
        let [client, _] = waiting.clients(RIGHT);
        let request = Request::form("/prometheus/api/v1/admin/tsdb/delete_series").body("match[]=up");
        let answer = client.send(request).unwrap();
        assert_eq!(answer.status, 403, "{}", answer.text());
        assert!(answer.text().contains("admin") && answer.text().contains("user:alice"), "{}", answer.text());
        waiting.nothing_arrived();
    });
}
