//! The cost of the worst texts within the bounds at real servers, which the table in the manual shows. The tests count
//! the server's processor time and not the time on the clock, so that other work on the machine plays no part. The bound
//! here is five times the one that the manual promises, since a busy machine's caches are cold.

mod evaluated;

use promward::promql::{Bounds, Counts, Query, Wanted};
use promward::target::parameters::Parameters;
use promward::time::dialect::Dialect;
use promward_harness::client::Client;
use promward_harness::process::processor_time;
use promward_harness::prometheus::{self, Prometheus, Release};
use promward_harness::tools;
use promward_harness::victoria_metrics::{self, Edition, VictoriaMetrics};
use std::net::SocketAddr;
use std::time::Duration;

/// The most that a request may take, and the number of times that each is sent: the cheapest counts.
const MOST: Duration = Duration::from_millis(500);
const TIMES: usize = 3;

/// The mark in a text that is replaced by another one in each round, since servers remember queries and regular
/// expressions.
const ROUND: &str = "|~";

/// A text, and the endpoint that it is sent to.
struct Case {
    endpoint: &'static str,
    text: String,
    /// The number of parameters with this text.
    repeated: usize,
    /// The number of points at which it is evaluated, if it is a range query.
    points: Option<i64>,
}

fn case(endpoint: &'static str, text: String) -> Case {
    Case { endpoint, text, repeated: 1, points: None }
}

/// Returns a chain of so many operators, with selectors between them that fill the length.
fn chain(operators: usize, operator: &str, length: usize) -> String {
    let value = (length - operators * operator.len()) / (operators + 1) - 12;
    vec![format!("up{{x=\"{}{ROUND}\"}}", "a".repeat(value)); operators + 1].join(operator)
}

/// Returns calls within calls that fill the length.
fn nested(depth: usize, length: usize) -> String {
    let selector = format!("up{{x=\"{}{ROUND}\"}}", "a".repeat(length / (depth + 1) - 20));
    (0..depth).fold(selector.clone(), |inner, _| format!("abs({selector}+{inner})"))
}

/// Returns the worst queries. `length` is the longest that the server takes.
fn queries(length: usize) -> Vec<String> {
    let replaced = (0..5).fold("{__name__=~\".+\"}".to_owned(), |inner, _| {
        format!("label_replace({inner},\"a\",\"$1$1$1\",\"a\",\"(.*)\")")
    });
    let mut all = vec![
        chain(250, "+", length),
        chain(250, " or ", length),
        format!("1{}", "^1".repeat(250)),
        format!("{}up", "-".repeat(250)),
        nested(62, length),
        replaced,
        format!("label_join(up,\"a\",\"{}\"{})", "x".repeat(1_000), ",\"job\"".repeat(55)),
        format!("up{{{}}}", "a!=\"1\",".repeat(2_000)),
    ];
    for pattern in patterns(length) {
        let pattern = pattern + ROUND;
        all.push(format!("{{__name__=~\"{pattern}\"}}"));
        all.push(format!("label_replace(up,\"a\",\"$1\",\"job\",\"{pattern}\")"));
    }
    all
}

/// Returns the worst regular expressions, as they stand in a string.
fn patterns(length: usize) -> Vec<String> {
    let words =
        |number: usize, word: &dyn Fn(usize) -> String| (0..number).map(word).collect::<Vec<_>>().join("|");
    let long = length * 9 / 10 / 170;
    vec![
        "[^/]".repeat(8),
        "[^/]{7}".to_owned(),
        format!("(?i){}", "[B-\\\\x{1e942}]".repeat(7)),
        words(170, &|_| format!(".+{}", "x".repeat(long - 3))),
        words(85, &|number| format!(".*a{number}.*")),
        ".{1,1000}.{1,750}".to_owned(),
        format!("{}b{}", "(a|".repeat(60), ")".repeat(60)),
        words(length.min(40_000) / 7 - 20, &|number| format!("w{number:05}")),
        ".".repeat(length.min(17_000) - 200),
    ]
}

fn cases(length: usize, has_format: bool) -> Vec<Case> {
    let mut cases: Vec<_> = queries(length).into_iter().map(|text| case("query", text)).collect();
    if has_format {
        let short = Bounds::FORMATTED.length;
        cases.push(case("format_query", chain(64, "+", short)));
        cases.push(case("format_query", nested(62, short)));
        cases.push(case("format_query", format!("1{}", "^1".repeat(64))));
        cases.push(case("parse_query", chain(199, "+", length)));
    }
    // A selector is not bounded by the longest query of VictoriaMetrics.
    let long = Bounds::default().length;
    cases.extend(
        patterns(long).into_iter().map(|text| case("series", format!("{{__name__=~\"{text}{ROUND}\"}}"))),
    );
    cases.push(Case { repeated: 500, ..case("series", format!("up{{x=\"{}\"}}", "a".repeat(100))) });
    for endpoint in ["series", "federate"] {
        cases.push(Case { repeated: 50, ..case(endpoint, "{__name__=~\".+\"}".to_owned()) });
    }
    cases
}

