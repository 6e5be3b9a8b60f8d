//! An upstream that fails, a client that leaves, and a module that names no cluster.

use std::{
    fs, iter,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use promward_embedded::gateway::Options;
use promward_embedded::host::{Plugin, Settings};
use promward_harness::client::{Client, Request};
use promward_harness::upstream::{End, Nobody, Reply, Upstream};

use crate::hosts::gateway::set_up::SetUp;

#[test]
fn only_the_module_picks_the_cluster() {
    let upstream = Upstream::start(|_| Reply::text("ok")).unwrap();
    let configuration = r#"{
        "mounts": [{ "prefix": "/here", "cluster": "here" }, { "prefix": "/there", "cluster": "there" }],
        "elsewhere": "pass",
        "access": [{ "who": ["anyone"], "may": ["everything"] }]
    }"#;
    let module = fs::read(promward_module::build().unwrap()).unwrap();
    let plugin = Plugin::load(Settings::new(module, configuration)).unwrap();
    let set_up = SetUp::with(upstream.address(), |options| {
        Options { upstream: None, plugin, ..options }.cluster("here", upstream.address())
    });
    let status = |client: Client, target| client.get(target).unwrap().status;
    assert_eq!(status(set_up.client(), "/here/"), 200);
    assert_eq!(upstream.requests()[0].header("x-promward-cluster"), None);
    assert_eq!(status(set_up.client(), "/there/"), 404, "there is no such cluster");
    assert_eq!(status(set_up.client(), "/"), 404, "the module names none");
    assert_eq!(status(set_up.client().header("x-promward-cluster", "here"), "/"), 404, "the client may not");
    assert_eq!(upstream.requests().len(), 1);
}

#[test]
fn an_upstream_that_is_gone_is_503() {
    let nobody = Nobody::bind().unwrap();
    let set_up = SetUp::new(nobody.address().unwrap());
    let answer = set_up.client().get("/").unwrap();
    assert_eq!(answer.status, 503);
    assert!(answer.text().contains("connection failure"), "{}", answer.text());

    let upstream = Upstream::start(|request| match request.target.as_str() {
        "/close" => Reply::close(),
        "/reset" => Reply::reset(),
        _ => Reply::raw("HTTP/1.1 200 OK\r\nx:"),
    })
    .unwrap();
    let set_up = SetUp::new(upstream.address());
    for target in ["/close", "/reset", "/half"] {
        let answer = set_up.client().send(Request::new("POST", target).body("x")).unwrap();
        assert_eq!(answer.status, 503, "{target}");
        assert!(answer.text().contains("connection termination"), "{}", answer.text());
    }
}

#[test]
fn an_upstream_that_talks_garbage_is_502() {
    let garbage = ["garbage\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n"];
    let upstream = Upstream::start(move |request| {
        let number: usize = request.target.trim_start_matches('/').parse().unwrap();
        Reply::raw(garbage[number])
    })
    .unwrap();
    let set_up = SetUp::new(upstream.address());
    for (number, shown) in garbage.iter().enumerate() {
        assert_eq!(set_up.client().get(&format!("/{number}")).unwrap().status, 502, "{shown:?}");
    }
}

#[test]
fn an_upstream_that_keeps_silent_is_504() {
    let upstream = Upstream::start(|_| Reply::hold()).unwrap();
    let set_up = SetUp::with(upstream.address(), |mut options| {
        options.timeout = Duration::from_millis(50);
        options
    });
    let answer = set_up.client().get("/").unwrap();
    assert_eq!((answer.status, answer.text().as_str()), (504, "upstream request timeout"));
    upstream.held().unwrap().wait_for_close().unwrap();
}

#[test]
fn an_answer_that_has_begun_may_take_its_time() {
    let upstream = Upstream::start_early(|_| Reply::hold()).unwrap();
    let set_up = SetUp::with(upstream.address(), |mut options| {
        options.timeout = Duration::from_millis(50);
        options
    });
    let mut exchange = set_up.client().open(Request::new("POST", "/")).unwrap();
    let mut held = upstream.held().unwrap();
    held.head(200, &[]).unwrap();
    assert_eq!(exchange.head().unwrap().status, 200);
    exchange.end(&[]).unwrap();
    upstream.wait_for(0).unwrap();
    assert_eq!(set_up.client().get("/silent").unwrap().status, 504, "by now the time is over");
    held.data(b"late").unwrap();
    held.end(&[]).unwrap();
    assert_eq!(exchange.answer().unwrap().text(), "late");
}

