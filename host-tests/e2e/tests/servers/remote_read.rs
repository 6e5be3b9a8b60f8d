//! Remote read in front of real servers. Whatever a tenant asks, the answer is, byte for byte, the one that a server with
//! only the series of the tenant gives, as samples and as chunks.

use crate::servers::either::Program;
use crate::servers::messages::read::{
    ChunkedReadResponse, LabelMatcher, Query, ReadHints, ReadRequest, ReadResponse, asking,
};
use crate::servers::messages::{Label, decoded, encoded};
use promward_e2e::deployment::{self, Deployment, Host};
use promward_e2e::on_both_hosts;
use promward_e2e::queries::Random;
use promward_e2e::queries::samples::{self, LENGTH, SECRET, START, Whose};
use promward_harness::client::{Answer, Client, Request};
use promward_harness::prometheus::{Options, Prometheus, Release, Samples};
use promward_harness::tools;
use prost::Message;
use serde_json::json;

on_both_hosts! {
    a_tenant_reads_what_a_server_with_no_other_series_answers,
    an_external_label_opens_nothing,
    guards_hold_the_time_and_other_rules_are_tried,
}

/// The number of generated messages.
const GENERATED: usize = 150;
const SEED: u64 = 31;

/// The least percentages of messages that find something, and that the whole server would answer otherwise.
const SOMETHING: usize = 40;
const DIFFERENT: usize = 40;

/// The types of answers: samples, and chunks that are streamed.
const SAMPLES: i32 = 0;
const CHUNKS: i32 = 1;

const ACCEPTED: &[&[i32]] = &[&[], &[SAMPLES], &[CHUNKS], &[CHUNKS, SAMPLES], &[SAMPLES, CHUNKS]];
const STREAMED: &[&[i32]] = &[&[CHUNKS], &[CHUNKS, SAMPLES]];

const NAMES: &[&str] = &["tenant", "zone", "job", "instance", "__name__", "method", "le", "nothing"];
const VALUES: &[&str] = &[
    "a",
    "b",
    "",
    "api",
    "db",
    "billing-beta",
    "one:9090",
    "zone-a",
    "beta",
    "zone-",
    "up",
    "requests_total",
    "get",
    "0.5",
];
const PATTERNS: &[&str] = &[
    ".*",
    ".+",
    "a|b",
    "",
    "b.*",
    "b|",
    "zone-.*",
    "(api|db)",
    "up|memory_bytes",
    "[^a]",
    "a*",
    "(?i:A)",
    "a$",
    "(",
];

fn configuration() -> String {
    let rule = json!({ "who": ["anyone"], "may": ["remote_read"], "only": { samples::LABEL: ["a"] } });
    json!({ "mounts": [{ "prefix": "/", "cluster": "prometheus" }], "access": [rule] }).to_string()
}

/// Sends a message as Prometheus does.
fn ask(client: &Client, message: &ReadRequest) -> Answer {
    let request = Request::new("POST", "/api/v1/read")
        .header("content-type", "application/x-protobuf")
        .header("content-encoding", "snappy")
        .header("x-prometheus-remote-read-version", "0.1.0")
        .body(encoded(message));
    client.send(request).unwrap()
}

fn a_tenant_reads_what_a_server_with_no_other_series_answers(host: Host) {
    for release in [Release::Three, Release::Usual] {
        let program = Program::Prometheus(release);
        let Some(everybodys) = program.start(Whose::Everybodys) else { continue };
        let Some(own) = program.start(Whose::As) else { continue };
        let [guarded, guarded_own] =
            [&everybodys, &own].map(|server| server.guarded(host, |_| configuration()));
        let [whole, own] = [&everybodys, &own].map(|server| Client::plain(server.address()));
        let mut random = Random::new(SEED);
        let (mut something, mut different) = (0, 0);
        for _ in 0..GENERATED {
            let message = generated(&mut random);
            let said = ask(&guarded.client(), &message);
            let expected = ask(&own, &message);
            assert_eq!(parts(&said), parts(&expected), "{release:?}: {message:?}");
            something += usize::from(said.status == 200 && !series(&said).is_empty());
            different += usize::from(parts(&said) != parts(&ask(&whole, &message)));
        }
        println!("{host}, {release:?}: {something} find something, {different} differ");
        for (counted, percentage) in [(something, SOMETHING), (different, DIFFERENT)] {
            assert!(counted * 100 >= GENERATED * percentage, "{something}, {different} say little");
        }
        // Without a matcher a server finds nothing, and with the restriction it finds what the tenant has.
        for accepted in ACCEPTED {
            let asked = if STREAMED.contains(accepted) { &["", "tenant=b"][..] } else { &[""] };
            let queries = asking(asked).queries.into_iter().map(always).collect();
            let message = ReadRequest { queries, accepted_response_types: accepted.to_vec() };
            let said = ask(&guarded.client(), &message);
            assert_eq!(parts(&said), parts(&ask(&guarded_own.client(), &message)));
            let found = series(&said);
            assert!(
                found.len() > 50 && found.iter().all(|(query, labels)| *query == 0 && is_as(labels)),
                "{found:?}"
            );
        }
    }
}

