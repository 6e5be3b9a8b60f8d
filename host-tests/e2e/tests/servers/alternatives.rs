//! A restriction that has alternatives, in front of real servers. Whatever a caller asks, the answer is the one that a
//! server with only the series of any alternative gives: a selector that became a union finds just these, whatever stands
//! around it.

use crate::servers::asking::{Asker, Question, agree};
use crate::servers::either::Program;
use promward_e2e::deployment::Host;
use promward_e2e::on_both_hosts;
use promward_e2e::queries::samples::{Alternative, LENGTH, SECRET, START, Whose};
use promward_e2e::queries::{Generator, Kind, Random};
use promward_harness::client::Client;
use promward_harness::prometheus::Release;
use promward_harness::victoria_metrics::Edition;
use serde_json::{Map, Value, json};

on_both_hosts! {
    prometheus_shows_the_series_of_any_alternative_and_no_others,
    victoria_metrics_shows_the_series_of_any_alternative_and_no_others,
}

/// Alternatives of which some series satisfy none, one or two, by different labels.
const ALTERNATIVES: &[Alternative] = &[
    &[("tenant", &["a"]), ("job", &["api"])],
    &[("zone", &["zone-"]), ("instance", &["one:9090"])],
    &[("tenant", &["a"]), ("instance", &["two:9090"])],
];

/// Queries whose answer would be another one if a union lost a series that only its name tells from another, if a call
/// took what it must not, or if a modifier or a parenthesis were read differently.
const QUERIES: &[&str] = &[
    "{__name__=~\"up|memory_bytes|temperature_celsius\"}",
    "{job=\"api\"}",
    "count({__name__=~\".+\"})",
    "count by (__name__) ({__name__=~\".+\"})",
    "rate({__name__=~\"request_seconds_(sum|count)\"}[5m])",
    "last_over_time({__name__=~\"request_seconds_(sum|count)\"}[5m])",
    "last_over_time({__name__=~\".+\",job!~\"a.*\"}[5m] offset 5m)",
    "sum by (__name__) (last_over_time({__name__=~\".+\"}[5m]))",
    "timestamp(up)",
    "timestamp((up))",
    "timestamp(up offset 7s)",
    "timestamp(-up)",
    "timestamp({__name__=~\"up|memory_bytes\"})",
    "up - timestamp(up) % 60",
    "rate(requests_total[5m]) * on (job, instance, zone) group_left build_info",
    "rate(requests_total[5m]) * on (job, instance, zone) group_left (version) build_info",
    "up / on (job, instance, zone) group_right memory_bytes",
    "absent(sum(up))",
    "absent(nothing + up)",
    "absent(count(nothing))",
    "absent_over_time(count(nothing)[5m:])",
    "max_over_time(up[10m:1m])",
    "max_over_time({__name__=~\"up|memory_bytes\"}[10m:1m])",
    "up[5m:30s]",
    "{__name__=~\"up|memory_bytes\"}[5m:30s] offset 1m",
    "max_over_time(rate(requests_total[5m])[10m:1m])",
    "quantile_over_time(scalar(count(nothing) or vector(0.5)) , (up[5m:30s]))",
    "predict_linear(memory_bytes[10m], 4 * 60)",
    "histogram_quantile(0.9, sum by (le, job) (rate(request_seconds_bucket[5m])))",
    "histogram_quantile(0.9, request_seconds_bucket)",
    "up @ end() or memory_bytes @ start()",
    "sort_desc(sum by (instance) (up))",
    "label_replace(up, \"x\", \"$1\", \"job\", \"(.*)\")",
    "up{tenant=\"a\"} unless up{job=\"api\"}",
    "up and on (zone) {zone=\"zone-\"}",
    "count_values(\"value\", up)",
    "group without (job) ({__name__=~\"up|memory_bytes\"})",
    "-{__name__=~\"up|memory_bytes\"}",
    "abs({__name__=~\"up|memory_bytes\"})",
];

/// The selectors that lists of series are asked for by.
const SELECTORS: &[&[&str]] = &[
    &["up"],
    &["{__name__=~\"up|memory_bytes\",job=\"api\"}"],
    &["up", "{instance=\"one:9090\"}"],
    &["{tenant=\"b\"}"],
    &["{tenant!=\"a\",job=~\".+\"}"],
    &["{zone=\"zone-\",instance=\"two:9090\"}", "build_info"],
    &[],
];

/// The number of generated queries.
const GENERATED: usize = 500;
const SEED: u64 = 41;

/// The least percentages of queries that find something, and that would be answered otherwise by the whole server, and
/// the largest of those that are refused because of the alternatives, and that have several right answers.
const SOMETHING: usize = 60;
const DIFFERENT: usize = 40;
const REFUSED: usize = 8;
const UNDECIDED: usize = 4;

fn configuration(api: &str) -> String {
    let alternative = |labels: &Alternative| -> Map<String, Value> {
        labels.iter().map(|(label, values)| ((*label).to_owned(), json!(values))).collect()
    };
    let only: Vec<_> = ALTERNATIVES.iter().map(alternative).collect();
    let rule = json!({ "who": ["anyone"], "may": ["read", "federate"], "only": only });
    json!({ "mounts": [{ "prefix": "/", "cluster": "prometheus", "api": api }], "access": [rule] })
        .to_string()
}

fn prometheus_shows_the_series_of_any_alternative_and_no_others(host: Host) {
    for release in [Release::Three, Release::Usual] {
        check(host, Program::Prometheus(release));
    }
}

fn victoria_metrics_shows_the_series_of_any_alternative_and_no_others(host: Host) {
    check(host, Program::VictoriaMetrics(Edition::Newer));
}

