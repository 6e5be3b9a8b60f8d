//! Remote read: each query of a restricted caller has the restriction, whatever the message looks like, and nothing else of
//! it changes.

use crate::desk::Desk;
use crate::desk::posted::{NOW, announce, facts, post};
use crate::messages::read::{Query, ReadHints, ReadRequest, asked, asking, query};
use crate::messages::{compressed, decoded, encoded};
use promward::decision::{Decision, Forward};
use promward::target::body::Body;
use promward::target::headers::Headers;
use proptest::prelude::*;
use prost::Message;
use serde_json::{Value, json};

const PATH: &str = "/api/v1/read";
const TYPE: &str = "application/x-protobuf";

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// Returns a worker with one rule for anyone, and another API than Prometheus' if it is named.
fn desk_of(api: &str, rule: &Value) -> Desk {
    let mut all = json!({ "who": ["anyone"], "may": ["remote_read", "query"] });
    all.as_object_mut().unwrap().extend(rule.as_object().unwrap().clone());
    let mount = json!({ "prefix": "/", "cluster": "p", "api": api });
    Desk::new(&json!({ "mounts": [mount], "access": [all] }).to_string())
}

fn desk(rule: &Value) -> Desk {
    desk_of("prometheus", rule)
}

fn only_a() -> Value {
    json!({ "only": { "tenant": ["a"] } })
}

fn limits(limits: &Value) -> Value {
    json!({ "limits": limits })
}

const USUAL: [(&str, &str); 2] = [("content-type", TYPE), ("content-encoding", "snappy")];

/// Sends a body, and returns the one that goes upstream.
fn send(desk: &mut Desk, body: &[u8]) -> Result<Vec<u8>, (u16, String)> {
    post(desk, PATH, &USUAL, body)
}

/// Sends a message, and returns the one that goes upstream.
fn sent(desk: &mut Desk, request: &ReadRequest) -> ReadRequest {
    decoded(&send(desk, &encoded(request)).unwrap())
}

fn refused(desk: &mut Desk, request: &ReadRequest) -> (u16, String) {
    send(desk, &encoded(request)).unwrap_err()
}

#[test]
fn each_query_gets_the_matchers_of_the_restriction() {
    for (only, given, expected) in [
        (json!({ "tenant": ["a"] }), &["__name__=up"][..], &["__name__=up,tenant=~a"][..]),
        (json!({ "tenant": ["a"] }), &[""], &["tenant=~a"]),
        (json!({ "tenant": ["a"] }), &[], &[]),
        (
            json!({ "tenant": ["a"] }),
            &["tenant=b", "tenant=a", "tenant=~.*", "tenant!~a", "tenant!=a"],
            &[
                "tenant=b,tenant=~a",
                "tenant=a,tenant=~a",
                "tenant=~.*,tenant=~a",
                "tenant!~a,tenant=~a",
                "tenant!=a,tenant=~a",
            ],
        ),
        (json!({ "tenant": ["a.b", "c|d", "é"] }), &["x=1"], &[r"x=1,tenant=~a\.b|c\|d|é"]),
        (json!({ "tenant": ["a"], "env": ["p", "t"] }), &["x=1"], &["x=1,env=~p|t,tenant=~a"]),
        (json!({ "tenant": { "values": ["a"], "or_absent": true } }), &["x=1"], &["x=1,tenant=~a|"]),
        (json!({ "tenant": { "regex": "a+|b" } }), &["x=1"], &["x=1,tenant=~a+|b,tenant!="]),
        (json!([{ "tenant": ["a"] }, { "tenant": ["b"] }]), &["x=1"], &["x=1,tenant=~a|b"]),
    ] {
        let sent = sent(&mut desk(&json!({ "only": only })), &asking(given));
        assert_eq!(asked(&sent), expected, "{only}");
    }
}