/// A caller who is limited sees everything of the time that the guards allow, and rules on trial say what they would have made of
/// a message.
fn guards_hold_the_time_and_other_rules_are_tried(host: Host) {
    let Some(server) = Program::Prometheus(Release::Three).start(Whose::Everybodys) else { return };
    let configuration = json!({
        "mounts": [{ "prefix": "/", "cluster": "prometheus" }],
        "access": [{ "who": ["anyone"], "may": ["remote_read"], "limits": { "range": "10m" } }],
        "trial": [{
            "who": ["anyone"], "may": ["remote_read"],
            "only": { samples::LABEL: ["a"] }, "limits": { "range": "5m" },
        }],
    });
    let guarded = server.guarded(host, |_| configuration.to_string());
    let between = |from: i64, to: i64| {
        let times = |query| Query {
            start_timestamp_ms: (START + from * 60) * 1_000,
            end_timestamp_ms: (START + to * 60) * 1_000,
            ..query
        };
        let queries = asking(&["__name__=up", "job=api"]).queries.into_iter().map(times).collect();
        ReadRequest { queries, accepted_response_types: vec![CHUNKS] }
    };
    let own = Client::plain(server.address());
    for (from, to) in [(0, 10), (10, 15)] {
        let (said, expected) = (ask(&guarded.client(), &between(from, to)), ask(&own, &between(from, to)));
        assert_eq!(parts(&said), parts(&expected), "{from} to {to}");
        assert!(
            series(&said).iter().any(|(_, labels)| !is_as(labels)),
            "{from} to {to} has one tenant's only"
        );
    }
    let said = ask(&guarded.client(), &between(0, 11));
    assert_eq!(said.status, 422, "{}", said.text());
    let tried: Vec<_> =
        guarded.wait_for_records(3).unwrap().into_iter().map(|record| record["trial"].clone()).collect();
    let outcomes: Vec<_> = tried.iter().map(|trial| &trial["outcome"]).collect();
    assert_eq!(outcomes, [&json!("invalid"), &json!("allowed"), &json!(null)], "{tried:?}");
    assert_eq!(tried[1]["matchers"], format!("{}=\"a\"", samples::LABEL));
}

/// Returns the parts of an answer that have to be equal.
fn parts(answer: &Answer) -> (u16, Option<String>, Option<String>, &[u8]) {
    (answer.status, answer.header("content-type"), answer.header("content-encoding"), &answer.body)
}

fn is_as(labels: &[Label]) -> bool {
    labels.iter().any(|label| (&*label.name, &*label.value) == (samples::LABEL, "a"))
        && labels.iter().all(|label| !label.value.contains(SECRET))
}

/// Returns the series of an answer, each with the number of its query.
fn series(answer: &Answer) -> Vec<(usize, Vec<Label>)> {
    let of_samples = answer.header("content-encoding").is_some_and(|encoding| encoding == "snappy");
    let mut found = Vec::new();
    if of_samples {
        for (query, result) in decoded::<ReadResponse>(&answer.body).results.into_iter().enumerate() {
            found.extend(result.timeseries.into_iter().map(|series| (query, series.labels)));
        }
        return found;
    }
    let mut rest = &answer.body[..];
    while !rest.is_empty() {
        let length = prost::decode_length_delimiter(&mut rest).unwrap();
        // A checksum stands before the message. The error of a later query follows the frames of those before it, as text.
        let Some((frame, after)) = rest[4..].split_at_checked(length) else { break };
        let frame = ChunkedReadResponse::decode(frame).unwrap();
        let query = usize::try_from(frame.query_index).unwrap();
        found.extend(frame.chunked_series.into_iter().map(|series| (query, series.labels)));
        rest = after;
    }
    found
}

