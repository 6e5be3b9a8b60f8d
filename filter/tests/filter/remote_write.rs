//! Remote write: each series of a restricted caller has an allowed label, whatever the message looks like.

use crate::desk::Desk;
use crate::desk::posted::{announce, post};
use crate::messages::{
    Exemplar, ExemplarV2, Histogram, Label, MetadataV2, MetricMetadata, RequestV2, Span, TimeSeries,
    WriteRequest, compressed, decoded, encoded, message, message_v2, series, texts, texts_v2,
};
use promward::enforce::body::AwaitedBody;
use prost::Message;
use serde_json::{Value, json};

const V1: &str = "application/x-protobuf";
const V2: &str = "application/x-protobuf;proto=io.prometheus.write.v2.Request";

/// Returns a worker with one rule for anyone.
fn desk(rule: &Value) -> Desk {
    let mut all = json!({ "who": ["anyone"], "may": ["write"] });
    all.as_object_mut().unwrap().extend(rule.as_object().unwrap().clone());
    Desk::new(&json!({ "mounts": [{ "prefix": "/", "cluster": "p" }], "access": [all] }).to_string())
}

fn only_a() -> Value {
    json!({ "only": { "tenant": ["a"] } })
}

fn adding() -> Value {
    json!({ "only": { "tenant": ["a"] }, "write": "label" })
}

/// Sends a message, and returns the body that goes upstream.
fn send(desk: &mut Desk, content_type: &str, body: &[u8]) -> Result<Vec<u8>, (u16, String)> {
    post(desk, "/api/v1/write", &[("content-type", content_type), ("content-encoding", "snappy")], body)
}

fn refused(desk: &mut Desk, content_type: &str, body: &[u8]) -> (u16, String) {
    send(desk, content_type, body).unwrap_err()
}

#[test]
fn a_message_whose_series_all_have_an_allowed_label_goes_on_as_it_came() {
    let series = ["__name__=up,tenant=a", "__name__=b,job=x,tenant=a,zone=y"];
    for (kind, body) in [(V1, encoded(&message(&series))), (V2, encoded(&message_v2(&series)))] {
        for rule in [
            only_a(),
            json!({ "only": { "tenant": ["b", "a"] } }),
            json!({ "only": { "tenant": { "regex": "a+" } } }),
        ] {
            assert_eq!(send(&mut desk(&rule), kind, &body).as_ref(), Ok(&body), "{kind} {rule}");
        }
    }
}

