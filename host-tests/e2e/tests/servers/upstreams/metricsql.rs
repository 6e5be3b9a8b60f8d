//! MetricsQL, which is PromQL and more, and reads some common constructs differently. Whatever is asked, in whichever
//! parameter, is refused, or is answered series for series as a server with only the caller's series would answer.

use crate::servers::asking::{Asker, Question, agree};
use promward_e2e::deployment::{self, Deployment, Host};
use promward_e2e::on_both_hosts;
use promward_e2e::queries::samples::{self, SECRET, START, Whose};
use promward_e2e::queries::{Generator, Random, mutated};
use promward_harness::client::{Answer, Client};
use promward_harness::prometheus::Release;
use promward_harness::tools;
use promward_harness::victoria_metrics::{Edition, Options, VictoriaMetrics};
use serde_json::{Value, json};

on_both_hosts! {
    written_queries_show_nothing_of_others,
    written_queries_show_nothing_of_others_on_a_newer_server,
    generated_queries_are_answered_as_by_a_server_of_ones_own,
    generated_queries_are_answered_as_by_a_newer_server_of_ones_own,
    written_queries_show_nothing_of_others_on_a_server_that_is_named,
    generated_queries_are_answered_as_by_a_named_server_of_ones_own,
}

/// The queries, as JSON, so that every character in them is visible.
const QUERIES: &str = include_str!("metricsql.json");

/// The least number of allowed questions with samples in their answers, and of those that show others' series without
/// the filter.
const ANSWERED: usize = 600;
const TELLING: usize = 500;

/// The number of generated queries, and of those that are asked again with a mistake in them.
const GENERATED: usize = 300;
const SEED: u64 = 11;

/// The least percentage of queries that find something, and the largest percentage with more than one right answer.
const SOMETHING: usize = 60;
const UNDECIDED: usize = 2;

/// The ways to restrict `a`, by the mount that uses them. Each writes other matchers.
const WAYS: [&str; 4] = ["/one", "/listed", "/matching", "/absent"];

fn written_queries_show_nothing_of_others(host: Host) {
    check_written_queries(host, Edition::Usual, PROMETHEUS);
}

fn written_queries_show_nothing_of_others_on_a_newer_server(host: Host) {
    check_written_queries(host, Edition::Newer, PROMETHEUS);
}

fn generated_queries_are_answered_as_by_a_server_of_ones_own(host: Host) {
    check_generated_queries(host, Edition::Usual, PROMETHEUS);
}

fn generated_queries_are_answered_as_by_a_newer_server_of_ones_own(host: Host) {
    check_generated_queries(host, Edition::Newer, PROMETHEUS);
}

fn written_queries_show_nothing_of_others_on_a_server_that_is_named(host: Host) {
    check_written_queries(host, Edition::Newer, VICTORIA_METRICS);
}

fn generated_queries_are_answered_as_by_a_named_server_of_ones_own(host: Host) {
    check_generated_queries(host, Edition::Newer, VICTORIA_METRICS);
}

/// The APIs that a mount in front of the servers has. With its own one the server is told the restriction a second time.
const PROMETHEUS: &str = "prometheus";
const VICTORIA_METRICS: &str = "victoriametrics";

/// Two servers, one with everybody's series and one with those of `a`, and the filter in front of each.
struct Pair {
    servers: [VictoriaMetrics; 2],
    deployments: [Deployment; 2],
}

impl Pair {
    #[track_caller]
    fn start(host: Host, edition: Edition, api: &str) -> Option<Self> {
        tools::need(edition.server())?;
        let servers = [Whose::Everybodys, Whose::As].map(|whose| {
            let samples = Some(samples::open_metrics(Release::Usual, whose));
            VictoriaMetrics::start(&Options { edition, samples, ..Options::default() }).unwrap()
        });
        let deployments = [0, 1].map(|place| {
            let address = servers[place].address();
            let options = deployment::Options {
                workers: 1,
                ..deployment::Options::configured(address, &configuration(api))
            };
            Deployment::start(host, &options).unwrap()
        });
        Some(Self { servers, deployments })
    }

    /// Returns clients of everybody's server and of the own one, both through the filter.
    fn guarded(&self) -> [Asker; 2] {
        [0, 1].map(|place| Asker::new(self.deployments[place].client()))
    }

    /// Returns clients of both servers without the filter.
    fn open(&self) -> [Asker; 2] {
        [0, 1].map(|place| Asker::new(Client::plain(self.servers[place].address())))
    }
}

fn configuration(api: &str) -> String {
    let mounts = WAYS.map(|prefix| json!({ "prefix": prefix, "api": api, "cluster": "prometheus" }));
    let may = json!(["read", "federate"]);
    let rule =
        |at: &str, tenant| json!({ "who": ["anyone"], "may": may, "only": { "tenant": tenant }, "at": [at] });
    let access = [
        rule(WAYS[0], json!(["a"])),
        rule(WAYS[1], json!(["a", "c"])),
        rule(WAYS[2], json!({ "regex": "a(-[^b]+)?" })),
        rule(WAYS[3], json!({ "values": ["a"], "or_absent": true })),
    ];
    json!({ "mounts": mounts, "access": access }).to_string()
}

