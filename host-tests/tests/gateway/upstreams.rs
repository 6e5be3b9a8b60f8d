//! An upstream that fails, a client that goes, and a module that names no cluster.

use std::time::Duration;

use promward_host_tests::{
    client::Request,
    upstream::{End, Nobody, Reply, Upstream},
};

use crate::set_up::SetUp;

#[test]
fn only_a_cluster_that_there_is_leads_anywhere() {
    let upstream = Upstream::start(|_| Reply::text("ok")).unwrap();
    let set_up = SetUp::new(upstream.address());
    assert_eq!(set_up.unrouted().get("/").unwrap().status, 404);
    assert_eq!(set_up.unrouted().header("x-promward-cluster", "other").get("/").unwrap().status, 404);
    assert_eq!(upstream.requests().len(), 0);
    assert_eq!(set_up.client().get("/").unwrap().status, 200);
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

    // Once the answer has begun, it may take as long as it likes.
    let mut exchange = set_up.client().open(Request::new("GET", "/")).unwrap();
    let mut held = loop {
        exchange.end(&[]).unwrap();
        let mut held = upstream.held().unwrap();
        // On a slow machine the 50 ms may be over before the head is written: then there was a 504 once more.
        if held.head(200, &[]).is_ok() && exchange.head().is_ok_and(|head| head.status == 200) {
            break held;
        }
        exchange = set_up.client().open(Request::new("GET", "/")).unwrap();
    };
    held.data(b"late").unwrap();
    held.end(&[]).unwrap();
    assert_eq!(exchange.answer().unwrap().text(), "late");
}

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