/// The counts of the answers.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    something: usize,
    different: usize,
    refused: usize,
    undecided: usize,
}

fn check(host: Host, program: Program) {
    let Some(everybodys) = program.start(Whose::Everybodys) else { return };
    let Some(own) = program.start(Whose::AnyOf(ALTERNATIVES)) else { return };
    let deployments = [&everybodys, &own].map(|server| server.guarded(host, configuration));
    let [mut guarded, mut guarded_own] = deployments.each_ref().map(|one| Asker::new(one.client()));
    let [mut open, mut own] = [&everybodys, &own].map(|one| Asker::new(Client::plain(one.address())));

    let mut generator = Generator::new(SEED, program.release());
    let mut random = Random::new(SEED);
    let mut questions: Vec<Question> = Vec::new();
    for text in QUERIES {
        let kind = if text.contains(':') { Kind::Range } else { Kind::Vector };
        questions.push(question(text, Kind::Range, &mut random));
        questions.push(question(text, kind, &mut random));
    }
    for _ in 0..GENERATED {
        let query = generator.query();
        questions.push(question(&query.text, query.kind, &mut random));
    }
    let mut tally = Tally::default();
    for (number, question) in questions.iter().enumerate() {
        let said = guarded.say(question);
        assert!(!said.text().contains(SECRET), "{question:?}: {}", said.text());
        // Errors have to be the same as well.
        tally.undecided += agree(&said, &mut guarded_own, question);
        let is_refused = said.text().contains("alternatives restrict you");
        assert!(!is_refused || number >= QUERIES.len(), "{question:?}: {}", said.text());
        if is_refused {
            tally.refused += 1;
            continue;
        }
        // The filter may not hide anything either. Which of equal values are taken depends on the order of series.
        // Values that become labels aren't rounded.
        if !question.chooses() && !question.parameters[0].1.to_ascii_lowercase().contains("count_values") {
            tally.undecided += agree(&said, &mut own, question);
        }
        tally.something += usize::from(said.is_something());
        tally.different += usize::from(said != open.say(question));
    }
    println!("{host}, {program:?}, {} queries: {tally:?}", questions.len());
    let percent = |counted: usize| counted * 100 / questions.len();
    assert!(percent(tally.something) >= SOMETHING && percent(tally.different) >= DIFFERENT, "{tally:?}");
    assert!(percent(tally.refused) <= REFUSED && percent(tally.undecided) <= UNDECIDED, "{tally:?}");
    check_series(program, &mut guarded, &mut own, &mut open);
}

/// Checks series, labels, their values and the series of a federation.
fn check_series(program: Program, guarded: &mut Asker, own: &mut Asker, open: &mut Asker) {
    let mut different = 0;
    for selectors in SELECTORS {
        for (method, path) in [
            ("GET", "/api/v1/series"),
            ("POST", "/api/v1/series"),
            ("GET", "/api/v1/labels"),
            ("POST", "/api/v1/labels"),
            ("GET", "/api/v1/label/zone/values"),
            ("GET", "/api/v1/label/tenant/values"),
            ("GET", "/federate"),
        ] {
            if path != "/federate" || !selectors.is_empty() {
                let mut parameters: Vec<_> =
                    selectors.iter().map(|text| ("match[]", (*text).to_owned())).collect();
                if path != "/federate" {
                    parameters.push(("start", START.to_string()));
                    parameters.push(("end", (START + LENGTH).to_string()));
                }
                let question = Question { method, path: path.to_owned(), parameters };
                let answer = guarded.ask(&question);
                assert_eq!(answer.status, 200, "{program:?}, {question:?}: {}", answer.text());
                assert!(!answer.text().contains(SECRET), "{program:?}, {question:?}: {}", answer.text());
                // Without a selector the filter adds one for each alternative, and some servers refuse to list anything.
                let mut everything = question.clone();
                if selectors.is_empty() {
                    everything.parameters.push(("match[]", "{__name__=~\".+\"}".to_owned()));
                }
                let answers = [answer, own.ask(&everything), open.ask(&everything)];
                let [ours, theirs, all] = answers.map(|answer| sorted(&answer.text()));
                assert_eq!(ours, theirs, "{program:?}, {question:?}");
                different += usize::from(ours != all);
            }
        }
    }
    assert!(different >= 10, "{program:?}: {different} say little");
}

/// Returns the items of a list or the lines of a text, which servers give in any order.
fn sorted(text: &str) -> Vec<String> {
    let list = serde_json::from_str::<Value>(text).ok();
    let list = list.as_ref().and_then(|answer| answer["data"].as_array());
    let mut items: Vec<String> = match list {
        Some(items) => items.iter().map(Value::to_string).collect(),
        None => text.lines().map(str::to_owned).collect(),
    };
    items.sort_unstable();
    items
}

fn question(query: &str, kind: Kind, random: &mut Random) -> Question {
    let time = START + 3_600 + 17 * i64::try_from(random.below(100)).unwrap();
    let method = random.one(&["GET", "POST"]);
    let query = ("query", query.to_owned());
    if matches!(kind, Kind::Vector | Kind::Scalar) && random.once_in(3) {
        let (start, end) = (time.to_string(), (time + 600).to_string());
        let parameters = vec![query, ("start", start), ("end", end), ("step", "60".to_owned())];
        return Question { method, path: "/api/v1/query_range".to_owned(), parameters };
    }
    let parameters = vec![query, ("time", time.to_string())];
    Question { method, path: "/api/v1/query".to_owned(), parameters }
}
