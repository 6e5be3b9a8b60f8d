//! Logins by password on their way through the core, without a host: who waits, who is refused, and what is left when
//! they are gone.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that meets what it doesn't expect fails")]

mod desk;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use desk::Desk;
use promward::caller::logins::StreamId;
use promward::caller::source::Source;
use promward::decision::{Decision, Facts};
use promward::target::body::Body;
use promward::target::headers::Headers;
use promward::time::instant::Instant;

/// Returns a desk with a user whose hash has cost 4, and with limits that are soon reached.
fn desk(limits: &str) -> Desk {
    desk_of(&bcrypt::hash("right", 4).unwrap(), limits)
}

fn desk_of(hash: &str, limits: &str) -> Desk {
    Desk::new(&format!(
        r#"{{ "mounts": [{{ "prefix": "/p" }}],
              "callers": {{ "users": {{ "alice": "{hash}" }}, "passwords": {limits} }},
              "access": [{{ "who": ["authenticated"], "may": ["query"] }}] }}"#
    ))
}

const WIDE: &str = r#"{ "checks": "1000/s", "burst": 1000, "waiting": 1000, "waiting_per_source": 1000 }"#;

fn facts(source: u8) -> Facts {
    let source = Source::parse(format!("192.0.2.{source}").as_bytes());
    Facts { source, now: Some(Instant(1_700_000_000_000_000_000)), ..Facts::default() }
}

/// Returns the decision about a request.
fn decide(desk: &mut Desk, stream: u32, source: u8, user: &str, password: &str) -> Decision {
    let authorization = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
    let pairs = [
        (":method", "GET"),
        (":path", "/p/api/v1/query?query=up"),
        (":authority", "example.com"),
        ("authorization", &authorization),
    ];
    let headers = Headers::from_iter(pairs);
    desk.decide(&headers, Body::None, &facts(source), stream).0
}

/// Returns 0 if a request waits, 200 if it goes upstream, and the status of its refusal otherwise.
fn ask(desk: &mut Desk, stream: u32, source: u8, user: &str, password: &str) -> u16 {
    match decide(desk, stream, source, user, password) {
        Decision::Wait => 0,
        Decision::Forward(_) => 200,
        Decision::Reply(reply) => reply.status,
        Decision::Pass(_) => panic!("there is a mount"),
    }
}

/// Runs slices until nothing waits, and returns the streams that could go on, slice by slice.
fn drain(desk: &mut Desk) -> Vec<Vec<u32>> {
    let mut slices = Vec::new();
    while !desk.state.logins.is_idle() {
        slices.push(desk.state.logins.slice().into_iter().map(|StreamId(stream)| stream).collect());
    }
    slices
}

#[test]
fn first_come_is_first_served_and_one_check_serves_all_who_ask_for_it() {
    let mut desk = desk(WIDE);
    assert_eq!(ask(&mut desk, 1, 1, "alice", "wrong"), 0);
    assert_eq!(ask(&mut desk, 2, 1, "alice", "right"), 0);
    assert_eq!(ask(&mut desk, 3, 2, "alice", "wrong"), 0);
    assert_eq!(desk.state.logins.waiting(), 2);
    assert_eq!(drain(&mut desk), [vec![], vec![1, 3], vec![], vec![2]]);
    let again = [("wrong", 401), ("right", 200)];
    assert_eq!(
        again.map(|(password, _)| ask(&mut desk, 9, 1, "alice", password)),
        again.map(|(_, status)| status)
    );
}

#[test]
fn a_right_password_is_known_from_where_it_was_presented_and_a_wrong_one_from_anywhere() {
    let mut desk = desk(WIDE);
    for (stream, source, password) in [(1, 1, "right"), (2, 2, "right"), (3, 1, "wrong")] {
        assert_eq!(ask(&mut desk, stream, source, "alice", password), 0, "{password} from {source}");
    }
    drain(&mut desk);
    for (source, password, status) in
        [(1, "right", 200), (2, "right", 200), (3, "right", 0), (1, "wrong", 401), (3, "wrong", 401)]
    {
        assert_eq!(ask(&mut desk, 9, source, "alice", password), status, "{password} from {source}");
    }
}