fn generated(random: &mut Random) -> ReadRequest {
    let queries: Vec<_> = (0..=random.below(3)).map(|_| generated_query(random)).collect();
    // Several queries are answered by a stream alone.
    let accepted = random.one(if queries.len() > 1 { STREAMED } else { ACCEPTED });
    ReadRequest { queries, accepted_response_types: accepted.to_vec() }
}

fn generated_query(random: &mut Random) -> Query {
    let mut window = || {
        let time = |random: &mut Random| (START - 600 + random.below(LENGTH as usize + 1_200) as i64) * 1_000;
        let (one, other) = (time(random), time(random));
        (one.min(other), one.max(other))
    };
    let ((start_timestamp_ms, end_timestamp_ms), (start_ms, end_ms)) = (window(), window());
    let hints = random.once_in(2).then(|| ReadHints {
        step_ms: 15_000,
        func: random.one(&["", "rate", "series", "sum"]).to_owned(),
        start_ms,
        end_ms,
        grouping: random.once_in(2).then(|| "tenant".to_owned()).into_iter().collect(),
        by: random.once_in(2),
        range_ms: 300_000,
    });
    let mut matchers: Vec<_> = (0..=random.below(3)).map(|_| generated_matcher(random)).collect();
    if random.once_in(2) {
        let value = random.one(&["up", "requests_total", "memory_bytes"]).to_owned();
        matchers.push(LabelMatcher { kind: 0, name: "__name__".to_owned(), value });
    }
    Query { start_timestamp_ms, end_timestamp_ms, matchers, hints }
}

fn generated_matcher(random: &mut Random) -> LabelMatcher {
    let kind = random.below(4);
    let value = random.one(if kind < 2 { VALUES } else { PATTERNS }).to_owned();
    let kind = i32::try_from(kind).unwrap();
    LabelMatcher { kind, name: random.one(NAMES).to_owned(), value }
}

/// Returns a query of all times.
fn always(query: Query) -> Query {
    Query { start_timestamp_ms: 0, end_timestamp_ms: i64::MAX / 2, ..query }
}

/// A server with an external label takes an equality on it for a label that is missing. So a restriction by an equality
/// would show the series that nobody owns, and hide one's own.
fn an_external_label_opens_nothing(host: Host) {
    for release in [Release::Three, Release::Usual] {
        if tools::need(release.server()).is_none() {
            continue;
        }
        let job = |name: &str, labels| json!({ "job_name": name, "static_configs": [{ "targets": ["ADDRESS"], "labels": labels }] });
        let jobs = json!([
            job("own", json!({ "tenant": "a" })),
            job("others", json!({ "tenant": "b" })),
            job("nobodys", json!({})),
        ]);
        let text = json!({
            "global": { "scrape_interval": "1s", "external_labels": { "tenant": "a" } },
            "scrape_configs": jobs,
        });
        let samples = Samples::Configured(text.to_string());
        let server = Prometheus::start(Options { release, samples, ..Options::default() }).unwrap();
        server.wait("a scrape of each job", "/api/v1/query?query=count(up)", "\"3\"]").unwrap();
        let options = deployment::Options {
            workers: 1,
            ..deployment::Options::configured(server.address(), &configuration())
        };
        let deployment = Deployment::start(host, &options).unwrap();
        let (direct, guarded) = (Client::plain(server.address()), deployment.client());
        for accepted in ACCEPTED {
            let jobs = |client: &Client, matchers: &str| {
                let queries = asking(&[matchers]).queries.into_iter().map(always).collect();
                let answer =
                    ask(client, &ReadRequest { queries, accepted_response_types: accepted.to_vec() });
                assert_eq!(answer.status, 200, "{}", answer.text());
                let job =
                    |labels: Vec<Label>| labels.into_iter().find(|label| label.name == "job").unwrap().value;
                series(&answer).into_iter().map(|(_, labels)| job(labels)).collect::<Vec<_>>()
            };
            assert_eq!(jobs(&direct, "__name__=up,tenant=a"), ["nobodys"], "{release:?} means what it did");
            for (matchers, found) in [
                ("__name__=up", &["own"][..]),
                ("__name__=up,tenant=~a", &["own"]),
                ("__name__=up,tenant!=b", &["own"]),
                ("__name__=up,tenant=a", &[]),
                ("__name__=up,tenant=", &[]),
                ("__name__=up,tenant=b", &[]),
                ("__name__=up,job=nobodys", &[]),
            ] {
                assert_eq!(jobs(&guarded, matchers), found, "{release:?} {accepted:?} {matchers}");
            }
        }
    }
}
