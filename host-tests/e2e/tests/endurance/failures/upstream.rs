//! A server with wrong answers. The client gets an error or an answer that is visibly incomplete, and the next request
//! gets its own answer.

use crate::endurance::failures::set_up::{
    ALERTS, FILTERED, FORM, LIVE, OPAQUE, QUERY, SECRET, SetUp, healthy,
};
use promward_e2e::deployment::Host;
use promward_e2e::on_every_host;
use promward_harness::client::{Answer, Request};
use promward_harness::upstream::{Reply, Upstream};

on_every_host! {
    a_wrong_answer_of_a_server_never_looks_right,
    a_server_that_answers_piece_by_piece_is_waited_for,
    an_answer_that_comes_before_the_body_is_the_answer,
}

/// The header that tells the test upstream what to do. The filter passes it on.
const CASE: &str = "x-case";

/// The result of an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Comes {
    /// An error of the proxy or of the filter.
    Error,
    /// An error, or an answer that breaks off.
    NoWholeAnswer,
    /// The server's answer unchanged, or an error; where it is filtered, an error or the filtered rest of it.
    ItOrAnError,
    /// The server's answer unchanged; where it is filtered, an error.
    ItUnlessFiltered,
    /// The server's answer, or the filtered rest of it.
    It,
    /// An error, or at an opaque mount possibly the server's answer.
    ErrorButAtOpaque,
}

