//! Checks that load balancers find out about health by any name and by HTTP/1.0, and nothing else in that way; and that
//! an offer to switch protocols is no reason to refuse a request.

use crate::envoy::envoy_file::setup::{HELD, Setup};
use promward_harness::client::Request;
use promward_harness::envoy::Options;

/// Names by which load balancers ask: the address of the machine, or any other.
const OTHER_NAMES: [&str; 5] = ["10.0.12.34", "10.0.12.34:8443", "[::1]", "internal.example", ""];

/// Sends a request as it is, and returns the status of its answer.
fn status(setup: &Setup, request: &str) -> u16 {
    let mut connection = setup.client().connect().unwrap();
    connection.write_raw(format!("{request}\r\n\r\n").as_bytes()).unwrap();
    connection.read_answer(request.split(' ').next().unwrap()).unwrap().status
}

#[test]
fn by_another_name_there_is_health_and_nothing_else() {
    let Some(setup) = Setup::start() else { return };
    for name in OTHER_NAMES {
        let ask = |line: &str| status(&setup, &format!("{line} HTTP/1.1\r\nHost: {name}"));
        for path in ["/prometheus/-/healthy", "/prometheus/-/ready"] {
            for method in ["GET", "HEAD", "OPTIONS"] {
                assert_eq!(ask(&format!("{method} {path}")), 200, "{method} {path} of {name:?}");
            }
            assert_eq!(ask(&format!("POST {path}")), 405, "{path} of {name:?}");
        }
        let others = [
            "graph",
            "metrics",
            "api/v1/query?query=/-/healthy",
            "-/healthyx",
            "-/healthy/x",
            "-/reload",
            "",
            "?/-/ready",
        ];
        for path in others {
            for method in ["GET", "OPTIONS", "POST"] {
                let request = format!("{method} /prometheus/{path}");
                assert_eq!(ask(&request), 404, "{request} of {name:?}");
            }
        }
        assert_eq!(ask("GET /-/healthy"), 404);
        assert_eq!(ask("POST /prometheus/-/healthy/../quit"), 404);
    }
    let arrived = setup.upstream.requests();
    assert_eq!(arrived.len(), OTHER_NAMES.len() * 6);
    assert!(arrived.iter().all(|request| ["/-/healthy", "/-/ready"].contains(&request.target.as_str())));
}

#[test]
fn by_another_name_the_filter_is_not_even_asked() {
    let closed = |options: &mut Options| {
        let configuration = r#"{
            "mounts": [{ "prefix": "/prometheus", "cluster": "prometheus" }],
            "callers": { "tokens": { "a": "sha256:DIGEST" } },
            "access": [{ "who": ["token:a"], "may": ["everything"] }]
        }"#
        .replace("DIGEST", &"a".repeat(64));
        options.configuration = Some(configuration);
    };
    let Some(setup) = Setup::with(closed) else { return };
    let ask = |host: &str, path: &str| status(&setup, &format!("GET {path} HTTP/1.1\r\nHost: {host}"));
    assert_eq!(ask("example.com", "/prometheus/metrics"), 401);
    assert_eq!(ask("10.0.12.34", "/prometheus/metrics"), 404);
    // A site that doesn't let everybody check its health doesn't do so by an address either.
    assert_eq!(ask("10.0.12.34", "/prometheus/-/healthy"), 401);
}

#[test]
fn by_http_1_0_there_is_health_and_nothing_else() {
    let Some(setup) = Setup::start() else { return };
    for (host, refused) in [("Host: example.com", 426), ("Host: 10.0.12.34", 404), ("X-A: b", 404)] {
        let ask =
            |line: &str| status(&setup, &format!("{line} HTTP/1.0\r\n{host}\r\nX-HTTP-Protocol: HTTP/1.1"));
        for path in ["/prometheus/-/healthy", "/prometheus/-/ready"] {
            assert_eq!(ask(&format!("GET {path}")), 200, "{path} with {host}");
        }
        for path in ["graph", "api/v1/query?query=/-/healthy", "metrics", "-/healthyx", "", "?/-/ready"] {
            assert_eq!(ask(&format!("GET /prometheus/{path}")), refused, "{path} with {host}");
        }
        assert_eq!(ask("POST /prometheus/-/reload"), refused);
    }
    let arrived = setup.upstream.requests();
    assert!(arrived.iter().all(|request| ["/-/healthy", "/-/ready"].contains(&request.target.as_str())));
    assert!(arrived.iter().all(|request| request.header("x-http-protocol").is_none()), "{arrived:?}");
}

#[test]
fn an_offer_to_switch_protocols_is_ignored() {
    let Some(setup) = Setup::start() else { return };
    for protocol in ["TLS/1.2", "h2c", "websocket", "x"] {
        let offer = |request: Request| request.header("connection", "Upgrade").header("upgrade", protocol);
        let get = offer(Request::new("GET", "/prometheus/api/v1/query?query=up"));
        assert_eq!(setup.client().send(get).unwrap().status, 200, "{protocol}");
        let form = offer(Request::form("/prometheus/api/v1/query").body("query=up"));
        assert_eq!(setup.client().send(form).unwrap().status, 200, "{protocol}");
    }
    let arrived = setup.upstream.requests();
    assert!(arrived.iter().all(|request| request.header("upgrade").is_none()), "{arrived:?}");
}

/// Other Envoy files may not have the line that ignores offers. Envoy then reads what follows as the other protocol.
#[test]
fn an_offer_that_the_proxy_takes_goes_no_further_than_the_filter() {
    let taken = |options: &mut Options| {
        let line = "            ignore_http_11_upgrade: [{ safe_regex: { regex: \".*\" } }]\n";
        options.replace.push((line.to_owned(), String::new()));
    };
    let Some(setup) = Setup::with(taken) else { return };
    let ask = |path: &str| {
        format!("GET {path} HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\nUpgrade: TLS/1.2")
    };
    for path in ["/prometheus/api/v1/query?query=up", "/prometheus/metrics"] {
        assert_eq!(status(&setup, &ask(path)), 200, "{path}");
    }
    let mut connection = setup.client().connect().unwrap();
    let held = ask(&format!("/prometheus/metrics?{HELD}"));
    connection.write_raw(format!("{held}\r\n\r\n").as_bytes()).unwrap();
    let server = setup.upstream.held().unwrap();
    connection.write_raw(b"POST /prometheus/-/quit HTTP/1.1\r\nHost: example.com\r\n\r\n").unwrap();
    assert_eq!(connection.read_answer("GET").unwrap().status, 400);
    drop(server);
    for request in setup.upstream.requests() {
        assert!(request.body.is_empty(), "{request:?}");
        assert_eq!(request.header("content-length").as_deref(), Some("0"), "{request:?}");
        assert_eq!((request.header("upgrade"), request.header("transfer-encoding")), (None, None));
    }
}