#[test]
fn a_client_that_does_not_read_holds_the_upstream_back() {
    let sent = Arc::new(AtomicUsize::new(0));
    let upstream = Upstream::start({
        let sent = Arc::clone(&sent);
        move |request| {
            let counter = (request.target == "/unread").then(|| Arc::clone(&sent));
            let piece = move || {
                if let Some(counter) = &counter {
                    counter.fetch_add(PIECE, Ordering::SeqCst);
                }
                vec![0; PIECE]
            };
            Reply::pieces(iter::repeat_with(piece).take(1024))
        }
    })
    .unwrap();
    let set_up = SetUp::new(upstream.address());
    for client in [set_up.client(), set_up.client().http2()] {
        sent.store(0, Ordering::SeqCst);
        let mut unread = client.open(Request::new("GET", "/unread")).unwrap();
        unread.end(&[]).unwrap();
        unread.head().unwrap();
        // While this request ends on the same worker, the unread one gets no further than the buffers.
        assert_eq!(client.get("/read").unwrap().body.len(), 1024 * PIECE);
        let sent = sent.load(Ordering::SeqCst);
        assert!(sent < 512 * PIECE, "{sent} bytes were taken from the upstream");
    }
}

/// The length of a piece of a long answer, in bytes.
const PIECE: usize = 64 * 1024;

#[test]
fn an_answer_that_breaks_off_is_not_made_whole() {
    let upstream = Upstream::start(|_| Reply::hold()).unwrap();
    let set_up = SetUp::new(upstream.address());
    for client in [set_up.client(), set_up.client().http2()] {
        for reset in [false, true] {
            let mut exchange = client.open(Request::new("GET", "/")).unwrap();
            exchange.end(&[]).unwrap();
            let mut held = upstream.held().unwrap();
            held.head(200, &[]).unwrap();
            held.data(b"half").unwrap();
            assert_eq!(exchange.piece().unwrap().unwrap().as_ref(), b"half");
            if reset {
                held.reset().unwrap();
            } else {
                held.close();
            }
            exchange.piece().expect_err("an answer that broke off seems whole");
        }
    }
}

#[test]
fn a_client_that_goes_takes_its_upstream_request_along() {
    let upstream = Upstream::start(|_| Reply::hold()).unwrap();
    let set_up = SetUp::new(upstream.address());
    for client in [set_up.client(), set_up.client().http2()] {
        let mut exchange = client.open(Request::new("GET", "/before-the-answer")).unwrap();
        exchange.end(&[]).unwrap();
        let held = upstream.held().unwrap();
        exchange.reset().unwrap();
        held.wait_for_close().unwrap();

        let mut exchange = client.open(Request::new("GET", "/in-the-answer")).unwrap();
        exchange.end(&[]).unwrap();
        let mut held = upstream.held().unwrap();
        held.head(200, &[]).unwrap();
        exchange.head().unwrap();
        drop(exchange);
        held.wait_for_close().unwrap();

        let number = upstream.requests().len();
        let mut exchange = client.open(Request::new("POST", "/in-the-request")).unwrap();
        exchange.data("half").unwrap();
        upstream
            .wait_until(|requests| requests.get(number).is_some_and(|request| request.body == b"half"))
            .unwrap();
        exchange.reset().unwrap();
        assert_eq!(upstream.wait_for(number).unwrap().end, End::Cut);
    }
}

#[test]
fn connections_to_the_upstream_are_kept() {
    let upstream = Upstream::start(|request| match request.target.as_str() {
        "/last" => Reply::text("ok").header("connection", "close"),
        _ => Reply::text("ok"),
    })
    .unwrap();
    let set_up = SetUp::new(upstream.address());
    for target in ["/", "/", "/last", "/"] {
        assert_eq!(set_up.client().send(Request::new("POST", target).body("x")).unwrap().status, 200);
    }
    let connections: Vec<_> = upstream.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [0, 0, 0, 1]);
}
