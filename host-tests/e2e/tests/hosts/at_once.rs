//! Requests at once: the server never has more of a caller than the rule allows, the others wait for their turn, and every
//! place is given back, however a request ends.

use crate::hosts::callers::set_up::{FORM, QUERY, RIGHT, digest, hashed};
use promward_e2e::deployment::{Deployment, Host, Options};
use promward_e2e::on_both_hosts;
use promward_harness::client::{Exchange, Request};
use promward_harness::upstream::{End, Held, Reply, Upstream};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

on_both_hosts! {
    a_storm_never_reaches_the_server_with_more_than_the_limit_and_all_are_answered,
    who_waits_for_too_long_is_refused_and_a_writer_may_come_again,
    a_client_that_goes_away_gives_its_place_back,
    a_request_waits_for_its_password_and_then_for_its_place,
    a_long_answer_keeps_its_place_and_a_stream_of_events_does_not,
    requests_that_wait_while_the_rules_change_are_answered,
}

/// The number of clients of the storm, and how many of them the server may have at once.
const CLIENTS: usize = 200;
const AT_ONCE: usize = 4;

fn configuration(limits: &Value) -> String {
    json!({
        "mounts": [{ "prefix": "/prometheus", "cluster": "prometheus" }],
        "callers": {
            "users": { "alice": hashed(RIGHT, 4) },
            "tokens": { "storm": digest("storm-token"), "other": digest("other-token") },
        },
        "access": [{ "who": ["authenticated"], "may": ["query", "write"], "limits": limits }],
    })
    .to_string()
}

/// A deployment in front of a server that holds each request until the test answers it.
struct Holding {
    deployment: Deployment,
    upstream: Upstream,
}

impl Holding {
    fn start(host: Host, limits: &Value) -> Self {
        Self::started(host, limits, |_| {})
    }

    fn started(host: Host, limits: &Value, change: impl FnOnce(&mut Options)) -> Self {
        let upstream = Upstream::start(|_| Reply::hold()).unwrap();
        let mut options = Options::configured(upstream.address(), &configuration(limits));
        change(&mut options);
        Self { deployment: Deployment::start(host, &options).unwrap(), upstream }
    }

    /// Sends a request whose answer is to come.
    fn ask(&self) -> Exchange {
        let client = self.deployment.client().header("authorization", "Bearer storm-token");
        client.ask(Request::new("GET", QUERY)).unwrap()
    }

    fn held(&self) -> Held {
        self.upstream.held().unwrap()
    }

    fn answer(&self, mut exchange: Exchange, mut held: Held) {
        held.head(200, &[]).unwrap();
        held.end(&[]).unwrap();
        assert_eq!(exchange.answer().unwrap().status, 200);
    }

    fn waiting(&self, number: u64) {
        self.deployment.wait_for_metric("promward.requests_waiting", number).unwrap();
    }

    fn nobody_waits(&self) {
        while self.deployment.metric("promward.requests_waiting").unwrap() > 0 {
            thread::yield_now();
        }
    }
}

fn a_storm_never_reaches_the_server_with_more_than_the_limit_and_all_are_answered(host: Host) {
    let [now, highest] = [0, 0].map(|number| Arc::new(AtomicUsize::new(number)));
    let counted = [&now, &highest].map(Arc::clone);
    let upstream = Upstream::start(move |request| {
        let [now, highest] = &counted;
        if request.target.contains("storm") {
            highest.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            (0..100).for_each(|_| thread::yield_now());
            now.fetch_sub(1, Ordering::SeqCst);
        }
        Reply::text("ok")
    });
    let upstream = upstream.unwrap();
    let limits = json!({ "concurrent": AT_ONCE, "wait": "1m" });
    let options = Options::configured(upstream.address(), &configuration(&limits));
    let deployment = Deployment::start(host, &options).unwrap();
    let client = |token: &str| deployment.client().header("authorization", format!("Bearer {token}-token"));
    let mut answers = BTreeMap::new();
    thread::scope(|scope| {
        let asking: Vec<_> = (0..CLIENTS)
            .map(|_| {
                scope.spawn(|| client("storm").get("/prometheus/api/v1/query?query=storm").unwrap().status)
            })
            .collect();
        for _ in 0..20 {
            assert_eq!(client("other").get(QUERY).unwrap().status, 200, "another caller is served meanwhile");
        }
        for answer in asking {
            *answers.entry(answer.join().unwrap()).or_insert(0) += 1;
        }
    });
    assert_eq!(answers, BTreeMap::from([(200, CLIENTS)]));
    let highest = highest.load(Ordering::SeqCst);
    assert!((1..=AT_ONCE).contains(&highest), "{highest} at once");
    while ["open", "waiting"]
        .iter()
        .any(|what| deployment.metric(&format!("promward.requests_{what}")).unwrap() > 0)
    {
        thread::yield_now();
    }
}