fn check_written_queries(host: Host, edition: Edition, api: &str) {
    let Some(pair) = Pair::start(host, edition, api) else { return };
    let [mut guarded, mut guarded_own] = pair.guarded();
    let [mut open, _] = pair.open();
    let queries: Vec<String> = serde_json::from_str(QUERIES).unwrap();
    let (mut asked, mut passed, mut answered, mut telling) = (0, 0, 0, 0);
    for (place, query) in queries.iter().enumerate() {
        for question in questions(place, query) {
            asked += 1;
            let answer = guarded.ask(&question);
            let said = answer.text();
            assert!(!said.contains(SECRET), "{question:?}: {said}");
            assert!(matches!(answer.status, 200 | 400..=499), "{question:?}: {} {said}", answer.status);
            if answer.status != 200 {
                continue;
            }
            passed += 1;
            // `/absent` also shows series without a tenant, which the own server doesn't have.
            if !question.path.starts_with(WAYS[3]) {
                assert_eq!(whole(&answer), whole(&guarded_own.ask(&question)), "{question:?}");
            }
            answered += usize::from(said.contains("zone-a") || said.contains("\"value"));
            telling += usize::from(open.ask(&unguarded(&question)).text().contains(SECRET));
        }
    }
    println!(
        "{host}, {edition:?}, {api}: of {asked} {passed} pass, {answered} are answered, {telling} would tell"
    );
    assert!(
        answered >= ANSWERED && telling >= TELLING,
        "{answered} answered and {telling} telling say little"
    );
}

/// Returns an answer without the parts that differ from one time to the next: its duration, and the order of series
/// where the query defines none.
fn whole(answer: &Answer) -> (u16, Value) {
    let Ok(mut body) = answer.json() else {
        let text = answer.text();
        let mut lines: Vec<_> = text.lines().collect();
        lines.sort_unstable();
        return (answer.status, lines.into());
    };
    if let Some(stats) = body.get_mut("stats").and_then(Value::as_object_mut) {
        stats.remove("executionTimeMsec");
    }
    if let Some(series) = body.pointer_mut("/data/result").and_then(Value::as_array_mut) {
        series.sort_by_cached_key(Value::to_string);
    }
    (answer.status, body)
}

/// Returns the same question, without the mount.
fn unguarded(question: &Question) -> Question {
    let path = WAYS.iter().find_map(|way| question.path.strip_prefix(way)).unwrap();
    Question { path: path.to_owned(), ..question.clone() }
}

/// Returns all ways to ask a query: as an expression and as a selector where one value of the label is allowed, and as
/// an expression under each other restriction.
fn questions(place: usize, query: &str) -> Vec<Question> {
    let time = START + 3_600;
    let over =
        vec![("start", time.to_string()), ("end", (time + 120).to_string()), ("step", "60".to_owned())];
    let at = vec![("time", time.to_string())];
    let within = vec![("start", START.to_string()), ("end", (START + 6_000).to_string())];
    let both = if place.is_multiple_of(2) { ["GET", "POST"] } else { ["POST", "GET"] };
    let ask = |method, mount: &str, path: &str, name, more: &[(&'static str, String)]| Question {
        method,
        path: format!("{mount}{path}"),
        parameters: [&[(name, query.to_owned())], more].concat(),
    };
    let mut questions = vec![
        ask(both[0], WAYS[0], "/api/v1/query", "query", &at),
        ask(both[1], WAYS[0], "/api/v1/query_range", "query", &over),
        ask(both[0], WAYS[0], "/api/v1/series", "match[]", &within),
        ask(both[1], WAYS[0], "/api/v1/labels", "match[]", &within),
        ask("GET", WAYS[0], "/api/v1/label/zone/values", "match[]", &within),
        ask("GET", WAYS[0], "/federate", "match[]", &[]),
    ];
    questions.extend(WAYS[1..].iter().map(|way| ask(both[1], way, "/api/v1/query", "query", &at)));
    questions
}

fn check_generated_queries(host: Host, edition: Edition, api: &str) {
    let Some(pair) = Pair::start(host, edition, api) else { return };
    let [mut guarded, mut guarded_own] = pair.guarded();
    let [mut open, mut own] = pair.open();
    let mut generator = Generator::new(SEED, Release::Usual);
    let mut random = Random::new(SEED);
    let (mut something, mut different, mut undecided) = (0, 0, 0);
    for _ in 0..GENERATED {
        let query = generator.query();
        let question = at_some_time(&query.text, &mut random);
        let said = guarded.say(&question);
        assert!(!said.text().contains(SECRET), "{question:?}: {}", said.text());
        undecided += agree(&said, &mut guarded_own, &question);
        // The filter may not hide anything either. A query that shows a selector's matchers shows the added one as
        // well.
        if !query.echoes_matchers {
            undecided += agree(&said, &mut own, &unguarded(&question));
        }
        let path = question.path.replacen(WAYS[0], WAYS[3], 1);
        let absent = guarded.ask(&Question { path, ..question.clone() }).text();
        assert!(!absent.contains(SECRET), "{question:?}: {absent}");
        something += usize::from(said.is_something());
        different += usize::from(said != open.say(&unguarded(&question)));

        let mistaken = at_some_time(&mutated(&query.text, &mut random), &mut random);
        let said = guarded.say(&mistaken);
        assert!(!said.text().contains(SECRET), "{mistaken:?}: {}", said.text());
        if said.status == 200 {
            undecided += agree(&said, &mut guarded_own, &mistaken);
        }
    }
    println!(
        "{host}, {edition:?}, {api}: {something} find something, {different} differ, {undecided} are undecided"
    );
    assert!(
        something * 100 >= GENERATED * SOMETHING && different * 2 >= GENERATED,
        "{something}, {different}"
    );
    assert!(undecided * 100 <= GENERATED * UNDECIDED, "{undecided} are undecided");
}

fn at_some_time(query: &str, random: &mut Random) -> Question {
    let time = START + 3_600 + 17 * i64::try_from(random.below(100)).unwrap();
    let parameters = vec![("query", query.to_owned()), ("time", time.to_string())];
    Question { method: random.one(&["GET", "POST"]), path: format!("{}/api/v1/query", WAYS[0]), parameters }
}