#[test]
fn no_more_wait_than_may_in_all_and_of_one_source() {
    let mut desk = desk(r#"{ "checks": "1000/s", "burst": 1000, "waiting": 5, "waiting_per_source": 2 }"#);
    let statuses: Vec<_> = [1, 1, 1, 2, 2, 3, 4]
        .into_iter()
        .enumerate()
        .map(|(number, source)| {
            ask(&mut desk, u32::try_from(number).unwrap(), source, "alice", &format!("guess {number}"))
        })
        .collect();
    assert_eq!(statuses, [0, 0, 429, 0, 0, 0, 429]);
    assert_eq!(ask(&mut desk, 90, 4, "alice", "guess 0"), 0, "whose check waits already joins it");
}

#[test]
fn who_can_not_log_in_now_is_told_when_to_come_again() {
    // One source has a quarter of the budget: one of four checks at once, and the next one after four minutes. Two
    // checks of cost 12 take more than two seconds.
    let hash = bcrypt::hash("right", 4).unwrap().replace("$04$", "$12$");
    for (limits, sources, seconds) in [
        (r#"{ "checks": "1/m", "burst": 4 }"#, &[1, 1][..], "240"),
        (r#"{ "checks": "1/m", "burst": 4 }"#, &[1, 2, 3, 4, 5], "60"),
        (r#"{ "checks": "1/m", "burst": 4, "waiting": 2 }"#, &[1, 2, 3], "3"),
    ] {
        let mut desk = desk_of(&hash, limits);
        let (last, others) = sources.split_last().unwrap();
        for source in others {
            assert_eq!(ask(&mut desk, 1, *source, "alice", &source.to_string()), 0, "{limits}");
        }
        let Decision::Reply(reply) = decide(&mut desk, 2, *last, "alice", "one more") else {
            panic!("{limits}: another one can log in")
        };
        let told = reply.headers.iter().find(|(name, _)| *name == "retry-after");
        assert_eq!((reply.status, told.map(|(_, value)| value.as_str())), (429, Some(seconds)), "{limits}");
    }
}

#[test]
fn a_crowd_of_streams_goes_on_bit_by_bit_and_is_bounded() {
    let mut desk = desk(WIDE);
    let waiting = (0..200).filter(|&stream| ask(&mut desk, stream, 1, "alice", "right") == 0).count();
    assert_eq!(waiting, 128);
    let released: Vec<_> = drain(&mut desk).into_iter().map(|streams| streams.len()).collect();
    assert_eq!(released, [0, 16, 16, 16, 16, 16, 16, 16, 16]);
}

#[test]
fn a_check_that_nobody_waits_for_is_dropped_and_costs_nothing_unless_it_has_begun() {
    let mut desk = desk(r#"{ "checks": "1/h", "burst": 4 }"#);
    assert_eq!(ask(&mut desk, 1, 1, "alice", "a"), 0);
    desk.state.logins.forget(StreamId(1));
    assert!(desk.state.logins.is_idle());
    assert_eq!(ask(&mut desk, 2, 1, "alice", "b"), 0, "its budget was given back");
    assert_eq!(ask(&mut desk, 3, 1, "alice", "b"), 0);
    desk.state.logins.forget(StreamId(2));
    assert_eq!(desk.state.logins.waiting(), 1, "another one waits for it still");
    assert!(desk.state.logins.slice().is_empty());
    desk.state.logins.forget(StreamId(3));
    assert!(desk.state.logins.is_idle());
    assert_eq!(ask(&mut desk, 4, 1, "alice", "c"), 429, "this one had begun");
}

#[test]
fn a_stream_that_is_gone_is_not_called() {
    let mut desk = desk(WIDE);
    (0..20).for_each(|stream| assert_eq!(ask(&mut desk, stream, 1, "alice", "right"), 0));
    let first: Vec<_> =
        std::iter::repeat_with(|| desk.state.logins.slice()).find(|ready| !ready.is_empty()).unwrap();
    assert_eq!(first.len(), 16);
    desk.state.logins.forget(StreamId(17));
    assert_eq!(drain(&mut desk), [vec![16, 18, 19]]);
}

#[test]
fn what_the_host_does_not_say_lets_nobody_in() {
    let mut desk = desk(WIDE);
    let pairs = [
        (":method", "GET"),
        (":path", "/p/api/v1/query?query=up"),
        ("authorization", "Basic YWxpY2U6cmlnaHQ="),
    ];
    let headers = Headers::from_iter(pairs);
    for facts in [Facts::default(), Facts { source: None, ..facts(1) }, Facts { now: None, ..facts(1) }] {
        match desk.decide(&headers, Body::None, &facts, 1).0 {
            Decision::Reply(reply) => assert_eq!(reply.status, 503),
            other => panic!("{other:?}"),
        }
    }
}
