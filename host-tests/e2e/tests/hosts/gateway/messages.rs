//! Requests and answers that pass through the gateway, and their form on the other side.

use std::{iter, thread};

use http::Version;
use promward_harness::client::{Client, Request};
use promward_harness::upstream::{Reply, Upstream};

use crate::hosts::gateway::set_up::SetUp;

/// Runs a check over HTTP/1.1 and over HTTP/2.
fn on_both(set_up: &SetUp, check: impl Fn(Client, Version)) {
    check(set_up.client(), Version::HTTP_11);
    check(set_up.client().http2(), Version::HTTP_2);
}

#[test]
fn a_request_and_its_answer_go_through() {
    let upstream = Upstream::start(|request| {
        Reply::status(201)
            .header("X-Echo", b"\xe4\xff")
            .body(format!("{} {}", request.method, request.target))
    })
    .unwrap();
    let set_up = SetUp::new(upstream.address());
    on_both(&set_up, |client, version| {
        let answer = client.get("/graph?a=b").unwrap();
        assert_eq!((answer.version, answer.status), (version, 201));
        assert_eq!(answer.text(), "GET /graph?a=b");
        assert_eq!(answer.headers.iter().find(|(name, _)| name == "x-echo").unwrap().1, b"\xe4\xff");

        assert_eq!(client.post_form("/api", "query=up").unwrap().text(), "POST /api");
        let request = upstream.requests().pop().unwrap();
        assert_eq!(request.body, b"query=up");
        assert_eq!(request.header("content-length").as_deref(), Some("8"));
    });
}

#[test]
fn the_upstream_sees_what_envoy_would_send() {
    let upstream = Upstream::start(|_| Reply::text("ok")).unwrap();
    let set_up = SetUp::new(upstream.address());
    on_both(&set_up, |client, _| {
        let request = Request::new("GET", "/")
            .header("x-forwarded-for", "10.0.0.1")
            .header("x-forwarded-proto", "gopher")
            .header("x-request-id", "mine")
            .header("x-odd", b"\xe4")
            .header("te", "trailers")
            .header("cookie", "a=1")
            .header("cookie", "b=2")
            .header("authorization", "Basic A")
            .header("authorization", "Basic B");
        assert_eq!(client.authority("example.com:8443").send(request).unwrap().status, 200);
        let request = upstream.requests().pop().unwrap();
        let header = |name| request.header(name);
        assert_eq!(header("host").unwrap(), "example.com:8443");
        assert_eq!(header("x-forwarded-for").unwrap(), "10.0.0.1,127.0.0.1");
        assert_eq!(header("x-forwarded-proto").unwrap(), "https");
        assert_ne!(header("x-request-id").unwrap(), "mine");
        assert_eq!(header("x-odd").unwrap(), "\\xe4");
        assert_eq!(header("te").unwrap(), "trailers");
        assert_eq!(header("cookie").unwrap(), "a=1; b=2");
        assert_eq!(header("authorization").unwrap(), "Basic A,Basic B");
        assert_eq!(request.headers.iter().filter(|(name, _)| name == "authorization").count(), 1);
    });
}

#[test]
fn headers_about_the_connection_are_not_forwarded() {
    let upstream = Upstream::start(|_| {
        Reply::text("ok").header("connection", "x-inner").header("x-inner", "1").header("keep-alive", "1")
    })
    .unwrap();
    let set_up = SetUp::new(upstream.address());
    let answer = set_up
        .client()
        .send_raw(
            b"GET / HTTP/1.1\r\nhost: h\r\nconnection: authorization, x-forwarded-proto\r\n\
              authorization: Basic A\r\nupgrade: websocket\r\nkeep-alive: 1\r\nproxy-connection: 1\r\n\r\n",
        )
        .unwrap();
    assert_eq!((answer.header("x-inner"), answer.header("keep-alive")), (None, None));
    let request = &upstream.requests()[0];
    for name in ["connection", "authorization", "upgrade", "keep-alive", "proxy-connection"] {
        assert_eq!(request.header(name), None, "{name}");
    }
    assert_eq!(request.header("x-forwarded-proto").as_deref(), Some("https"));
}

