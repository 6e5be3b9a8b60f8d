//! Attacks that need more than one request: logins, streams, and forms that never end. The tests count answers and what
//! reaches the server, never time.

use crate::attacks::http2::{Fields, Http2};
use crate::attacks::message::Message;
use crate::attacks::run::Runner;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use promward_e2e::deployment::Host;
use promward_harness::client::Request;
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr};

const QUERY: &str = "/prometheus/api/v1/query?query=up";

/// The number of wrong passwords that one source tries, and of those at once.
const LOGINS: usize = 400;
const AT_ONCE: usize = 80;

/// The number of streams that are opened and given up.
const STREAMS: usize = 1_000;

/// The number of forms that are begun and not ended.
const FORMS: usize = 50;

/// The number of requests that a caller may have open at once, where a rule says so.
const OPEN: usize = 2;

/// Runs all these attacks, one after the other.
pub(crate) fn all(runner: &mut Runner) {
    many_logins_of_one_source_hold_up_nobody(runner);
    rapid_resets_reach_nobody(runner);
    many_streams_are_answered_or_refused(runner);
    forms_that_do_not_end_reach_nobody(runner);
    open_requests_take_no_place_of_another_caller(runner);
}

/// Many wrong passwords at once: each is answered with 401, or with 429 and `Retry-After`, while a token still lets its
/// caller in.
fn many_logins_of_one_source_hold_up_nobody(runner: &mut Runner) {
    let source = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 9));
    let guesser = runner.running.client("anonymous").source(source);
    let mut refused = 0;
    for round in 0..LOGINS / AT_ONCE {
        let exchanges: Vec<_> = (0..AT_ONCE)
            .map(|number| {
                let guess = STANDARD.encode(format!("alice:guess {round} {number}"));
                let request = Request::new("GET", QUERY).header("authorization", format!("Basic {guess}"));
                let mut exchange = guesser.open(request.header("content-length", "0")).unwrap();
                exchange.end(&[]).unwrap();
                exchange
            })
            .collect();
        assert_eq!(runner.running.client("viewer").get(QUERY).unwrap().status, 200, "a token's caller waits");
        for mut exchange in exchanges {
            let answer = exchange.answer().unwrap();
            assert!(matches!(answer.status, 401 | 429), "{}", answer.status);
            if answer.status == 429 {
                refused += 1;
                assert!(answer.header("retry-after").is_some());
            }
        }
    }
    assert!(refused > 0, "nothing bounds {LOGINS} logins");
    assert_eq!(runner.arrived().unwrap().len(), LOGINS / AT_ONCE, "only the token's caller got through");
}

fn fields(method: &str, target: &str, token: &str) -> Fields {
    [
        (":method", method),
        (":path", target),
        (":scheme", "https"),
        (":authority", "example.com"),
        ("authorization", &format!("Bearer {token}-token")),
    ]
    .into_iter()
    .map(|(name, value)| (name.into(), value.into()))
    .collect()
}

/// Streams that are given up as soon as they have begun. Their connections may be closed, but nobody else is affected.
fn rapid_resets_reach_nobody(runner: &mut Runner) {
    let client = runner.running.client("anonymous");
    let mut connection = Http2::connect(&client).unwrap();
    for _ in 0..STREAMS {
        let stream = connection.open(&fields("POST", "/prometheus/-/reload", "viewer"), false).unwrap();
        connection.reset(stream);
    }
    let last = connection.open(&fields("GET", "/prometheus/-/healthy", "viewer"), true).unwrap();
    let (answer, _) = connection.answer(last).unwrap();
    assert!(matches!(answer.as_str(), "200" | "closed"), "{answer}");
    let arrived = runner.arrived().unwrap();
    assert!(arrived.iter().all(|request| request.target == "/-/healthy"), "{arrived:?}");
}

/// More streams at once than the listener allows. Each is answered, or refused by the protocol.
fn many_streams_are_answered_or_refused(runner: &mut Runner) {
    let mut connection = Http2::connect(&runner.running.client("anonymous")).unwrap();
    let streams: Vec<u32> =
        (0..300).map(|_| connection.open(&fields("GET", QUERY, "team-a"), true).unwrap()).collect();
    let mut answered = 0;
    for stream in streams {
        let (answer, _) = connection.answer(stream).unwrap();
        assert!(matches!(answer.as_str(), "200" | "closed"), "{answer}");
        answered += usize::from(answer == "200");
    }
    assert!(answered > 0);
    let restricted = |target: &str| target.starts_with("/api/v1/query?query=up%7Btenant");
    let arrived = runner.arrived().unwrap();
    assert!(arrived.iter().all(|request| restricted(&request.target)), "{arrived:?}");
}

/// Forms that come byte by byte and are never ended. None arrives complete, and all that is held is given back when the
/// client leaves.
fn forms_that_do_not_end_reach_nobody(runner: &mut Runner) {
    runner.expect_halves(&Message::half("POST /api/v1/query"), FORMS);
    let client = runner.running.client("team-a");
    let exchanges: Vec<_> = (0..FORMS)
        .map(|number| {
            let client = if number % 2 == 0 { client.clone() } else { client.clone().http2() };
            let mut exchange = client.open(Request::form("/prometheus/api/v1/query")).unwrap();
            for piece in ["q", "u", "e", "ry=", "up", "%"] {
                exchange.data(piece).unwrap();
            }
            exchange
        })
        .collect();
    assert_eq!(runner.running.client("viewer").get(QUERY).unwrap().status, 200);
    exchanges.into_iter().for_each(|exchange| exchange.reset().unwrap());
    let arrived: Vec<_> = runner.arrived().unwrap().into_iter().map(|request| request.target).collect();
    assert_eq!(arrived, ["/api/v1/query?query=up"]);
}

/// Many requests of one caller under a rule that allows few of them at once: another caller of the same rule has places of its
/// own, what is one too many never arrives, and all places are given back.
fn open_requests_take_no_place_of_another_caller(runner: &mut Runner) {
    if !matches!(runner.running.setting.host(), Host::Envoy | Host::Embedded) {
        return;
    }
    runner.expect_halves(&Message::half("POST /api/v1/query"), OPEN);
    let client = runner.running.client("greedy");
    let mut exchanges: Vec<_> = (0..FORMS)
        .map(|_| {
            let mut exchange = client.open(Request::form("/prometheus/api/v1/query")).unwrap();
            exchange.data("query=").unwrap();
            exchange
        })
        .collect();
    assert_eq!(runner.running.client("modest").get(QUERY).unwrap().status, 200);
    let query = client.get(QUERY).unwrap();
    assert_eq!((query.status, query.header("retry-after").as_deref()), (429, Some("1")), "{}", query.text());
    // Which of them are open is up to the workers. The others are refused when they have waited.
    let configuration: Value = serde_json::from_str(&runner.running.configuration).unwrap();
    let rules = configuration["access"].as_array().unwrap();
    let rule = rules.iter().position(|rule| !rule["limits"]["concurrent"].is_null()).unwrap();
    let throttled = format!("promward.limited_total.rule={rule};.limit=concurrent;");
    runner.running.deployment.wait_for_metric(&throttled, (FORMS - OPEN + 1) as u64).unwrap();
    for exchange in exchanges.drain(..) {
        exchange.reset().unwrap();
    }
    assert_eq!(client.get(QUERY).unwrap().status, 200, "all places are given back");
    let arrived: Vec<_> = runner.arrived().unwrap().into_iter().map(|request| request.target).collect();
    assert_eq!(arrived, ["/api/v1/query?query=up"; 2]);
}