#[test]
fn the_first_wrong_label_is_named_and_nothing_is_written() {
    for (series, named) in [
        (&["tenant=a", "__name__=up,tenant=b"][..], r#"the label \"tenant\" with the value \"b\""#),
        (&["tenant=a", "__name__=up"], r#"lacks the label \"tenant\""#),
        (&["__name__=up,tenant="], r#"the label \"tenant\" with the value \"\""#),
        (&["tenant=a,tenant=a"], r#"the label \"tenant\" twice"#),
        (&["tenant=a,tenant=b"], r#"the label \"tenant\" twice"#),
        (&["tenant=A"], r#"with the value \"A\""#),
        (&["Tenant=a"], r#"lacks the label \"tenant\""#),
        (&[""], r#"lacks the label \"tenant\""#),
    ] {
        for (kind, body) in [(V1, encoded(&message(series))), (V2, encoded(&message_v2(series)))] {
            let (status, text) = refused(&mut desk(&only_a()), kind, &body);
            assert!(status == 400 && text.contains(named), "{series:?}: {status} {text}");
        }
    }
}

#[test]
fn a_label_that_is_missing_is_added_in_its_place() {
    for (given, sent) in [
        ("__name__=up", "__name__=up,tenant=a"),
        ("__name__=up,job=x", "__name__=up,job=x,tenant=a"),
        ("__name__=up,job=x,zone=z", "__name__=up,job=x,tenant=a,zone=z"),
        ("zone=z", "tenant=a,zone=z"),
        ("zone=z,__name__=up", "tenant=a,zone=z,__name__=up"),
        ("__name__=up,tenant=a", "__name__=up,tenant=a"),
        ("", "tenant=a"),
    ] {
        let both = [given, "__name__=other,tenant=a"];
        let sent_both = [sent, "__name__=other,tenant=a"];
        let body = send(&mut desk(&adding()), V1, &encoded(&message(&both))).unwrap();
        assert_eq!(decoded::<WriteRequest>(&body), message(&sent_both), "{given}");
        let body = send(&mut desk(&adding()), V2, &encoded(&message_v2(&both))).unwrap();
        let request = decoded::<RequestV2>(&body);
        assert_eq!(texts_v2(&request), sent_both, "{given}");
        assert_eq!(request.timeseries[0].samples, message_v2(&both).timeseries[0].samples);
    }
    for series in ["tenant=b", "tenant=", "tenant=a,tenant=a"] {
        assert_eq!(refused(&mut desk(&adding()), V1, &encoded(&message(&[series]))).0, 400, "{series}");
    }
}

#[test]
fn several_labels_are_added_and_one_with_several_values_is_not() {
    let rule = json!({ "only": { "tenant": ["a"], "cluster": ["c"] }, "write": "label" });
    for (given, sent) in [
        ("__name__=up", "__name__=up,cluster=c,tenant=a"),
        ("cluster=c,job=x", "cluster=c,job=x,tenant=a"),
        ("tenant=a", "cluster=c,tenant=a"),
    ] {
        let body = send(&mut desk(&rule), V1, &encoded(&message(&[given]))).unwrap();
        assert_eq!(texts(&decoded(&body)), [sent]);
        let body = send(&mut desk(&rule), V2, &encoded(&message_v2(&[given]))).unwrap();
        assert_eq!(texts_v2(&decoded(&body)), [sent]);
    }
    let rule = json!({ "only": { "tenant": ["a"], "cluster": ["c", "d"] }, "write": "label" });
    let (status, text) = refused(&mut desk(&rule), V1, &encoded(&message(&["__name__=up"])));
    assert!(status == 400 && text.contains(r#"lacks the label \"cluster\""#), "{text}");
    let rule = json!({ "only": { "tenant": { "values": ["a"], "or_absent": true } } });
    for series in ["__name__=up", "tenant=a", "tenant="] {
        assert!(send(&mut desk(&rule), V1, &encoded(&message(&[series]))).is_ok(), "{series}");
    }
    assert_eq!(refused(&mut desk(&rule), V1, &encoded(&message(&["tenant=b"]))).0, 400);
}

#[test]
fn a_series_has_to_satisfy_one_of_the_alternatives() {
    let rule = json!({ "only": [{ "tenant": ["a"], "env": ["prod"] }, { "tenant": ["b"] }] });
    for (series, allowed) in [
        ("env=prod,tenant=a", true),
        ("env=dev,tenant=a", false),
        ("tenant=a", false),
        ("tenant=b", true),
        ("env=dev,tenant=b", true),
        ("env=prod", false),
        ("", false),
    ] {
        for (kind, body) in [(V1, encoded(&message(&[series]))), (V2, encoded(&message_v2(&[series])))] {
            assert_eq!(send(&mut desk(&rule), kind, &body).is_ok(), allowed, "{series}");
        }
    }
    let twice = encoded(&message(&["tenant=b,tenant=b"]));
    assert!(refused(&mut desk(&rule), V1, &twice).1.contains("twice"));
}

#[test]
fn all_else_in_a_series_goes_on_as_it_is() {
    let exemplars =
        vec![Exemplar { labels: crate::messages::labels("trace_id=1"), value: 2.0, timestamp: -1 }];
    let histograms = vec![Histogram {
        count: 3,
        sum: 4.5,
        schema: -4,
        zero_threshold: 0.001,
        positive_spans: vec![Span { offset: -1, length: 2 }],
        positive_deltas: vec![1, -1],
        timestamp: 1,
    }];
    let whole = TimeSeries { exemplars, histograms: histograms.clone(), ..series("__name__=up,tenant=a") };
    let request = WriteRequest { timeseries: vec![whole.clone()], metadata: Vec::new() };
    assert_eq!(send(&mut desk(&only_a()), V1, &encoded(&request)), Ok(encoded(&request)));
    let lacking = TimeSeries { labels: crate::messages::labels("__name__=up"), ..whole.clone() };
    let body = send(
        &mut desk(&adding()),
        V1,
        &encoded(&WriteRequest { timeseries: vec![lacking], metadata: vec![] }),
    );
    assert_eq!(decoded::<WriteRequest>(&body.unwrap()), request);

    let mut request = message_v2(&["__name__=up"]);
    request.timeseries[0].histograms = histograms;
    request.timeseries[0].metadata = Some(MetadataV2 { kind: 1, help_ref: 2, unit_ref: 0 });
    request.timeseries[0].exemplars = vec![ExemplarV2 { labels_refs: vec![1, 2], value: 1.0, timestamp: 2 }];
    let sent = decoded::<RequestV2>(&send(&mut desk(&adding()), V2, &encoded(&request)).unwrap());
    assert_eq!(texts_v2(&sent), ["__name__=up,tenant=a"]);
    for (given, sent) in request.timeseries.iter().zip(&sent.timeseries) {
        assert_eq!((&given.metadata, &given.exemplars), (&sent.metadata, &sent.exemplars));
        assert_eq!((&given.histograms, &given.samples), (&sent.histograms, &sent.samples));
    }
}

#[test]
fn an_exemplar_may_lack_the_label_and_may_not_have_a_wrong_one() {
    let exemplar = |text: &str| Exemplar { labels: crate::messages::labels(text), value: 2.0, timestamp: 1 };
    for (text, allowed) in [("", true), ("trace_id=1", true), ("tenant=a", true), ("tenant=b", false)] {
        let one = TimeSeries { exemplars: vec![exemplar(text)], ..series("tenant=a") };
        let body = encoded(&WriteRequest { timeseries: vec![one], metadata: vec![] });
        assert_eq!(send(&mut desk(&only_a()), V1, &body).is_ok(), allowed, "{text}");
        let mut request = message_v2(&["tenant=a", text, "tenant=a"]);
        let labels_refs = request.timeseries.remove(1).labels_refs;
        request.timeseries[0].exemplars = vec![ExemplarV2 { labels_refs, value: 1.0, timestamp: 2 }];
        assert_eq!(send(&mut desk(&only_a()), V2, &encoded(&request)).is_ok(), allowed, "{text}");
    }
}

#[test]
fn metadata_without_labels_is_left_out() {
    let metadata = vec![MetricMetadata { kind: 1, metric_family_name: "up".into(), help: "h".into() }];
    let request = WriteRequest { metadata, ..message(&["tenant=a", "tenant=a,x=y"]) };
    let sent = send(&mut desk(&only_a()), V1, &encoded(&request)).unwrap();
    assert_eq!(decoded::<WriteRequest>(&sent), message(&["tenant=a", "tenant=a,x=y"]));
    let alone = WriteRequest { timeseries: vec![], ..request };
    let sent = send(&mut desk(&only_a()), V1, &encoded(&alone)).unwrap();
    assert_eq!(decoded::<WriteRequest>(&sent), WriteRequest::default());
}

#[test]
fn symbols_are_read_wherever_references_lead() {
    let mut request = message_v2(&["__name__=up,tenant=a"]);
    // The same text twice, and texts that nobody refers to.
    request.symbols.extend(["tenant", "b", "unused"].map(str::to_owned));
    let refused_text = |request: &RequestV2| refused(&mut desk(&only_a()), V2, &encoded(request)).1;
    request.timeseries[0].labels_refs = vec![1, 2, 5, 6];
    assert!(refused_text(&request).contains(r#"\"b\""#));
    request.timeseries[0].labels_refs = vec![3, 4, 5, 4];
    assert!(refused_text(&request).contains("twice"));
    for refs in [vec![3], vec![3, 4, 1], vec![3, 99], vec![99, 4]] {
        request.timeseries[0].labels_refs = refs;
        assert!(refused_text(&request).contains("only one way"));
    }
    request.timeseries[0].labels_refs = vec![5, 4];
    assert!(send(&mut desk(&only_a()), V2, &encoded(&request)).is_ok());
}

/// Returns a field of a message: its tag, its length and its bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, u8::try_from(bytes.len()).unwrap()], bytes].concat()
}

#[test]
fn what_servers_may_read_in_two_ways_is_refused() {
    let label = |name: &[u8], value: &[u8]| [field(1, name), field(2, value)].concat();
    let tenant = field(1, &label(b"tenant", b"a"));
    let ok = field(1, &tenant);
    assert!(send(&mut desk(&only_a()), V1, &compressed(&ok)).is_ok());
    for (wrong, why) in [
        // Of two names or values servers take the last.
        (field(1, &field(1, &[label(b"tenant", b"a"), field(2, b"b")].concat())), "two values"),
        (field(1, &field(1, &[label(b"tenant", b"a"), field(1, b"other")].concat())), "two names"),
        (field(1, &[&tenant[..], &field(5, b"x")].concat()), "unknown field of a series"),
        (field(1, &[&tenant[..], &field(2, &[0x22, 0])].concat()), "unknown field of a sample"),
        ([&ok[..], &field(2, b"x")].concat(), "reserved field"),
        ([&ok[..], &[0x0b, 0x0c]].concat(), "group"),
        ([&ok[..], &[0x0a, 0x80, 0x00]].concat(), "length in more bytes than it needs"),
        // A tag that Go cuts off at 32 bits: it would be a series.
        ([&ok[..], &[0x8a, 0x80, 0x80, 0x80, 0x80, 0x01, 0]].concat(), "tag of 35 bits"),
        ([&ok[..], &[0x02, 0]].concat(), "field 0"),
        ([&ok[..], &[0x0a, 5, 1]].concat(), "length beyond the end"),
        (field(1, &[&tenant[..], &field(1, &label(b"\xff", b"x"))].concat()), "name that is no text"),
        (field(1, &[0x08, 0x01]), "number in place of a label"),
    ] {
        let (status, text) = refused(&mut desk(&only_a()), V1, &compressed(&wrong));
        assert_eq!(status, 400, "{why}: {text}");
    }
    // References of more than 32 bits would be cut off as well.
    let wide = [
        field(4, b""),
        field(4, b"tenant"),
        field(4, b"a"),
        field(5, &field(1, &[0x81, 0x80, 0x80, 0x80, 0x10, 2])),
    ];
    assert_eq!(refused(&mut desk(&only_a()), V2, &compressed(&wide.concat())).0, 400);
    // Symbols after a series would move its references to others.
    let late =
        [field(4, b""), field(4, b"tenant"), field(4, b"a"), field(5, &field(1, &[1, 2])), field(4, b"b")];
    assert_eq!(refused(&mut desk(&only_a()), V2, &compressed(&late.concat())).0, 400);
    assert!(send(&mut desk(&only_a()), V2, &compressed(&late[..4].concat())).is_ok());
}

#[test]
fn what_is_no_block_and_what_is_too_long_is_refused_before_it_is_decoded() {
    let bomb = [&[0x80, 0x80, 0x80, 0x08][..], &[0xfe, 1, 0].repeat(400_000)].concat();
    for (body, status, named) in [
        (&b""[..], 400, "snappy"),
        (b"x", 400, "snappy"),
        (&[0xff, 0xff, 0xff, 0xff, 0x0f], 413, "16777216 bytes"),
        (&[0x81, 0x80, 0x80, 0x08, 0], 413, "16777216 bytes"),
        (&[0xff, 0xff, 0x3f, 0], 400, "snappy"),
        (&bomb, 400, "snappy"),
        (&vec![0; 3 << 20], 413, "max_write"),
    ] {
        let (is, text) = refused(&mut desk(&only_a()), V1, body);
        assert!(is == status && text.contains(named), "{is} {text}");
    }
}

#[test]
fn types_and_encodings_are_those_of_the_protocol() {
    for (pairs, status) in [
        (&[("content-type", V1), ("content-encoding", "snappy")][..], 200),
        (
            &[
                ("content-type", "application/x-protobuf;proto=prometheus.WriteRequest"),
                ("content-encoding", "snappy"),
            ],
            200,
        ),
        (
            &[
                ("content-type", "application/x-protobuf; proto=io.prometheus.write.v2.Request"),
                ("content-encoding", "snappy"),
            ],
            200,
        ),
        (&[("content-type", V1)], 415),
        (&[("content-encoding", "snappy")], 415),
        (&[("content-type", V1), ("content-encoding", "gzip")], 415),
        (&[("content-type", V1), ("content-encoding", "snappy"), ("content-encoding", "gzip")], 415),
        (&[("content-type", V1), ("content-encoding", "Snappy")], 415),
        (&[("content-type", V1), ("content-type", V2), ("content-encoding", "snappy")], 415),
        (
            &[
                ("content-type", "application/x-protobuf;proto=io.prometheus.write.v3.Request"),
                ("content-encoding", "snappy"),
            ],
            415,
        ),
        (
            &[
                (
                    "content-type",
                    "application/x-protobuf;proto=prometheus.WriteRequest;proto=io.prometheus.write.v2.Request",
                ),
                ("content-encoding", "snappy"),
            ],
            415,
        ),
        (&[("content-type", "application/x-protobuf;charset=utf-8"), ("content-encoding", "snappy")], 415),
        (&[("content-type", "application/json"), ("content-encoding", "snappy")], 415),
        (&[("content-type", "APPLICATION/x-protobuf"), ("content-encoding", "snappy")], 415),
    ] {
        let is =
            announce(&mut desk(&only_a()), "/api/v1/write", pairs).map_or_else(|(status, _)| status, |_| 200);
        assert_eq!(is, status, "{pairs:?}");
    }
    let usual = [
        ("content-type", "application/x-protobuf; proto=prometheus.WriteRequest"),
        ("content-encoding", "snappy"),
        ("content-length", "9"),
    ];
    let (forward, _) = announce(&mut desk(&only_a()), "/api/v1/write", &usual).unwrap();
    assert_eq!(forward.edits.value("content-type"), Some(V1));
    assert_eq!(forward.edits.value("x-promward-body"), Some("message"));
    assert!(forward.edits.remove.contains(&b"content-length".to_vec()));
    let long = [("content-type", V1), ("content-encoding", "snappy"), ("content-length", "3000000")];
    assert_eq!(announce(&mut desk(&only_a()), "/api/v1/write", &long).unwrap_err().0, 413);
}

#[test]
fn other_ways_to_write_stay_closed_to_the_restricted() {
    let usual = [("content-type", V1), ("content-encoding", "snappy")];
    for (path, status) in [("/api/v1/write?extra_label=tenant=b", 400), ("/api/v1/otlp/v1/metrics", 403)] {
        let is = announce(&mut desk(&only_a()), path, &usual).map_or_else(|(status, _)| status, |_| 200);
        assert_eq!(is, status, "{path}");
    }
}

#[test]
fn who_is_not_restricted_sends_what_they_like() {
    let (forward, _) =
        announce(&mut desk(&json!({})), "/api/v1/write?x=1", &[("content-type", "a/b")]).unwrap();
    assert_eq!(forward.body, None);
    // If samples are counted, the message has to be one, with whatever fields.
    let rate = json!({ "limits": { "samples": "5/s" } });
    let unknown = [&message(&["a=b", "c=d"]).encode_to_vec()[..], &field(9, b"x")].concat();
    assert_eq!(send(&mut desk(&rate), V1, &compressed(&unknown)), Ok(compressed(&unknown)));
    assert_eq!(refused(&mut desk(&rate), V1, b"x").0, 400);
}

#[test]
fn samples_are_counted_against_the_rate_of_the_rule() {
    for rule in [
        json!({ "limits": { "samples": "5/s" } }),
        json!({ "only": { "tenant": ["a"] }, "limits": { "samples": "5/s" } }),
    ] {
        let desk = &mut desk(&rule);
        let three = encoded(&message(&["tenant=a", "tenant=a,x=y", "tenant=a,z=y"]));
        assert!(send(desk, V1, &three).is_ok());
        let (status, text) = refused(desk, V1, &three);
        assert!(status == 503 && text.contains("limits allows 5/s samples"), "{status} {text}");
        assert!(send(desk, V2, &encoded(&message_v2(&["tenant=a", "tenant=a"]))).is_ok());
        let many = encoded(&message(&["tenant=a"; 6]));
        let (status, text) = refused(desk, V1, &many);
        assert!(
            status == 413 && text.contains("has 6 samples, and access[0].limits.samples allows 5 at once"),
            "{text}"
        );
    }
}

#[test]
fn a_long_message_is_worked_on_in_slices_to_the_same_end() {
    let texts: Vec<_> =
        (0..20_000).map(|number| format!("__name__=metric_{},job=x,pod=p{number}", number % 700)).collect();
    let texts: Vec<_> = texts.iter().map(String::as_str).collect();
    let sent = send(&mut desk(&adding()), V1, &encoded(&message(&texts))).unwrap();
    let expected: Vec<_> = texts.iter().map(|text| format!("{text},tenant=a")).collect();
    assert_eq!(crate::messages::texts(&decoded(&sent)), expected);
    let sent = send(&mut desk(&adding()), V2, &encoded(&message_v2(&texts[..3_000]))).unwrap();
    assert_eq!(texts_v2(&decoded(&sent)), expected[..3_000]);
    let long = Label { name: "x".into(), value: "y".repeat(600_000) };
    let one = TimeSeries { labels: vec![long], ..TimeSeries::default() };
    let body = encoded(&WriteRequest { timeseries: vec![one], metadata: vec![] });
    assert_eq!(refused(&mut desk(&adding()), V1, &body).0, 413);
}

/// Returns the slices of the work on a message, and how it ends.
fn slices(desk: &mut Desk, content_type: &str, body: Vec<u8>) -> (usize, Result<(), String>) {
    let pairs = [("content-type", content_type), ("content-encoding", "snappy")];
    let (forward, _) = announce(desk, "/api/v1/write", &pairs).unwrap();
    let Some(AwaitedBody::Write(write)) = forward.body else { panic!("no message is awaited") };
    let mut work = write.begin(body).unwrap();
    for number in 1.. {
        match work.slice() {
            Ok(None) => {}
            Ok(Some(_)) => return (number, Ok(())),
            Err(error) => return (number, Err(error.to_string())),
        }
    }
    unreachable!()
}

/// Series of two bytes, or with a label that takes long to judge, would hold a worker if only their bytes counted.
#[test]
fn a_message_that_takes_long_for_its_length_is_worked_on_in_more_slices() {
    let names: Vec<String> = (0..1_000).map(|number| format!("tenant-{number:04}")).collect();
    let many = json!({ "only": { "tenant": names } });
    let pattern = json!({ "only": { "tenant": { "regex": "(team-a|team-b|team-c|team-d)-[a-z0-9-]+" } } });
    let repeated = |series: &str, number: usize| message(&vec![series; number]);
    let long = format!("tenant=team-d-{}", "x".repeat(500));
    let plain = slices(&mut desk(&only_a()), V1, encoded(&repeated("tenant=a", 10_000)));
    assert_eq!(plain, (2, Ok(())));
    for (rule, body, least) in [
        (&many, encoded(&repeated("tenant=tenant-0999", 10_000)), 20),
        (&pattern, encoded(&repeated(&long, 400)), 10),
        (&adding(), compressed(&[0x0a, 0].repeat(100_000)), 25),
    ] {
        let (number, end) = slices(&mut desk(rule), V1, body);
        assert!(number >= least && end.is_ok(), "{rule}: {number} slices, {end:?}");
    }
    // What is changed in no series goes on as it came, without being written again.
    let symbols = slices(&mut desk(&adding()), V2, encoded(&message_v2(&["tenant=a"])));
    assert_eq!(symbols, (2, Ok(())));
}

#[test]
fn an_exemplar_has_a_restricted_label_once_and_a_series_not_too_many_of_them() {
    let mut request = message_v2(&["__name__=up,tenant=a"]);
    let exemplar = |labels_refs: Vec<u32>| ExemplarV2 { labels_refs, value: 1.0, timestamp: 2 };
    let place = |text: &str| {
        u32::try_from(request.symbols.iter().position(|symbol| symbol == text).unwrap()).unwrap()
    };
    let own = vec![place("tenant"), place("a")];
    request.timeseries[0].exemplars = vec![exemplar(own.repeat(2))];
    assert_eq!(refused(&mut desk(&only_a()), V2, &encoded(&request)).0, 400);
    let names: Vec<String> =
        (0..1_000).map(|number| format!("tenant-{number:04}")).chain(["a".to_owned()]).collect();
    for (number, is_refused) in [(100, false), (1_000, true)] {
        request.timeseries[0].exemplars = vec![exemplar(own.clone()); number];
        let sent = send(&mut desk(&json!({ "only": { "tenant": names } })), V2, &encoded(&request));
        assert_eq!(sent.is_err(), is_refused, "{number} exemplars: {sent:?}");
        assert!(send(&mut desk(&only_a()), V2, &encoded(&request)).is_ok());
    }
}

/// A server that knows the first version alone reads every message as one.
#[test]
fn a_message_that_is_named_as_the_other_version_is_not_sent_without_being_counted() {
    let rule = json!({ "limits": { "samples": "10/s" } });
    let (first, second) = (encoded(&message(&["a=b"])), encoded(&message_v2(&["a=b"])));
    assert!(send(&mut desk(&rule), V1, &first).is_ok() && send(&mut desk(&rule), V2, &second).is_ok());
    assert_eq!(refused(&mut desk(&rule), V2, &first).0, 400);
    assert_eq!(refused(&mut desk(&rule), V1, &second).0, 400);
}

#[test]
fn the_time_at_which_a_counter_began_passes_as_the_first_drafts_of_the_protocol_have_it() {
    let mut series = message_v2(&["__name__=up,tenant=a"]).timeseries[0].encode_to_vec();
    series.extend([6 << 3, 5]);
    let mut request = message_v2(&["__name__=up,tenant=a"]);
    request.timeseries.clear();
    let mut body = request.encode_to_vec();
    body.extend([5 << 3 | 2, u8::try_from(series.len()).unwrap()]);
    body.extend(series);
    assert_eq!(send(&mut desk(&only_a()), V2, &compressed(&body)), Ok(compressed(&body)));
}
