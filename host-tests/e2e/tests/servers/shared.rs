//! Metrics that are everybody's, in front of real servers. Whatever a caller asks, the answer is the one that a server
//! with only the caller's series and those of the shared metrics would give: what others have of any other metric
//! changes nothing.

use crate::servers::asking::{Asker, Question, agree};
use crate::servers::either::Program;
use promward_e2e::deployment::Host;
use promward_e2e::on_both_hosts;
use promward_e2e::queries::samples::{self, SECRET, START, Whose};
use promward_e2e::queries::{Generator, Random, mutated};
use promward_harness::client::Client;
use promward_harness::prometheus::Release;
use promward_harness::victoria_metrics::Edition;
use serde_json::{Value, json};

on_both_hosts! {
    prometheus_shows_nothing_but_ones_own_series_and_shared_ones,
    victoria_metrics_shows_nothing_but_ones_own_series_and_shared_ones,
}

/// The metrics that are everybody's. Each has series of other tenants, which hold the secret.
const SHARED: &[&str] = &["up", "requests_total", "build_info", "start"];

/// The same metrics as a pattern, which others of the samples nearly match.
const PATTERN: &str = "up|requests_.*|build_info|start";

/// The mounts: one for each way to share. At the second one VictoriaMetrics is taken for what it is, and gets the
/// restriction a second time.
const WAYS: [&str; 2] = ["/listed", "/matching"];

/// The number of generated queries. Each is also asked with a mistake in it.
const GENERATED: usize = 400;
const SEED: u64 = 23;

/// The least percentages of queries that find something, that show series of others, which are shared, and that would
/// be answered otherwise by the whole server.
const SOMETHING: usize = 60;
const SHOWN: usize = 3;
const DIFFERENT: usize = 40;

/// Selectors of series, each with the number of distinct tenants that `label/tenant/values` then lists.
const SELECTORS: &[(&[&str], usize)] = &[
    (&["up"], 2),
    (&["{__name__=\"requests_total\",job=\"api\"}"], 2),
    (&["memory_bytes"], 1),
    (&["memory_bytes", "up"], 2),
    (&["{__name__=~\"up\"}"], 1),
    (&["{__name__=~\"up|memory_bytes\",tenant=\"b\"}"], 0),
    (&["{tenant!=\"a\"}"], 0),
    (&["{tenant=\"b\"}", "temperature_celsius"], 1),
    (&["{__name__!=\"nothing\"}"], 1),
    (&[], 2),
];

fn configuration(api: &str) -> String {
    let mounts = [
        json!({ "prefix": WAYS[0], "cluster": "prometheus" }),
        json!({ "prefix": WAYS[1], "cluster": "prometheus", "api": api }),
    ];
    let rule = |at: &str, shared| {
        json!({
            "who": ["anyone"], "may": ["read", "federate"], "at": [at],
            "only": { samples::LABEL: ["a"] }, "shared": shared
        })
    };
    let access = [rule(WAYS[0], json!(SHARED)), rule(WAYS[1], json!({ "regex": PATTERN }))];
    json!({ "mounts": mounts, "access": access }).to_string()
}

fn prometheus_shows_nothing_but_ones_own_series_and_shared_ones(host: Host) {
    for release in [Release::Three, Release::Usual] {
        check(host, Program::Prometheus(release));
    }
}

fn victoria_metrics_shows_nothing_but_ones_own_series_and_shared_ones(host: Host) {
    for edition in [Edition::Newer, Edition::Usual] {
        check(host, Program::VictoriaMetrics(edition));
    }
}

fn check(host: Host, program: Program) {
    let Some(everybodys) = program.start(Whose::Everybodys) else { return };
    let Some(own) = program.start(Whose::AsAnd(SHARED)) else { return };
    let deployments = [&everybodys, &own].map(|server| server.guarded(host, configuration));
    let [mut guarded, mut guarded_own] = deployments.each_ref().map(|one| Asker::new(one.client()));
    let mut open = Asker::new(Client::plain(everybodys.address()));

    let mut generator = Generator::new(SEED, program.release());
    let mut random = Random::new(SEED);
    let (mut something, mut shown, mut different, mut undecided) = (0, 0, 0, 0);
    for number in 0..GENERATED {
        let query = generator.query().text;
        for text in [mutated(&query, &mut random), query] {
            let question = question(WAYS[number % WAYS.len()], &text, &mut random);
            let said = guarded.say(&question);
            // Errors have to be the same as well: their messages quote labels of series.
            undecided += agree(&said, &mut guarded_own, &question);
            something += usize::from(said.is_something());
            shown += usize::from(said.text().contains(SECRET));
            different += usize::from(said != open.say(&unguarded(&question)));
        }
    }
    println!(
        "{host}, {program:?}: {something} find something, {shown} show shared series of others, {different} differ, \
         {undecided} are undecided"
    );
    for (counted, percentage) in [(something, SOMETHING), (shown, SHOWN), (different, DIFFERENT)] {
        assert!(counted * 100 >= GENERATED * percentage, "{something}, {shown}, {different} say little");
    }
    assert!(undecided * 100 <= GENERATED * 4, "{undecided} are undecided");
    check_series(program, &mut guarded, &mut guarded_own);
}

/// Checks series, labels and their values.
fn check_series(program: Program, guarded: &mut Asker, guarded_own: &mut Asker) {
    for (selectors, tenants) in SELECTORS {
        for (place, path) in
            ["/series", "/labels", "/label/zone/values", "/label/tenant/values"].iter().enumerate()
        {
            let mut parameters: Vec<_> =
                selectors.iter().map(|text| ("match[]", (*text).to_owned())).collect();
            parameters.push(("start", START.to_string()));
            parameters.push(("end", (START + 600).to_string()));
            let path = format!("{}/api/v1{path}", WAYS[place % WAYS.len()]);
            let question = Question { method: "GET", path, parameters };
            let said = guarded.say(&question);
            assert_eq!(said.status, 200, "{program:?}, {question:?}: {}", said.text());
            let [ours, theirs] = [&said, &guarded_own.say(&question)].map(|said| sorted(&said.data));
            assert_eq!(ours, theirs, "{program:?}, {question:?}");
            if question.path.ends_with("tenant/values") {
                let values = said.data.as_array().map_or(0, Vec::len);
                assert_eq!(values, *tenants, "{program:?}, {question:?}: {}", said.text());
            }
        }
    }
}

/// Returns the items of a list, which servers give in any order.
fn sorted(data: &Value) -> Vec<String> {
    let mut items: Vec<_> = data.as_array().into_iter().flatten().map(Value::to_string).collect();
    items.sort_unstable();
    items
}

fn question(mount: &str, query: &str, random: &mut Random) -> Question {
    let time = START + 3_600 + 17 * i64::try_from(random.below(100)).unwrap();
    let parameters = vec![("query", query.to_owned()), ("time", time.to_string())];
    Question { method: random.one(&["GET", "POST"]), path: format!("{mount}/api/v1/query"), parameters }
}

/// Returns the same question, without the mount.
fn unguarded(question: &Question) -> Question {
    let path = WAYS.iter().find_map(|way| question.path.strip_prefix(way)).unwrap();
    Question { path: path.to_owned(), ..question.clone() }
}
