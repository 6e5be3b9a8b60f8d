//! Logins by password on their way through the core, without a host: who waits, who is refused, and what is left when
//! they are gone.

use crate::desk::{Desk, Memory};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use promward::caller::logins::{CheckCapacity, CheckEvent, StreamId};
use promward::caller::source::Source;
use promward::decision::{Decision, Facts};
use promward::report::Outcome;
use promward::shared_data::SharedData;
use promward::target::body::Body;
use promward::target::headers::Headers;
use promward::time::instant::Instant;
use std::rc::Rc;

/// Returns a desk with a user whose hash has cost 4, and with limits that are soon reached.
fn desk(limits: &str) -> Desk {
    desk_of(&bcrypt::hash("right", 4).unwrap(), limits)
}

fn desk_of(hash: &str, limits: &str) -> Desk {
    Desk::new(&configuration(hash, limits))
}

fn configuration(hash: &str, limits: &str) -> String {
    format!(
        r#"{{ "mounts": [{{ "prefix": "/p" }}],
              "callers": {{ "users": {{ "alice": "{hash}" }}, "passwords": {limits} }},
              "access": [{{ "who": ["authenticated"], "may": ["query"] }}] }}"#
    )
}

/// Returns workers with the same configuration and the same shared data.
fn workers(number: u8, limits: &str) -> Vec<Desk> {
    // A hint knows two bytes of a password, so that with any salt one guess in 65,536 would seem to be right.
    let hash = bcrypt::hash_with_salt("right", 4, [7; 16]).unwrap().to_string();
    let configuration = configuration(&hash, limits);
    let shared = Rc::<Memory>::default();
    (0..number).map(|number| Desk::beside(&configuration, &shared, number)).collect()
}

/// Returns the answer to a request after its password has been checked, if it was.
fn answer(desk: &mut Desk, source: u8, password: &str) -> u16 {
    match ask(desk, 1, source, "alice", password) {
        0 => {
            drain(desk);
            ask(desk, 1, source, "alice", password)
        }
        status => status,
    }
}

const WIDE: &str = r#"{ "checks": "1000/s", "burst": 1000, "waiting": 1000, "waiting_per_source": 1000 }"#;

fn facts(source: u8) -> Facts {
    facts_from(&format!("192.0.2.{source}"))
}

fn facts_from(address: &str) -> Facts {
    let source = Source::parse(address.as_bytes());
    Facts { source, now: Some(Instant(1_700_000_000_000_000_000)), ..Facts::default() }
}

/// Returns the decision about a request.
fn decide(desk: &mut Desk, stream: u32, source: u8, user: &str, password: &str) -> Decision {
    let authorization = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
    decide_by(desk, stream, &facts(source), &authorization)
}

fn decide_by(desk: &mut Desk, stream: u32, facts: &Facts, authorization: &str) -> Decision {
    let pairs = [
        (":method", "GET"),
        (":path", "/p/api/v1/query?query=up"),
        (":authority", "example.com"),
        ("authorization", authorization),
    ];
    desk.decide(&Headers::from_iter(pairs), Body::None, facts, stream).0
}

/// Returns 0 if a request waits, 200 if it goes upstream, and the status of its refusal otherwise.
fn ask(desk: &mut Desk, stream: u32, source: u8, user: &str, password: &str) -> u16 {
    status(decide(desk, stream, source, user, password))
}

fn status(decision: Decision) -> u16 {
    match decision {
        Decision::Wait => 0,
        Decision::Forward(_) => 200,
        Decision::Reply(reply) => reply.status,
        Decision::Pass(_) => panic!("there is a mount"),
    }
}

/// Runs one slice of the password checks, and returns the streams that can ask again.
fn slice(desk: &mut Desk) -> Vec<StreamId> {
    desk.state.logins.slice(desk.gateway.hints(&*desk.shared))
}