#[test]
fn everything_else_goes_on_as_it_came() {
    let hints = ReadHints {
        step_ms: 15_000,
        func: "rate".into(),
        start_ms: -1,
        end_ms: i64::MAX,
        grouping: vec!["job".into(), String::new(), "instance".into()],
        by: true,
        range_ms: 300_000,
    };
    let times = |hints| Query {
        start_timestamp_ms: i64::MIN,
        end_timestamp_ms: NOW,
        hints,
        ..query("__name__=up,a!=1,b=~.+,c!~x,d=")
    };
    let queries = [times(Some(hints)), times(None), times(Some(ReadHints::default())), query("")];
    let each = queries.iter().map(|query| vec![query.clone()]);
    let accepted = [vec![], vec![0], vec![1], vec![1, 0], vec![0, 1, 1]];
    let requests =
        each.zip(&accepted).chain([(queries.to_vec(), &accepted[2]), (queries.to_vec(), &accepted[3])]);
    for (queries, accepted_response_types) in requests {
        let request = ReadRequest { queries, accepted_response_types: accepted_response_types.clone() };
        let mut restricted = sent(&mut desk(&only_a()), &request);
        for query in &mut restricted.queries {
            let added = query.matchers.pop().unwrap();
            assert_eq!((added.kind, added.name.as_str(), added.value.as_str()), (2, "tenant", "a"));
        }
        assert_eq!(restricted, request);
        let mut of_today = request.clone();
        for query in &mut of_today.queries {
            (query.start_timestamp_ms, query.end_timestamp_ms) = (NOW - DAY, NOW);
            if let Some(hints) = &mut query.hints {
                (hints.start_ms, hints.end_ms) = (NOW - DAY, NOW);
            }
        }
        assert_eq!(sent(&mut desk(&limits(&json!({ "oldest": "30d" }))), &of_today), of_today);
    }
}

#[test]
fn the_types_of_answers_may_be_packed_or_not() {
    for bytes in
        [&b"\x12\x02\x01\x00"[..], b"\x10\x01\x10\x00", b"\x10\x01\x12\x01\x00", b"\x12\x00\x12\x02\x01\x00"]
    {
        let sent: ReadRequest = decoded(&send(&mut desk(&only_a()), &compressed(bytes)).unwrap());
        assert_eq!(sent.accepted_response_types, [1, 0], "{bytes:?}");
    }
}

#[test]
fn a_query_that_names_a_shared_metric_outright_stays_as_it_is() {
    let shared = json!({ "only": { "tenant": ["a"] }, "shared": ["up", "a.b"] });
    for (given, expected) in [
        ("__name__=up", "__name__=up,__name__=~up"),
        ("job=x,__name__=a.b,y!~z", r"job=x,__name__=a.b,y!~z,__name__=~a\.b"),
        ("__name__=down", "__name__=down,tenant=~a"),
        ("__name__=~up", "__name__=~up,tenant=~a"),
        ("__name__!=up", "__name__!=up,tenant=~a"),
        ("__name__=up,__name__=up", "__name__=up,__name__=up,tenant=~a"),
        ("__name__=up,__name__!=x", "__name__=up,__name__!=x,tenant=~a"),
        ("__name__!=x,__name__=up", "__name__!=x,__name__=up,tenant=~a"),
        ("__name__!=x,__name__!=y,__name__=up", "__name__!=x,__name__!=y,__name__=up,tenant=~a"),
        ("__name__=", "__name__=,tenant=~a"),
        ("name=up", "name=up,tenant=~a"),
        ("", "tenant=~a"),
    ] {
        assert_eq!(asked(&sent(&mut desk(&shared), &asking(&[given, "x=y"]))), [expected, "x=y,tenant=~a"]);
    }
}

#[test]
fn what_has_no_terms_streams() {
    for rule in [json!({}), json!({ "limits": { "rate": "100/s" } })] {
        let (forward, _) = announce(&mut desk(&rule), PATH, &[("content-type", "text/plain")]).unwrap();
        assert_eq!(forward.body, None, "{rule}");
    }
}