#[test]
fn a_target_goes_through_as_it_came() {
    let upstream = Upstream::start(|_| Reply::text("ok")).unwrap();
    let set_up = SetUp::new(upstream.address());
    let targets = [
        "//graph",
        "/a/../b/./c",
        "/%2e%2E/%2f?",
        "/a;b=c?x=%zz&y=a+b&match[]={a=~'b|c'}",
        "/%ff%00",
        "/\\a|b^{\"}?`",
        "/\u{e4}",
    ];
    on_both(&set_up, |client, _| {
        for target in targets {
            assert_eq!(client.get(target).unwrap().status, 200, "{target}");
            let shown = target.replace('\u{e4}', "\\xc3\\xa4");
            assert_eq!(upstream.requests().pop().unwrap().target, shown);
        }
    });
    assert_eq!(set_up.client().get("http://other/x?y").unwrap().status, 200);
    let request = upstream.requests().pop().unwrap();
    assert_eq!((request.target.as_str(), request.header("host").as_deref()), ("/x?y", Some("other")));
}

#[test]
fn malformed_requests_are_refused_before_the_module_sees_them() {
    let upstream = Upstream::start(|_| Reply::text("ok")).unwrap();
    let set_up = SetUp::new(upstream.address());
    let status = |request: &[u8]| set_up.client().send_raw(request).unwrap().status;
    assert_eq!(status(b"GET / HTTP/1.0\r\nhost: h\r\n\r\n"), 426);
    assert_eq!(status(b"GET / HTTP/1.0\r\n\r\n"), 426);
    assert_eq!(status(b"GET / HTTP/1.1\r\n\r\n"), 400);
    assert_eq!(status(b"GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n"), 400);
    assert_eq!(status(b"CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n"), 400);
    assert_eq!(status(b"GET /a<b HTTP/1.1\r\nhost: a\r\n\r\n"), 400);
    assert_eq!(status(b"GET /?a=\"b\" HTTP/1.1\r\nhost: a\r\n\r\n"), 400);
    assert_eq!(status(b"GET /\xff HTTP/1.1\r\nhost: a\r\n\r\n"), 400);
    assert_eq!(status(b"GET / HTTP/1.1\r\nhost: a\r\nx: a\0b\r\n\r\n"), 400);
    assert_eq!(status(b"nonsense\r\n\r\n"), 400);
    assert_eq!(upstream.requests().len(), 0);
}

#[test]
fn a_thousand_headers_go_through() {
    let upstream = Upstream::start(|_| {
        (0..1000).fold(Reply::text("ok"), |reply, number| reply.header(&format!("x-{number}"), "y"))
    })
    .unwrap();
    let set_up = SetUp::new(upstream.address());
    on_both(&set_up, |client, _| {
        let request = (0..1000)
            .fold(Request::new("GET", "/"), |request, number| request.header(&format!("x-{number}"), "y"));
        let answer = client.send(request).unwrap();
        assert_eq!(answer.header("x-999").as_deref(), Some("y"));
        assert_eq!(upstream.requests().pop().unwrap().header("x-999").as_deref(), Some("y"));
    });
}

#[test]
fn an_answer_to_head_keeps_its_length() {
    let upstream = Upstream::start(|request| match request.target.as_str() {
        "/304" => Reply::status(304).header("content-length", "5"),
        "/204" => Reply::status(204),
        _ => Reply::text("hello"),
    })
    .unwrap();
    let set_up = SetUp::new(upstream.address());
    on_both(&set_up, |client, _| {
        let answer = client.send(Request::new("HEAD", "/")).unwrap();
        assert_eq!((answer.header("content-length").as_deref(), answer.body.len()), (Some("5"), 0));
        assert_eq!(client.get("/204").unwrap().status, 204);
        assert_eq!(client.get("/304").unwrap().status, 304);
    });
}

