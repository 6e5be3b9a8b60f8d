//! Guards in front of a real VictoriaMetrics: the trace that it answers with shows the times from which it fetched samples.
//! None is older than the guards allow, however the request writes its times, and what the guards refuse would have
//! fetched older ones.

use crate::servers::asking::{Asker, Question};
use crate::servers::upstreams::calendar;
use promward_e2e::deployment::{self, Deployment, Host};
use promward_e2e::on_both_hosts;
use promward_e2e::queries::Random;
use promward_harness::client::{Answer, Client};
use promward_harness::tools;
use promward_harness::victoria_metrics::{Edition, Options, VictoriaMetrics};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

on_both_hosts! {
    nothing_is_fetched_that_is_older_than_guards_allow,
    nothing_is_fetched_by_a_newer_server_that_is_older_than_guards_allow,
}

/// The number of requests, and the least number of them that are allowed, that are refused, and that fetch something.
const ASKED: usize = 1_500;
const ALLOWED: usize = 400;
const REFUSED: usize = 300;
const FETCHING: usize = 300;

/// The least percentage of refused requests that would have fetched more than is allowed. The others are counted with the
/// sample before a window, which some functions do without, or with a step more than the server takes.
const RIGHTLY: usize = 75;

const SEED: u64 = 15;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// The guards, in milliseconds.
const LOOKBACK: i64 = 2 * HOUR;
const OLDEST: i64 = 5 * HOUR;

/// Queries. `D` stands for a duration, `S` for a step, and `T` for a time.
const QUERIES: [&str; 26] = [
    "m",
    "m offset D",
    "m[D]",
    "m[D] offset D",
    "rate(m)",
    "rate(m[D])",
    "increase(m[D] offset D)",
    "sum_over_time(m[D])",
    "count_over_time(m[D]) / n",
    "max_over_time(m[D:S])",
    "max_over_time(m[D:])",
    "m[D:S]",
    "max_over_time(rate(m[D])[D:S])",
    "max_over_time(rate(m)[D:S] offset D)",
    "max_over_time(max_over_time(m[D:S])[D:S])",
    "rate(sum(m))",
    "rate(rate(m))",
    "timestamp(abs(m)) - n",
    "m @ T",
    "m[D] @ T",
    "m[D] @ T offset D",
    "sum_over_time(m[D] @ end())",
    "m @ start()",
    "max_over_time((m @ start())[D:S])",
    "max_over_time(sum_over_time(m[D] @ end())[D:S])",
    "max_over_time(m[D:S] @ T)",
];

fn nothing_is_fetched_that_is_older_than_guards_allow(host: Host) {
    check(host, Edition::Usual);
}

fn nothing_is_fetched_by_a_newer_server_that_is_older_than_guards_allow(host: Host) {
    check(host, Edition::Newer);
}

fn check(host: Host, edition: Edition) {
    if tools::need(edition.server()).is_none() {
        return;
    }
    // The defaults of a server, in place of those that make other tests repeatable.
    let flags = ["-search.latencyOffset=30s", "-search.disableCache=false"].map(str::to_owned).to_vec();
    let options = Options { edition, samples: Some(samples()), flags, ..Options::default() };
    let server = VictoriaMetrics::start(&options).unwrap();
    let configuration = json!({
        "mounts": [{ "prefix": "/", "api": "victoriametrics", "cluster": "prometheus" }],
        "access": [{ "who": ["anyone"], "may": ["read"], "limits": { "lookback": "2h", "oldest": "5h" } }],
    });
    let options = deployment::Options {
        workers: 1,
        ..deployment::Options::configured(server.address(), &configuration.to_string())
    };
    let deployment = Deployment::start(host, &options).unwrap();
    let mut guarded = Asker::new(deployment.client());
    let mut open = Asker::new(Client::plain(server.address()));
    let mut random = Random::new(SEED);
    let (mut allowed, mut refused, mut rightly, mut fetching) = (0, 0, 0, 0);
    for _ in 0..ASKED {
        let asked = Asked::generate(&mut random);
        let answer = guarded.ask(&asked.question);
        if answer.status != 422 {
            let fetched = oldest_fetched(&answer);
            allowed += usize::from(answer.status == 200);
            fetching += usize::from(fetched.is_some());
            if let Some(too_old) = fetched.filter(|oldest| asked.is_older_than_allowed(*oldest)) {
                panic!("{asked:?}: {too_old} is fetched: {}", answer.text());
            }
            continue;
        }
        refused += 1;
        let alone = open.ask(&asked.question);
        // What isn't fetched by one request may come out of what an earlier one left behind.
        rightly +=
            usize::from(oldest_fetched(&alone).is_none_or(|oldest| asked.is_older_than_allowed(oldest)));
    }
    println!(
        "{host}, {edition:?}: {allowed} allowed, {refused} refused, {rightly} of them rightly, {fetching} fetch"
    );
    assert!(allowed >= ALLOWED && refused >= REFUSED && fetching >= FETCHING);
    assert!(rightly * 100 >= refused * RIGHTLY);
}