#[test]
fn the_headers_are_those_of_a_body_that_is_written_anew() {
    let pairs = [&USUAL[..], &[("content-length", "10"), ("x-prometheus-remote-read-version", "0.1.0")]];
    let (forward, _) = announce(&mut desk(&only_a()), PATH, &pairs.concat()).unwrap();
    assert_eq!(forward.edits.value("content-type"), Some(TYPE));
    assert_eq!(forward.edits.value("x-promward-body"), Some("message"));
    let removed: Vec<_> = forward.edits.remove.iter().map(|name| String::from_utf8_lossy(name)).collect();
    assert_eq!(removed, ["content-length"]);
}

#[test]
fn a_message_is_announced_as_one() {
    for (pairs, status) in [
        (&USUAL[..], 200),
        (&[("content-type", "application/x-protobuf; charset=utf-8"), USUAL[1]], 415),
        (&[("content-type", "application/x-stream-protobuf"), USUAL[1]], 200),
        (
            &[
                ("content-type", "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse"),
                USUAL[1],
            ],
            200,
        ),
        (&[("content-type", "application/x-streamed-protobuf; proto=prometheus.ReadRequest"), USUAL[1]], 415),
        (&[USUAL[0]], 415),
        (&[USUAL[1]], 415),
        (&[USUAL[0], ("content-encoding", "gzip")], 415),
        (&[USUAL[0], ("content-encoding", "snappy, gzip")], 415),
        (&[USUAL[0], USUAL[1], USUAL[1]], 415),
        (&[USUAL[0], USUAL[0], USUAL[1]], 415),
        (&[("content-type", "application/x-www-form-urlencoded"), USUAL[1]], 415),
        (&[("content-type", "application/x-protobuf;proto=prometheus.WriteRequest"), USUAL[1]], 415),
        (&[USUAL[0], USUAL[1], ("content-length", "131072")], 200),
        (&[USUAL[0], USUAL[1], ("content-length", "131073")], 413),
        (&[USUAL[0], USUAL[1], ("content-length", "99999999999999999999")], 413),
    ] {
        let found = announce(&mut desk(&only_a()), PATH, pairs).map_or_else(|refused| refused.0, |_| 200);
        assert_eq!(found, status, "{pairs:?}");
    }
    for (query, status) in [("?x=y", 400), ("?query=up", 400), ("?match%5B%5D=up", 400), ("?", 200)] {
        for rule in [only_a(), limits(&json!({ "range": "1d" }))] {
            let found = announce(&mut desk(&rule), &format!("{PATH}{query}"), &USUAL);
            assert_eq!(found.map_or_else(|refused| refused.0, |_| 200), status, "{query} {rule}");
        }
    }
    for method in ["GET", "PUT"] {
        let pairs = [(":method", method), (":path", PATH), (":authority", "example.com")];
        let decision = desk(&only_a()).decide(&Headers::from_iter(pairs), Body::None, &facts(), 1).0;
        assert!(matches!(decision, Decision::Reply(reply) if reply.status == 405), "{method}");
    }
}