/// Checks that a text is within the bounds that hold by default.
fn check_is_allowed(case: &Case) {
    let usual = Bounds::default();
    let (wanted, bounds) = match case.endpoint {
        "series" | "federate" => (Wanted::Selector, usual),
        "format_query" => (Wanted::Expression, usual.within(Bounds::FORMATTED)),
        "parse_query" => (Wanted::Expression, usual.within(Bounds::PARSED)),
        _ => (Wanted::Expression, usual),
    };
    let read = Query::parse_within(&case.text, wanted, &bounds, Counts::default());
    assert!(read.is_ok(), "{}: {:?}", shown(case), read.map(|_| ()));
}

fn shown(case: &Case) -> String {
    let text: String = case.text.chars().take(60).collect();
    let points = case.points.map(|points| format!(" at {points} points")).unwrap_or_default();
    format!("{} × {} of {} bytes{points}, {text}", case.endpoint, case.repeated, case.text.len())
}

/// Sends each case, and lists those that take too long.
fn measure(server: &str, process: u32, address: SocketAddr, cases: &[Case]) {
    let client = Client::plain(address).deadline(Duration::from_secs(60));
    let mut slow = Vec::new();
    for case in cases {
        check_is_allowed(case);
        let (path, name) = match case.endpoint {
            "federate" => ("/federate".to_owned(), "match[]"),
            "series" => ("/api/v1/series".to_owned(), "match[]"),
            other => (format!("/api/v1/{other}"), "query"),
        };
        let taken = (0..TIMES).map(|round| {
            let text = case.text.replace(ROUND, &format!("|{round}"));
            let mut parameters = Parameters::default();
            (0..case.repeated).for_each(|_| parameters.put_first(name, &text));
            case.points.iter().for_each(|points| evaluated::add_times(*points, &mut parameters));
            let form = parameters.into_text();
            let before = processor_time(process).unwrap();
            match case.endpoint {
                "federate" => client.get(&format!("{path}?{form}")).unwrap(),
                _ => client.post_form(&path, &form).unwrap(),
            };
            processor_time(process).unwrap() - before
        });
        let least = taken.min().unwrap_or_default();
        println!("{server}: {} ms, {}", least.as_millis(), shown(case));
        if least > MOST {
            slow.push(format!("{} ms: {}", least.as_millis(), shown(case)));
        }
    }
    assert!(slow.is_empty(), "too much of {server}:\n{}", slow.join("\n"));
}

#[test]
fn no_text_within_the_bounds_costs_prometheus_much() {
    for release in [Release::Usual, Release::Three] {
        if tools::need(release.server()).is_none() {
            continue;
        }
        let server = Prometheus::start(prometheus::Options { release, ..Default::default() }).unwrap();
        let length = Bounds::default().length;
        let mut cases = cases(length, true);
        cases.extend(evaluated::ranges(length, Dialect::Prometheus));
        cases.extend(evaluated::subqueries());
        measure(&format!("{release:?}"), server.process().id(), server.address(), &cases);
    }
}

#[test]
fn no_text_within_the_bounds_costs_victoria_metrics_much() {
    if tools::need(Edition::Newer.server()).is_none() {
        return;
    }
    let scrape =
        "scrape_configs:\n- job_name: x\n  scrape_interval: 1s\n  static_configs: [{ targets: [ADDRESS] }]\n";
    let options = victoria_metrics::Options {
        edition: Edition::Newer,
        scrape: Some(scrape.to_owned()),
        ..Default::default()
    };
    let server = VictoriaMetrics::start(&options).unwrap();
    server.wait("its first scrape", "/api/v1/label/__name__/values", "vm_").unwrap();
    let mut cases = cases(LONGEST, false);
    cases.extend(evaluated::ranges(LONGEST, Dialect::VictoriaMetrics));
    measure("VictoriaMetrics", server.process().id(), server.address(), &cases);
}

/// The longest query that VictoriaMetrics takes, unless `-search.maxQueryLen` says more.
const LONGEST: usize = 16 * 1024;