/// A named case: the bytes that the server answers, whether it keeps the connection, and the result.
struct Case(&'static str, fn() -> Reply, Comes);

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";

fn raw(rest: &str) -> Reply {
    Reply::raw(format!("{HEAD}{rest}"))
}

fn kept(rest: &str) -> Reply {
    Reply::raw_and_keep(format!("{HEAD}{rest}"))
}

fn whole(head: &str) -> String {
    format!("{head}content-type: application/json\r\ncontent-length: {}\r\n\r\n{ALERTS}", ALERTS.len())
}

const ANOTHER: &str = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecret";

const CASES: [Case; 28] = [
    Case("closes", Reply::close, Comes::Error),
    Case("resets", Reply::reset, Comes::Error),
    Case("a status line that is cut", || Reply::raw("HTTP/1.1 20"), Comes::Error),
    Case("a name that is cut", || raw("content-le"), Comes::Error),
    Case("headers without their end", || raw("content-length: 2\r\n"), Comes::Error),
    Case("a body that is cut", || raw("content-length: 999\r\n\r\n{\"status\":\"succ"), Comes::NoWholeAnswer),
    Case("a body that is cut at once", || raw("content-length: 999\r\n\r\n"), Comes::NoWholeAnswer),
    Case(
        "a chunk that is cut",
        || raw("transfer-encoding: chunked\r\n\r\nff\r\n{\"stat"),
        Comes::NoWholeAnswer,
    ),
    Case(
        "all of it but the last chunk",
        || raw(&format!("transfer-encoding: chunked\r\n\r\n{:x}\r\n{ALERTS}\r\n", ALERTS.len())),
        Comes::NoWholeAnswer,
    ),
    Case(
        "a chunk's size that is none",
        || raw("transfer-encoding: chunked\r\n\r\nxyz\r\nsecret\r\n0\r\n\r\n"),
        Comes::NoWholeAnswer,
    ),
    Case("another protocol", || Reply::raw("220 secret ESMTP\r\n"), Comes::Error),
    Case("TLS", || Reply::raw(b"\x15\x03\x01\x00\x02\x02\x46".to_vec()), Comes::Error),
    Case("a status that is none", || Reply::raw_and_keep("HTTP/1.1 abc\r\n\r\nsecret"), Comes::Error),
    Case("a header without a name", || kept(": secret\r\ncontent-length: 0\r\n\r\n"), Comes::Error),
    Case("a NUL in a header", || kept("x-a: \0secret\r\ncontent-length: 0\r\n\r\n"), Comes::Error),
    Case("two lengths", || kept("content-length: 2\r\ncontent-length: 8\r\n\r\n{}secret"), Comes::Error),
    Case("a length that is none", || kept("content-length: -1\r\n\r\nsecret"), Comes::Error),
    Case(
        "two answers",
        || Reply::raw_and_keep(format!("{}{ANOTHER}", whole("HTTP/1.1 200 OK\r\n"))),
        Comes::ItOrAnError,
    ),
    Case(
        "a body after 204",
        || Reply::raw_and_keep(format!("HTTP/1.1 204 No\r\n\r\n{ANOTHER}")),
        Comes::ItUnlessFiltered,
    ),
    Case(
        "a body after 304",
        || Reply::raw_and_keep(format!("HTTP/1.1 304 No\r\n\r\n{ANOTHER}")),
        Comes::ItUnlessFiltered,
    ),
    Case("a hundred hints", || Reply::raw_and_keep(hints(100)), Comes::ItOrAnError),
    Case(
        "a switch that nobody asked for",
        || Reply::raw_and_keep("HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nsecret"),
        Comes::ErrorButAtOpaque,
    ),
    Case(
        "2,000 headers",
        || kept(&format!("{}content-length: 0\r\n\r\n", "x-a: b\r\n".repeat(2000))),
        Comes::Error,
    ),
    Case(
        "a header of a mebibyte",
        || kept(&format!("x-a: {}\r\ncontent-length: 0\r\n\r\n", "b".repeat(1 << 20))),
        Comes::Error,
    ),
    Case("gzip", || healthy_but("content-encoding: gzip"), Comes::ItUnlessFiltered),
    Case("HTTP/1.0", || Reply::raw(whole("HTTP/1.0 200 OK\r\n")), Comes::It),
    Case(
        "HTTP/1.0 without a length",
        || Reply::raw(format!("HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n{ALERTS}")),
        Comes::It,
    ),
    Case(
        "an error of its own",
        || Reply::status(503).header("content-type", "text/plain").body("busy"),
        Comes::ItUnlessFiltered,
    ),
];

fn hints(number: usize) -> String {
    "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n".repeat(number) + &whole("HTTP/1.1 200 OK\r\n")
}

fn healthy_but(header: &str) -> Reply {
    Reply::raw_and_keep(whole(&format!("HTTP/1.1 200 OK\r\n{header}\r\n")))
}

/// Returns a request for each way in which answers are treated.
fn requests() -> [Request; 6] {
    [
        Request::new("GET", QUERY),
        Request::form(FORM).body("query=up"),
        Request::new("GET", FILTERED),
        Request::new("GET", "/prometheus/graph"),
        Request::new("GET", OPAQUE),
        Request::new("GET", LIVE),
    ]
}

fn a_wrong_answer_of_a_server_never_looks_right(host: Host) {
    let upstream = Upstream::start(|request| match request.header(CASE) {
        Some(number) => (CASES[number.parse::<usize>().unwrap()].1)(),
        None => healthy(request),
    });
    let set_up = SetUp::start(host, upstream.unwrap());
    for (number, Case(name, _, comes)) in CASES.iter().enumerate() {
        for (place, request) in requests().into_iter().enumerate() {
            let what = format!("{name}, request {place} on {host}");
            let is_filtered = place == 2;
            // Each request and each case in both versions, but not every pair of them.
            let client = &set_up.clients()[(number + place) % 2];
            let mut connection = client.connect().unwrap();
            let answer = connection.send(request.clone().header(CASE, number.to_string()));
            // The client may be unable to read such an answer.
            if *comes != Comes::ErrorButAtOpaque || place != 4 {
                check(&what, *comes, is_filtered, answer);
            }
            let next = client.send(request).unwrap();
            assert!(matches!(next.status, 200 | 302), "after {what}: {} {}", next.status, next.text());
            assert!(next.status == 302 || next.text().contains("mine"), "after {what}: {}", next.text());
            assert!(!is_filtered || !next.text().contains(SECRET), "after {what}: {}", next.text());
        }
    }
    set_up.is_whole("answers that are none");
    set_up.comes_back();
}

fn check(what: &str, comes: Comes, is_filtered: bool, answer: anyhow::Result<Answer>) {
    let answer = match (answer, comes) {
        (Err(_), Comes::NoWholeAnswer) => return,
        (Err(error), _) => panic!("{what}: {error:#}"),
        (Ok(answer), _) => answer,
    };
    let said = format!("{what}: {} {:?} {}", answer.status, answer.headers, answer.text());
    let is_error = (502..=503).contains(&answer.status) && !answer.body.is_empty();
    let is_passed = (200..=304).contains(&answer.status) || answer.text() == "busy";
    let fits = match comes {
        Comes::Error | Comes::ErrorButAtOpaque | Comes::NoWholeAnswer => is_error,
        Comes::ItUnlessFiltered if is_filtered => is_error,
        Comes::It | Comes::ItUnlessFiltered => is_passed,
        Comes::ItOrAnError => is_passed || is_error,
    };
    assert!(fits, "{said}");
    // For the unrestricted caller nothing of the right answer is secret, and only that may arrive.
    let is_whole = !is_filtered && answer.text() == ALERTS;
    assert!(is_whole || !answer.text().contains(SECRET), "{said}");
    if is_error && answer.header("content-type").is_some_and(|kind| kind.starts_with("application/json")) {
        assert_eq!(answer.json().unwrap().pointer("/errorType").unwrap(), "unavailable", "{said}");
    }
    assert!(answer.header("x-content-type-options").is_some(), "{said}");
}

fn a_server_that_answers_piece_by_piece_is_waited_for(host: Host) {
    let upstream =
        Upstream::start(
            |request| if request.header(CASE).is_some() { Reply::hold() } else { healthy(request) },
        );
    let set_up = SetUp::start(host, upstream.unwrap());
    for (number, target) in [QUERY, FILTERED, OPAQUE].into_iter().enumerate() {
        let client = &set_up.clients()[number % 2];
        let mut exchange = client.ask(Request::new("GET", target).header(CASE, "slow")).unwrap();
        let mut server = set_up.upstream.held().unwrap();
        for byte in format!("{HEAD}content-length: {}\r\n\r\n", ALERTS.len()).bytes() {
            server.raw(&[byte]).unwrap();
        }
        // Other requests don't wait for it.
        assert_eq!(client.get(QUERY).unwrap().status, 200);
        for byte in ALERTS.bytes() {
            server.raw(&[byte]).unwrap();
        }
        let text = exchange.answer().unwrap().text();
        let is_right = if target == FILTERED { !text.contains(SECRET) } else { text == ALERTS };
        assert!(is_right && text.contains("mine"), "{target}: {text}");
        server.close();
    }
    set_up.is_whole("slow answers");
    set_up.comes_back();
}

/// A server may refuse a body before it has read it. The client gets the answer, and the server doesn't get the rest of
/// the body forever.
fn an_answer_that_comes_before_the_body_is_the_answer(host: Host) {
    let upstream = Upstream::start_early(|request| match request.header(CASE) {
        Some(status) => {
            Reply::status(status.parse().unwrap()).header("content-type", "text/plain").body("no")
        }
        None => healthy(request),
    });
    let set_up = SetUp::start(host, upstream.unwrap());
    for client in set_up.clients() {
        for target in [crate::endurance::failures::set_up::WRITE, OPAQUE] {
            for status in [400, 413] {
                let request = Request::new("POST", target).header(CASE, status.to_string());
                let mut exchange = client.open(request).unwrap();
                // The answer may come, and the stream be closed, even before this is sent.
                let _ = exchange.data("the beginning");
                let answer = exchange.answer().unwrap();
                assert_eq!((answer.status, answer.text().as_str()), (status, "no"), "{target}");
                // The host may accept the rest or not.
                let _ = exchange.data("the rest").and_then(|()| exchange.end(&[]));
                drop(exchange);
                assert_eq!(client.get(QUERY).unwrap().status, 200);
            }
        }
    }
    set_up.is_whole("answers before the body's end");
    set_up.comes_back();
}