/// Each of these would be read differently by two decoders, or is something that nobody here can judge.
#[test]
fn what_servers_may_read_otherwise_is_refused() {
    let in_query = |fields: &[u8]| [&[0x0a, u8::try_from(fields.len()).unwrap()], fields].concat();
    let in_matcher =
        |fields: &[u8]| in_query(&[&[0x1a, u8::try_from(fields.len()).unwrap()], fields].concat());
    let in_hints = |fields: &[u8]| in_query(&[&[0x22, u8::try_from(fields.len()).unwrap()], fields].concat());
    let only_way = "in only one way";
    for (message, reason) in [
        (b"\x1a\x00".to_vec(), "a field that isn't known"),
        (b"\x08\x01".to_vec(), "a field that isn't known"),
        (b"\x15\x00\x00\x00\x00".to_vec(), "a field that isn't known"),
        (b"\x10\x02".to_vec(), "answers of the type 2"),
        (b"\x12\x02\x00\x07".to_vec(), "answers of the type 7"),
        (
            b"\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01".to_vec(),
            "answers of the type 18446744073709551615",
        ),
        (b"\x0a\x05\x08\x01".to_vec(), only_way),
        (b"\x8a\x00\x00".to_vec(), only_way),
        (b"\x8a\x80\x80\x80\x80\x01\x00".to_vec(), only_way),
        (b"\x0b\x0c".to_vec(), only_way),
        (b"\x00".to_vec(), only_way),
        (in_query(b"\x08\x01\x08\x02"), only_way),
        (in_query(b"\x10\x01\x08\x01\x10\x01"), only_way),
        (in_query(b"\x08\x81\x00"), only_way),
        (in_query(b"\x22\x00\x22\x02\x18\x01"), only_way),
        (in_query(b"\x0a\x00"), "a field that isn't known"),
        (in_query(b"\x18\x00"), "a field that isn't known"),
        (in_query(b"\x20\x00"), "a field that isn't known"),
        (in_query(b"\x2a\x00"), "a field that isn't known"),
        (in_query(b"\x09\x00\x00\x00\x00\x00\x00\x00\x00"), "a field that isn't known"),
        (in_matcher(b"\x12\x01x\x12\x06tenant"), only_way),
        (in_matcher(b"\x12\x01x\x1a\x01y\x1a\x01z"), only_way),
        (in_matcher(b"\x08\x02\x12\x01x\x08\x00"), only_way),
        (in_matcher(b"\x12\x01x\x22\x01y"), "a field that isn't known"),
        (in_matcher(b"\x0a\x01x"), "a field that isn't known"),
        (in_matcher(b"\x12\x01x\x08\x04"), "has the type 4"),
        (in_matcher(b"\x12\x01x\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "type 18446744073709551615"),
        (in_matcher(b""), "has no name"),
        (in_matcher(b"\x1a\x01x"), "has no name"),
        (in_matcher(b"\x12\x00\x1a\x00"), "has no name"),
        (in_matcher(b"\x12\x01\xff"), "isn't UTF-8"),
        (in_matcher(b"\x12\x01x\x1a\x01\xff"), "isn't UTF-8"),
        (in_matcher(b"\x12\x01x\x08\x02\x1a\x01\xff"), "isn't UTF-8"),
        (in_hints(b"\x18\x01\x18\x02"), only_way),
        (in_hints(b"\x20\x01\x18\x00\x20\x02"), only_way),
        (in_hints(b"\x12\x01\xff"), "isn't UTF-8"),
        (in_hints(b"\x2a\x01\xff"), "isn't UTF-8"),
        (in_hints(b"\x40\x01"), "a field that isn't known"),
        (in_hints(b"\x32\x00"), "a field that isn't known"),
    ] {
        for rule in [only_a(), limits(&json!({ "range": "1d" }))] {
            let (status, text) = send(&mut desk(&rule), &compressed(&message)).unwrap_err();
            assert!(status == 400 && text.contains(reason), "{message:x?} {rule}: {status} {text}");
        }
    }
    for block in [&b""[..], b"\x05\x00", b"\x00\x00", b"\xff\xff\xff\xff\xff\x01", b"\x04\x0c\x1a\x00"] {
        let (status, text) = send(&mut desk(&only_a()), block).unwrap_err();
        assert!(status == 400 && text.contains("no block"), "{block:x?}: {status} {text}");
    }
}

#[test]
fn the_flag_of_a_grouping_is_written_as_every_server_reads_it() {
    let sent: ReadRequest =
        decoded(&send(&mut desk(&only_a()), &compressed(b"\x0a\x04\x22\x02\x30\x07")).unwrap());
    assert!(sent.queries[0].hints.as_ref().unwrap().by);
    let sent = send(&mut desk(&only_a()), &compressed(b"\x0a\x04\x22\x02\x30\x07")).unwrap();
    let bytes = snap::raw::Decoder::new().decompress_vec(&sent).unwrap();
    assert!(bytes.windows(2).any(|two| two == b"\x30\x01"), "{bytes:x?}");
}

#[test]
fn guards_hold_the_times_of_a_query_and_of_its_hints() {
    let guarded = limits(&json!({ "range": "1d", "oldest": "30d" }));
    let hours = |from: i64, to: i64| (NOW - from * HOUR, NOW - to * HOUR);
    for (of_query, of_hints, refusal) in [
        (hours(24, 0), None, None),
        (hours(24, 0), Some(hours(24, 0)), None),
        (hours(23, 1), Some(hours(24, 0)), None),
        (hours(24, 0), Some(hours(23, 1)), None),
        (hours(720, 719), Some(hours(720, 719)), None),
        (hours(25, 0), None, Some("1d1h")),
        (hours(25, 0), Some(hours(1, 0)), Some("1d1h")),
        (hours(1, 0), Some(hours(25, 0)), Some("1d1h")),
        (hours(24, 1), Some(hours(23, 0)), None),
        (hours(24, 1), Some(hours(23, -1)), Some("1d1h")),
        (hours(23, -1), Some(hours(24, 1)), Some("1d1h")),
        (hours(721, 720), None, Some("30d1h old")),
        (hours(1, 0), Some((0, 0)), Some("the time from start to end")),
        ((0, 0), Some(hours(1, 0)), Some("the time from start to end")),
        ((0, 0), None, Some("old, and access[0].limits.oldest")),
        ((i64::MIN, i64::MAX), None, Some("the time from start to end")),
        (hours(1, 0), Some((i64::MIN, NOW)), Some("the time from start to end")),
    ] {
        let hints = of_hints.map(|(start_ms, end_ms)| ReadHints { start_ms, end_ms, ..ReadHints::default() });
        let (start_timestamp_ms, end_timestamp_ms) = of_query;
        let asked = Query { start_timestamp_ms, end_timestamp_ms, hints, ..query("x=y") };
        let request = ReadRequest { queries: vec![asked], ..asking(&[]) };
        match refusal {
            None => assert_eq!(sent(&mut desk(&guarded), &request), request, "{of_query:?} {of_hints:?}"),
            Some(refusal) => {
                let (status, text) = refused(&mut desk(&guarded), &request);
                assert!(
                    status == 422 && text.contains(refusal),
                    "{of_query:?} {of_hints:?}: {status} {text}"
                );
            }
        }
    }
}

#[test]
fn guards_hold_the_times_of_all_queries_together() {
    let rule = limits(&json!({ "range": "1d" }));
    for (hours, refusal) in [
        (&[(24, 0), (24, 0), (12, 6)][..], None),
        (&[(48, 36), (36, 24)], None),
        (&[(24, 12), (12, 0), (25, 24)], Some("1d1h")),
        (&[(720, 719), (1, 0)], Some("30d")),
    ] {
        let of = |&(from, to): &(i64, i64)| Query {
            start_timestamp_ms: NOW - from * HOUR,
            end_timestamp_ms: NOW - to * HOUR,
            ..query("x=y")
        };
        let queries = hours.iter().map(of).collect();
        let request = ReadRequest { queries, accepted_response_types: vec![1] };
        match refusal {
            None => assert_eq!(sent(&mut desk(&rule), &request), request, "{hours:?}"),
            Some(refusal) => {
                let (status, text) = refused(&mut desk(&rule), &request);
                assert!(status == 422 && text.contains(refusal), "{hours:?}: {status} {text}");
            }
        }
    }
}

/// A guard on the length of a query or its points holds no time, and one on the look-back has nothing to look back from.
#[test]
fn raw_samples_are_read_by_those_alone_whose_time_is_held() {
    for (guards, status) in [
        (json!({ "range": "1d" }), 200),
        (json!({ "oldest": "1d" }), 200),
        (json!({ "range": "1d", "points": 100, "timeout": "30s" }), 200),
        (json!({ "lookback": "1d" }), 403),
        (json!({ "points": 100, "timeout": "30s", "selectors": 10 }), 403),
        (json!({ "rate": "10/s" }), 200),
    ] {
        for rule in [json!({}), only_a()] {
            let mut rule = rule;
            rule["limits"] = guards.clone();
            let found = announce(&mut desk(&rule), PATH, &USUAL);
            let (found, text) = found.map_or_else(|refused| refused, |_| (200, String::new()));
            assert_eq!(found, status, "{rule}: {text}");
            assert!(found == 200 || text.contains(r#"needs \"range\" or \"oldest\""#), "{rule}: {text}");
        }
    }
}

/// A server keeps the samples of all queries until it has answered the last, and bounds those of each by itself.
#[test]
fn several_queries_are_answered_by_a_stream_or_not_at_all() {
    for (accepted, number, refusal) in [
        (&[][..], 1, None),
        (&[0, 1], 1, None),
        (&[1], 16, None),
        (&[1, 0], 2, None),
        (&[], 2, Some("has to stream")),
        (&[0], 2, Some("has to stream")),
        (&[0, 1], 2, Some("has to stream")),
        (&[1], 17, Some("more than 16 queries")),
        (&[1; 7], 1, None),
        (&[1; 8], 1, Some("more than 8 types of answers")),
    ] {
        let accepted_response_types = accepted.to_vec();
        let request = ReadRequest { accepted_response_types, ..asking(&vec!["__name__=up"; number]) };
        for rule in [only_a(), limits(&json!({ "range": "1d" }))] {
            match refusal {
                None => assert_eq!(sent(&mut desk(&rule), &request).queries.len(), number, "{accepted:?}"),
                Some(refusal) => {
                    let (status, text) = refused(&mut desk(&rule), &request);
                    assert!(status == 400 && text.contains(refusal), "{accepted:?}: {status} {text}");
                }
            }
        }
    }
    // What has no length is counted as well.
    let empty = compressed(&b"\x12\x00".repeat(9));
    assert_eq!(send(&mut desk(&only_a()), &empty).unwrap_err().0, 400);
}

#[test]
fn a_message_is_held_to_the_bounds_of_selectors() {
    let repeated = |text: &str, number: usize| asking(&vec![text; number]);
    let named = "__name__=up";
    let deep = format!("x=~{}", "(".repeat(65));
    let ten = || limits(&json!({ "selectors": 10, "range": "1d" }));
    let grouped = |number: usize| {
        let hints = ReadHints { grouping: vec![String::new(); number], ..ReadHints::default() };
        ReadRequest { queries: vec![Query { hints: Some(hints), ..query("x=y") }], ..asking(&[]) }
    };
    for (rule, request, reason) in [
        (only_a(), asking(&["x=y,".repeat(2_000).as_str()]), None),
        (only_a(), asking(&["x=y,".repeat(2_001).as_str()]), Some("more than 2000 matchers")),
        (only_a(), repeated(&"x=y,".repeat(200), 11), Some("more than 2000 matchers")),
        (only_a(), grouped(1_999), None),
        (only_a(), grouped(2_000), Some("more than 2000 matchers")),
        (only_a(), asking(&[&format!("x=~{}", "a*".repeat(180))]), None),
        (only_a(), asking(&[&format!("x=~{}", "a*".repeat(181))]), Some("limits.repetitions")),
        (
            only_a(),
            asking(&[&format!("x!~{}", "a*".repeat(91)), &format!("x=~{}", "a*".repeat(90))]),
            Some("limits.repetitions"),
        ),
        (only_a(), asking(&[&format!("x={}", "a*".repeat(181))]), None),
        (only_a(), asking(&[&deep]), Some("nested deeper than 64")),
        (ten(), repeated(named, 10), None),
        (ten(), repeated(named, 11), Some("more than 10 selectors")),
    ] {
        match reason {
            None => assert_eq!(sent(&mut desk(&rule), &request).queries.len(), request.queries.len()),
            Some(reason) => {
                let (status, text) = refused(&mut desk(&rule), &request);
                assert!(status == 400 && text.contains(reason), "{status} {text}");
            }
        }
    }
}

#[test]
fn a_message_has_a_longest_length_as_it_comes_and_as_it_goes() {
    let long = |length: usize| asking(&[&format!("x={}", "y".repeat(length))]);
    let several = |length: usize| {
        let text = format!("__name__=up,x={}", "y".repeat(length));
        asking(&[text.as_str(), text.as_str(), text.as_str()])
    };
    assert_eq!(sent(&mut desk(&only_a()), &long(65_000)).queries.len(), 1);
    let (status, text) = refused(&mut desk(&only_a()), &long(65_600));
    assert!(
        status == 400 && text.contains("longer than 65536 bytes (the mount's max_query)"),
        "{status} {text}"
    );
    assert_eq!(sent(&mut desk(&only_a()), &several(43_000)).queries.len(), 3);
    // It is refused by the length that it says, before anything of it is decoded.
    let (status, text) = refused(&mut desk(&only_a()), &several(44_000));
    assert!(status == 413 && text.contains("longer than 131072 bytes"), "{status} {text}");
    assert_eq!(send(&mut desk(&only_a()), &[0; 131_073]).unwrap_err().0, 413);
    let many: Vec<String> = (0..500).map(|number| format!("{number}{}", "x".repeat(100))).collect();
    let many = json!({ "only": { "tenant": many } });
    assert_eq!(sent(&mut desk(&many), &asking(&["__name__=up"; 5])).queries.len(), 5);
    let (status, text) = refused(&mut desk(&many), &asking(&["__name__=up"; 8]));
    assert!(status == 422 && text.contains("with its restriction"), "{status} {text}");
}

#[test]
fn alternatives_are_refused_with_their_reason() {
    let alternatives = json!({ "only": [{ "tenant": ["a"], "env": ["prod"] }, { "tenant": ["b"] }] });
    let (status, text) = announce(&mut desk(&alternatives), PATH, &USUAL).unwrap_err();
    assert!(status == 400 && text.contains("which remote read can't ask for"), "{status} {text}");
}

#[test]
fn servers_that_have_no_remote_read_or_another_one_refuse_it() {
    for (api, path, restricted, limited) in [
        ("prometheus", PATH, 200, 200),
        ("mimir", "/prometheus/api/v1/read", 200, 200),
        ("mimir", PATH, 403, 403),
        ("thanos", PATH, 403, 403),
        ("victoriametrics", PATH, 403, 403),
        ("victoriametrics", "/api/v1/export", 403, 403),
        ("victoriametrics", "/render", 403, 403),
        ("victoriametrics", "/prometheus/api/v1/export/native", 403, 403),
    ] {
        for (rule, expected) in [(only_a(), restricted), (limits(&json!({ "range": "1d" })), limited)] {
            let found = announce(&mut desk_of(api, &rule), path, &USUAL);
            let found = found.map_or_else(|refused| refused.0, |_| 200);
            assert_eq!(found, expected, "{api} {path} {rule}");
        }
    }
}

#[test]
fn a_trial_says_what_it_would_have_made_of_a_message() {
    let rule = |more: &Value| {
        let mut all = json!({ "who": ["anyone"], "may": ["remote_read"] });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let day = Query { start_timestamp_ms: NOW - DAY, end_timestamp_ms: NOW, ..query("x=y") };
    let body = encoded(&ReadRequest { queries: vec![day], ..ReadRequest::default() });
    let alternatives = json!({ "only": [{ "tenant": ["a"], "env": ["prod"] }, { "tenant": ["b"] }] });
    for (enforced, tried, expected) in [
        (only_a(), only_a(), Value::Null),
        (
            only_a(),
            json!({ "only": { "tenant": ["b"] } }),
            json!({ "outcome": "allowed", "rule": 0, "matchers": "tenant=\"b\"" }),
        ),
        (only_a(), limits(&json!({ "range": "1d" })), json!({ "outcome": "allowed", "rule": 0 })),
        (json!({}), only_a(), json!({ "outcome": "allowed", "rule": 0, "matchers": "tenant=\"a\"" })),
        (
            only_a(),
            limits(&json!({ "range": "1h" })),
            json!({ "outcome": "invalid", "rule": 0,
                "reason": "the time from start to end is 1d, and trial[0].limits.range allows 1h" }),
        ),
        (
            only_a(),
            alternatives,
            json!({ "outcome": "invalid", "rule": 0,
                "reason": "alternatives restrict you, which remote read can't ask for: use /api/v1/query" }),
        ),
    ] {
        let configuration =
            json!({ "mounts": [{ "prefix": "/" }], "access": [rule(&enforced)], "trial": [rule(&tried)] });
        let desk = &mut Desk::new(&configuration.to_string());
        let (forward, mut record) = announce(desk, PATH, &USUAL).unwrap();
        let Forward { body: awaited, trial, .. } = *forward;
        if let Some(awaited) = &awaited {
            desk.complete(awaited, trial.as_deref(), &body, &facts(), &mut record).unwrap();
        }
        let said: Value = serde_json::from_str(&record.json(&desk.gateway.mounts)).unwrap();
        assert_eq!(said["trial"], expected, "{enforced} {tried}");
    }
}

/// Returns a strategy for matchers, some of them on labels that restrict.
fn matchers() -> impl Strategy<Value = String> {
    let matcher = ("tenant|__name__|job|é", "=|!=|=~|!~", "|a|b|a\\|b|\\.\\*|up");
    let matcher = matcher.prop_map(|(name, kind, value)| format!("{name}{kind}{value}"));
    prop::collection::vec(matcher, 0..5).prop_map(|matchers| matchers.join(","))
}

proptest! {
    #[test]
    fn a_query_is_what_was_asked_and_the_restriction(queries in prop::collection::vec(matchers(), 0..4), times in any::<[i64; 4]>()) {
        let [start_timestamp_ms, end_timestamp_ms, start_ms, end_ms] = times;
        let mut request = asking(&queries.iter().map(String::as_str).collect::<Vec<_>>());
        for query in &mut request.queries {
            let hints = Some(ReadHints { start_ms, end_ms, ..ReadHints::default() });
            *query = Query { start_timestamp_ms, end_timestamp_ms, hints, ..query.clone() };
        }
        let mut sent = sent(&mut desk(&only_a()), &request);
        for query in &mut sent.queries {
            let added = query.matchers.pop().unwrap();
            prop_assert_eq!((added.kind, added.name.as_str(), added.value.as_str()), (2, "tenant", "a"));
        }
        prop_assert_eq!(sent, request);
    }

    /// Whatever of a broken message goes on is read by another library as queries that all have the restriction.
    #[test]
    fn a_broken_message_asks_for_no_more(
        queries in prop::collection::vec(matchers(), 1..4),
        breaks in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let request = asking(&queries.iter().map(String::as_str).collect::<Vec<_>>());
        let mut bytes = request.encode_to_vec();
        for (at, byte) in breaks {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(body) = send(&mut desk(&only_a()), &compressed(&bytes)) {
            for query in decoded::<ReadRequest>(&body).queries {
                let has = query.matchers.iter().any(|one| (one.kind, &*one.name, &*one.value) == (2, "tenant", "a"));
                prop_assert!(has, "{:?}", query);
            }
        }
    }
}