/// Runs slices until nothing waits, and returns the streams that could go on, slice by slice.
fn drain(desk: &mut Desk) -> Vec<Vec<u32>> {
    let mut slices = Vec::new();
    while !desk.state.logins.is_idle() {
        slices.push(slice(desk).into_iter().map(|StreamId(stream)| stream).collect());
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

/// A worker's state could outlive its configuration. Then nothing of it may count for the next one.
#[test]
fn what_is_remembered_counts_for_one_configuration() {
    let hash = |password| bcrypt::hash(password, 4).unwrap();
    let mut desk = desk_of(&hash("right"), WIDE);
    assert_eq!(answer(&mut desk, 1, "right"), 200);
    let load = |text: &str| promward::config::load(text.as_bytes()).unwrap();
    let first = std::mem::replace(&mut desk.gateway, load(&configuration(&hash("new"), WIDE)));
    assert_eq!(answer(&mut desk, 1, "right"), 401, "the password was changed");
    assert_eq!(answer(&mut desk, 1, "new"), 200);
    desk.gateway = first;
    assert_eq!(answer(&mut desk, 1, "new"), 401, "and changed back");
    assert_eq!(ask(&mut desk, 1, 1, "alice", "right"), 200);
    // The same hash, and another rule: the caller is the one of the new configuration.
    let grouped = configuration(&hash("right"), WIDE)
        .replace(r#""passwords""#, r#""groups": { "team": ["user:alice"] }, "passwords""#)
        .replace("authenticated", "group:team");
    desk.gateway = load(&grouped);
    assert_eq!(ask(&mut desk, 1, 1, "alice", "right"), 0);
    assert_eq!(answer(&mut desk, 1, "right"), 200);
}

#[test]
fn a_remembered_password_is_no_token_and_a_remembered_token_no_password() {
    // The token, which no rule is for, is the text of the other header.
    let basic = STANDARD.encode("alice:right");
    let digest = "sha256:1dca40f6b052ab45b79e389b83929a1663804f6100659c9c6e86378f6941efa5";
    let hash = bcrypt::hash("right", 4).unwrap();
    let configuration = configuration(&hash, WIDE)
        .replace(r#""users""#, &format!(r#""tokens": {{ "t": "{digest}" }}, "users""#))
        .replace("authenticated", "user:alice");
    let mut desk = Desk::new(&configuration);
    assert_eq!(answer(&mut desk, 1, "right"), 200);
    for _ in 0..2 {
        for (scheme, expected) in
            [("Basic", 200), ("BASIC  ", 200), ("Bearer", 403), ("Basic,", 401), ("Digest", 401)]
        {
            let decision = decide_by(&mut desk, 1, &facts(1), &format!("{scheme} {basic}"));
            assert_eq!(status(decision), expected, "{scheme}");
        }
    }
    let unknown = Facts { source: None, ..facts(1) };
    assert_eq!(status(decide_by(&mut desk, 1, &unknown, &format!("Basic {basic}"))), 503);
}

#[test]
fn no_more_right_passwords_are_remembered_than_there_is_room_for_and_it_is_counted() {
    let mut desk = desk(WIDE);
    let basic = format!("Basic {}", STANDARD.encode("alice:right"));
    let facts: Vec<_> = (0..5_000)
        .map(|number: u16| facts_from(&format!("198.51.{}.{}", number / 250, number % 250)))
        .collect();
    for crowd in facts.chunks(500) {
        for (stream, facts) in (0..).zip(crowd) {
            assert_eq!(status(decide_by(&mut desk, stream, facts, &basic)), 0);
        }
        drain(&mut desk);
    }
    let full = |event: &CheckEvent| *event == CheckEvent::Full(CheckCapacity::Right);
    let dropped = desk.state.logins.take_events().iter().filter(|event| full(event)).count();
    let known = facts.iter().filter(|facts| status(decide_by(&mut desk, 0, facts, &basic)) == 200).count();
    assert_eq!(known + dropped, 5_000);
    assert!((3_500..=4_096).contains(&known), "{known}");
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
    assert!(slice(&mut desk).is_empty());
    desk.state.logins.forget(StreamId(3));
    assert!(desk.state.logins.is_idle());
    assert_eq!(ask(&mut desk, 4, 1, "alice", "c"), 429, "this one had begun");
}

#[test]
fn a_stream_that_is_gone_is_not_called() {
    let mut desk = desk(WIDE);
    (0..20).for_each(|stream| assert_eq!(ask(&mut desk, stream, 1, "alice", "right"), 0));
    let first: Vec<_> = std::iter::repeat_with(|| slice(&mut desk)).find(|ready| !ready.is_empty()).unwrap();
    assert_eq!(first.len(), 16);
    desk.state.logins.forget(StreamId(17));
    assert_eq!(drain(&mut desk), [vec![16, 18, 19]]);
}

/// One of four checks at once may be for one source.
const NARROW: &str = r#"{ "checks": "1/h", "burst": 4, "waiting": 4, "waiting_per_source": 1 }"#;

#[test]
fn who_is_logged_in_is_let_in_by_every_worker_whatever_a_stranger_behind_the_same_address_does() {
    for number in [2, 4] {
        let mut workers = workers(number, NARROW);
        assert_eq!(answer(&mut workers[0], 1, "right"), 200);
        for (guess, worker) in (0..40).zip((0..usize::from(number)).cycle()) {
            answer(&mut workers[worker], 1, &format!("guess {guess}"));
        }
        for worker in &mut workers {
            assert_eq!(answer(worker, 1, "one more"), 429, "the budget of the address is used up");
            assert_eq!(answer(worker, 1, "right"), 200);
            assert_eq!(answer(worker, 1, "right"), 200);
        }
    }
}

#[test]
fn who_is_logged_in_waits_in_front_of_strangers_and_has_room_of_her_own() {
    let mut workers =
        workers(2, r#"{ "checks": "1000/s", "burst": 1000, "waiting": 4, "waiting_per_source": 4 }"#);
    assert_eq!(answer(&mut workers[0], 1, "right"), 200);
    let other = &mut workers[1];
    let guesses = (0..6).map(|guess| ask(other, guess, 1, "alice", &format!("guess {guess}")));
    assert_eq!(guesses.collect::<Vec<_>>(), [0, 0, 0, 0, 429, 429]);
    assert!(slice(other).is_empty(), "the first guess is being checked");
    assert_eq!(ask(other, 9, 1, "alice", "right"), 0);
    let order: Vec<_> = drain(other).into_iter().flatten().collect();
    assert_eq!(order, [0, 9, 1, 2, 3]);
}

#[test]
fn a_hint_is_for_one_password_from_one_address_and_lets_nobody_in() {
    let mut workers = workers(2, NARROW);
    assert_eq!(answer(&mut workers[0], 1, "right"), 200);
    let other = &mut workers[1];
    for source in [1, 2] {
        assert_eq!(answer(other, source, &format!("a guess from {source}")), 401);
        assert_eq!(answer(other, source, "another"), 429);
    }
    assert_eq!(answer(other, 2, "right"), 429, "nobody has logged in from there");
    assert_eq!(ask(other, 1, 1, "alice", "right"), 0, "the password is checked by this worker too");
}

/// A neighbour who can write to the shared data writes the same entry everywhere, and copies entries.
#[test]
fn forged_hints_let_nobody_in_and_nobody_begin() {
    let mut workers = workers(2, NARROW);
    assert_eq!(answer(&mut workers[0], 1, "right"), 200);
    let shared = Rc::clone(&workers[0].shared);
    let keys = || (0..4_096).map(|slot| format!("promward.login.{slot}"));
    let (entry, _) = keys().find_map(|key| shared.get(&key).unwrap()).unwrap();
    for key in keys() {
        let number = shared.get(&key).unwrap().map_or(u32::MAX, |(_, number)| number);
        shared.set(&key, &entry, number).unwrap();
    }
    let other = &mut workers[1];
    assert_eq!(answer(other, 1, "a guess"), 401);
    let statuses: Vec<_> = (0..50).map(|guess| answer(other, 1, &format!("guess {guess}"))).collect();
    assert_eq!(statuses, [429; 50]);
    assert_eq!(ask(other, 1, 1, "bob", "right"), 429);
    assert_eq!(answer(other, 1, "right"), 200);
}

#[test]
fn hints_die_with_their_configuration() {
    let hash = bcrypt::hash("right", 4).unwrap();
    let shared = Rc::<Memory>::default();
    let mut before = Desk::beside(&configuration(&hash, NARROW), &shared, 0);
    let mut after = Desk::beside(&(configuration(&hash, NARROW) + "\n"), &shared, 1);
    assert_eq!(answer(&mut before, 1, "right"), 200);
    assert_eq!(answer(&mut after, 1, "a guess"), 401);
    assert_eq!(answer(&mut after, 1, "right"), 429);
}

#[test]
fn a_writer_who_can_not_log_in_now_is_told_to_try_again() {
    let mut desk = desk(NARROW);
    assert_eq!(answer(&mut desk, 1, "a guess"), 401);
    let authorization = format!("Basic {}", STANDARD.encode("alice:right"));
    let pairs = [
        (":method", "POST"),
        (":path", "/p/api/v1/write"),
        (":authority", "example.com"),
        ("authorization", &authorization),
    ];
    let (decision, record) = desk.decide(&Headers::from_iter(pairs), Body::Follows, &facts(1), 1);
    let Decision::Reply(reply) = decision else { panic!("the budget is used up") };
    let told = reply.headers.iter().find(|(name, _)| *name == "retry-after");
    assert_eq!((reply.status, told.is_some(), record.outcome), (503, true, Outcome::Throttled));
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