/// Returns the samples of two metrics, one each five minutes, of the last day.
fn samples() -> String {
    let now = now() / 1_000;
    let times = (0..288).map(|age| now - age * 300);
    times.flat_map(|time| ["m", "n"].map(|name| format!("{name}{{job=\"x\"}} {time} {time}\n"))).collect()
}

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// Returns the oldest time that the trace in an answer says to have been fetched, in milliseconds.
fn oldest_fetched(answer: &Answer) -> Option<i64> {
    fn visit(trace: &Value, oldest: &mut Option<i64>) {
        let message = trace["message"].as_str().unwrap_or_default();
        if message.starts_with("fetch matching series")
            && let Some((_, range)) = message.split_once("timeRange=[")
        {
            let from = calendar::milliseconds(range.split("..").next().unwrap());
            *oldest = Some(oldest.map_or(from, |known| known.min(from)));
        }
        trace["children"].as_array().into_iter().flatten().for_each(|child| visit(child, oldest));
    }
    let mut oldest = None;
    visit(&answer.json().ok()?["trace"], &mut oldest);
    oldest
}

/// A request, and the time from which its lookback is counted.
#[derive(Debug)]
struct Asked {
    question: Question,
    /// The time before the request was made.
    now: i64,
    /// The time of the evaluation from which lookback counts, and how much later it may be.
    evaluated: i64,
    slack: i64,
}

impl Asked {
    fn generate(random: &mut Random) -> Self {
        let now = now();
        let step = random.one(&[15, 60, 300, 900, 3_600]);
        let mut parameters: Vec<(&'static str, String)> = vec![("trace", "1".to_owned())];
        let query = query(random, now);
        let is_set = query.contains('@');
        parameters.push(("query", query));
        match random.below(4) {
            0 => {}
            1 => parameters.push(("step", step.to_string())),
            2 => parameters.push(("step", format!("{step}s"))),
            _ => parameters.push(("step", format!("{step}.0"))),
        }
        let ago =
            |random: &mut Random, most: u64| i64::try_from(random.below(most as usize)).unwrap() * MINUTE;
        let end = now - ago(random, 200);
        let (path, evaluated) = if random.below(2) == 0 {
            let is_given = random.below(4) > 0;
            if is_given {
                parameters.push(("time", spelled(random, end, now)));
            }
            ("/api/v1/query", if is_given { end } else { now })
        } else {
            let start = end - ago(random, 120);
            parameters.push(("start", spelled(random, start, now)));
            parameters.push(("end", spelled(random, end, now)));
            ("/api/v1/query_range", if is_set { end } else { start })
        };
        let method = random.one(&["GET", "POST"]);
        let question = Question { method, path: path.to_owned(), parameters };
        // Requests take a while, times are spelled in seconds, and the start of a range moves back by less than a step.
        let slack = 5_000 + if path.ends_with("range") { step.max(300) * 1_000 } else { 0 };
        Self { question, now, evaluated, slack }
    }

    fn is_older_than_allowed(&self, oldest: i64) -> bool {
        oldest < self.now - OLDEST || oldest < self.evaluated - LOOKBACK - self.slack
    }
}

fn query(random: &mut Random, now: i64) -> String {
    let mut text = String::new();
    for character in random.one(&QUERIES).chars() {
        match character {
            'D' => text
                .push_str(random.one(&["30s", "5m", "20m", "50m", "1h15m", "1h50m", "2h30m", "4h", "600"])),
            'S' => text.push_str(random.one(&["15s", "1m", "7m", "20m", "60"])),
            'T' => {
                let hours = i64::try_from(random.below(8)).unwrap() - 4;
                text.push_str(&((now - hours * HOUR) / 1_000).to_string());
            }
            other => text.push(other),
        }
    }
    text
}

/// Writes a time in one of the ways that VictoriaMetrics reads, to the second.
fn spelled(random: &mut Random, time: i64, now: i64) -> String {
    let (seconds, ago) = (time / 1_000, (now - time) / 1_000);
    match random.below(9) {
        0 => seconds.to_string(),
        1 => format!("{seconds}.000"),
        2 => time.to_string(),
        3 => format!("-{ago}"),
        4 => format!("now-{ago}s"),
        5 => format!("{ago}s"),
        6 => calendar::written(seconds),
        7 => calendar::written(seconds).replace('Z', "+00:00"),
        _ => calendar::written(seconds).trim_end_matches('Z').to_owned(),
    }
}