#[test]
fn bodies_go_through_piece_by_piece() {
    let upstream = Upstream::start(|_| Reply::hold()).unwrap();
    let set_up = SetUp::new(upstream.address());
    on_both(&set_up, |client, version| {
        let mut exchange = client.open(Request::new("GET", "/notifications/live")).unwrap();
        exchange.data("one").unwrap();
        let last = |requests: &[promward_harness::upstream::Received], body: &[u8]| {
            requests.last().is_some_and(|request| request.body == body)
        };
        upstream.wait_until(|requests| last(requests, b"one")).unwrap();
        exchange.data("two").unwrap();
        upstream.wait_until(|requests| last(requests, b"onetwo")).unwrap();
        exchange.end(&[]).unwrap();

        let mut held = upstream.held().unwrap();
        assert_eq!(held.request().unwrap().header("transfer-encoding").as_deref(), Some("chunked"));
        held.head(200, &[("content-type", "text/event-stream")]).unwrap();
        assert_eq!(exchange.head().unwrap().status, 200, "the head comes before any of the body");
        for event in ["data: 1\n\n", "data: 2\n\n"] {
            held.data(event.as_bytes()).unwrap();
            assert_eq!(exchange.event(b"\n\n").unwrap().unwrap(), event.as_bytes(), "{version:?}");
        }
        held.end(&[]).unwrap();
        assert_eq!(exchange.piece().unwrap(), None);
    });
}

#[test]
fn http1_trailers_are_dropped_unless_asked_for() {
    let trailing = || {
        Reply::raw(
            "HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\ntrailer: t\r\n\r\n2\r\nok\r\n0\r\nt: down\r\n\r\n",
        )
    };
    let upstream = Upstream::start(move |_| trailing()).unwrap();
    let request = || {
        Request::new("POST", "/").header("trailer", "t").header("te", "trailers").body("x").trailer("t", "up")
    };
    for wanted in [false, true] {
        let set_up = SetUp::with(upstream.address(), |mut options| {
            options.http1_trailers = wanted;
            options
        });
        on_both(&set_up, |client, version| {
            let answer = client.send(request()).unwrap();
            let sent = upstream.requests().pop().unwrap();
            assert_eq!((sent.body.as_slice(), answer.text().as_str()), (&b"x"[..], "ok"));
            assert_eq!(sent.trailers.len(), usize::from(wanted), "{version:?}");
            assert_eq!(answer.trailer("t").is_some(), wanted, "{version:?}");
        });
    }
}

#[test]
fn an_answer_may_come_before_the_request_has_ended() {
    let upstream = Upstream::start_early(|_| Reply::text("enough")).unwrap();
    let set_up = SetUp::new(upstream.address());
    on_both(&set_up, |client, _| {
        let mut exchange = client.open(Request::new("POST", "/")).unwrap();
        // The answer may have ended the stream already.
        let _ = exchange.data("some");
        assert_eq!(exchange.answer().unwrap().text(), "enough");
    });
}

#[test]
fn a_client_that_expects_100_is_told_to_continue() {
    let upstream = Upstream::start(|request| Reply::text(request.body_length.to_string())).unwrap();
    let set_up = SetUp::new(upstream.address());
    let mut connection = set_up.client().connect().unwrap();
    let head = b"POST / HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n";
    connection.write_raw(head).unwrap();
    connection.write_raw(b"ok").unwrap();
    assert_eq!(connection.read_answer("POST").unwrap().text(), "2");
    assert_eq!(upstream.requests()[0].header("expect"), None);
}

#[test]
fn many_requests_at_once_share_one_connection() {
    let upstream = Upstream::start(|request| Reply::text(request.target.clone())).unwrap();
    let set_up = SetUp::with(upstream.address(), |mut options| {
        options.workers = 2;
        options
    });
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut connection = set_up.client().http2().connect().unwrap();
                let exchanges: Vec<_> = iter::repeat_with(|| {
                    let mut exchange = connection.open(Request::new("GET", "/many")).unwrap();
                    exchange.end(&[]).unwrap();
                    exchange
                })
                .take(20)
                .collect();
                for mut exchange in exchanges {
                    assert_eq!(exchange.answer().unwrap().text(), "/many");
                }
            });
        }
    });
    assert_eq!(upstream.requests().len(), 160);
}