fn who_waits_for_too_long_is_refused_and_a_writer_may_come_again(host: Host) {
    let holding = Holding::start(host, &json!({ "concurrent": 1, "wait": "100ms" }));
    let first = holding.ask();
    let held = holding.held();
    let refused = holding.ask().answer().unwrap();
    assert_eq!(refused.status, 429, "{}", refused.text());
    assert_eq!(refused.header("retry-after").as_deref(), Some("1"));
    assert!(
        refused.text().contains("access[0].limits.concurrent allows 1 requests at once"),
        "{}",
        refused.text()
    );
    let writer = holding.deployment.client().header("authorization", "Bearer storm-token");
    let write = Request::new("POST", "/prometheus/api/v1/write").body("series");
    assert_eq!(writer.send(write).unwrap().status, 503, "Prometheus sends these samples again");
    holding.deployment.wait_for_metric("promward.limited_total.rule=0;.limit=concurrent;", 2).unwrap();
    holding.answer(first, held);
    let next = holding.ask();
    let held = holding.held();
    holding.answer(next, held);
    assert_eq!(holding.upstream.requests().len(), 2, "what was refused never arrived");
}

fn a_client_that_goes_away_gives_its_place_back(host: Host) {
    let holding = Holding::start(host, &json!({ "concurrent": 1, "wait": "1m" }));
    // While it waits.
    let first = holding.ask();
    let held = holding.held();
    let gone = holding.ask();
    holding.waiting(1);
    gone.reset().unwrap();
    holding.nobody_waits();
    holding.answer(first, held);
    // While the server works on it.
    let gone = holding.ask();
    let held = holding.held();
    gone.reset().unwrap();
    held.wait_for_close().unwrap();
    // While its answer comes.
    let mut gone = holding.ask();
    let mut held = holding.held();
    held.head(200, &[]).unwrap();
    held.data(b"a piece").unwrap();
    assert_eq!(gone.head().unwrap().status, 200);
    gone.reset().unwrap();
    held.wait_for_close().unwrap();
    // When the server breaks off, or resets.
    for breaks in [false, true] {
        let mut failed = holding.ask();
        let mut held = holding.held();
        if breaks {
            held.head(200, &[]).unwrap();
            held.data(b"a piece").unwrap();
            assert_eq!(failed.head().unwrap().status, 200);
            held.close();
            assert!(failed.answer().is_err());
        } else {
            held.reset().unwrap();
            assert_eq!(failed.head().unwrap().status, 503);
        }
    }
    let last = holding.ask();
    let held = holding.held();
    holding.answer(last, held);
    assert_eq!(holding.upstream.requests().len(), 6);
}

fn a_request_waits_for_its_password_and_then_for_its_place(host: Host) {
    for stop_iteration in [false, true] {
        let limits = json!({ "concurrent": 1, "wait": "1m" });
        let holding = Holding::started(host, &limits, |options| {
            options.workers = 1;
            options.allow_on_headers_stop_iteration = stop_iteration;
        });
        let client = holding.deployment.client().user("alice", RIGHT);
        let opened = |pieces: &[&str]| {
            let mut exchange = client.open(Request::form(FORM)).unwrap();
            pieces.iter().for_each(|piece| exchange.data(piece).unwrap());
            exchange
        };
        let mut whole = opened(&["query=a"]);
        whole.end(&[]).unwrap();
        let mut later = opened(&["query="]);
        holding.waiting(1);
        later.data("b").unwrap();
        later.end(&[]).unwrap();
        for _ in 0..2 {
            let mut held = holding.held();
            held.head(200, &[]).unwrap();
            held.end(&[]).unwrap();
        }
        assert_eq!([whole, later].map(|mut exchange| exchange.answer().unwrap().status), [200; 2]);
        let mut forms: Vec<_> = holding.upstream.requests().into_iter().map(|request| request.body).collect();
        forms.sort();
        assert_eq!(forms, [b"query=a", b"query=b"]);
        assert!(holding.upstream.requests().iter().all(|request| request.end == End::Clean));
    }
}

fn a_long_answer_keeps_its_place_and_a_stream_of_events_does_not(host: Host) {
    let holding = Holding::start(host, &json!({ "concurrent": 1, "wait": "1m" }));
    let mut long = holding.ask();
    let mut held = holding.held();
    held.head(200, &[]).unwrap();
    held.data(b"a piece").unwrap();
    assert_eq!(long.head().unwrap().status, 200);
    let mut events = holding.ask();
    holding.waiting(1);
    held.data(b" and another").unwrap();
    held.end(&[]).unwrap();
    assert_eq!(long.answer().unwrap().text(), "a piece and another");

    let mut stream = holding.held();
    stream.head(200, &[("content-type", "text/event-stream")]).unwrap();
    stream.data(b"data: 1\n\n").unwrap();
    assert_eq!(events.event(b"\n\n").unwrap().as_deref(), Some(&b"data: 1\n\n"[..]));
    let next = holding.ask();
    let held = holding.held();
    holding.answer(next, held);
    stream.data(b"data: 2\n\n").unwrap();
    assert_eq!(events.event(b"\n\n").unwrap().as_deref(), Some(&b"data: 2\n\n"[..]));
}

fn requests_that_wait_while_the_rules_change_are_answered(host: Host) {
    let limits = json!({ "concurrent": 1, "wait": "1m" });
    let holding = Holding::started(host, &limits, |options| {
        options.workers = 1;
        options.watched = true;
    });
    let first = holding.ask();
    let held = holding.held();
    let second = holding.ask();
    holding.waiting(1);
    holding.deployment.reconfigure(&configuration(&json!({ "concurrent": 2 }))).unwrap();
    // The new configuration counts from zero.
    let third = holding.ask();
    let third_held = holding.held();
    holding.answer(first, held);
    let held = holding.held();
    holding.answer(second, held);
    holding.answer(third, third_held);
}
