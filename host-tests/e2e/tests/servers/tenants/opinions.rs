//! Two other parsers read each query before and after a tenant is written into it: Prometheus 3, by its endpoint
//! `parse_query`, and `promql-parser`. The tree has to stay the same except for one more matcher in every selector.

#[path = "../../../../benches/benches/promql/tree.rs"]
mod tree;

use crate::servers::asking::{Asker, Question};
use promql_parser::parser::Expr;
use promward::promql::{Bounds, Counts, Extensions, Query, Wanted};
use promward_e2e::queries::{Generator, Random, mutated};
use promward_harness::client::Client;
use promward_harness::prometheus::{Options, Prometheus, Release, Samples};
use promward_harness::tools;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const MATCHER: &str = r#"tenant="a""#;

const DASHBOARDS: &str = include_str!("../../../../benches/benches/promql/queries.txt");

/// The number of generated queries, and of the mistakes that are made in each.
const QUERIES: usize = 2_000;
const MISTAKES: usize = 3;

const SEED: u64 = 5;

/// Returns generated queries and those of dashboards, all valid.
fn valid() -> Vec<String> {
    let mut generator = Generator::new(SEED, Release::Three);
    let generated = (0..QUERIES).map(|_| generator.query().text);
    generated.chain(DASHBOARDS.lines().map(str::to_owned)).collect()
}

/// Returns the same queries with mistakes in them. Some are still valid.
fn mistaken() -> Vec<String> {
    let mut random = Random::new(SEED);
    let valid = valid();
    valid
        .iter()
        .flat_map(|query| (0..MISTAKES).map(|_| mutated(query, &mut random)).collect::<Vec<_>>())
        .collect()
}

/// Returns a query with the matcher in every selector, as the filter forwards it, or the reason for its refusal.
fn restricted(query: &str) -> Result<String, String> {
    let read = Query::parse(query).map_err(|error| error.to_string())?;
    Ok(read.restricted(MATCHER).expect("far from too long"))
}

/// A Prometheus that parses queries.
struct Judge {
    asker: Asker,
    _server: Prometheus,
}

impl Judge {
    /// Starts a Prometheus with these flags.
    #[track_caller]
    fn call(flags: &[&str]) -> Option<Self> {
        tools::need(Release::Three.server())?;
        tools::need(Release::Three.promtool())?;
        let samples = Samples::OpenMetrics("# EOF\n".to_owned());
        let further = flags.iter().map(|&flag| flag.to_owned()).collect();
        let options = Options { release: Release::Three, samples, further, ..Options::default() };
        let server = Prometheus::start(options).unwrap();
        let asker = Asker::new(Client::plain(server.address()));
        let mut judge = Self { asker, _server: server };
        judge.tree("up").expect("a Prometheus 3 that answers parse_query");
        Some(judge)
    }

    /// Returns the tree of a query, or `None` if it is refused.
    fn tree(&mut self, query: &str) -> Option<Value> {
        let question = Question {
            method: "POST",
            path: "/api/v1/parse_query".to_owned(),
            parameters: vec![("query", query.to_owned())],
        };
        let said = self.asker.say(&question);
        (said.status == 200).then_some(said.data)
    }

    /// Checks a query that the filter forwards. Returns true if Prometheus accepts the caller's query.
    fn agrees(&mut self, query: &str, rewritten: &str) -> bool {
        let (before, after) = (self.tree(query), self.tree(rewritten));
        if let Some(after) = &after {
            assert!(every_selector_is_restricted(after), "{query:?} became {rewritten:?}: {after}");
        }
        let Some(before) = before else { return false };
        let after = after.unwrap_or_else(|| panic!("Prometheus takes {query:?} and refuses {rewritten:?}"));
        assert!(is_restricted(&before, &after), "{query:?} became {rewritten:?}:\n{before}\n{after}");
        true
    }
}

/// Checks that a tree is another with one more matcher in every selector.
fn is_restricted(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            before.len() == after.len()
                && before.iter().all(|(key, value)| {
                    after.get(key).is_some_and(|other| match key.as_str() {
                        "matchers" => has_one_more(value, other),
                        _ => is_restricted(value, other),
                    })
                })
        }
        (Value::Array(before), Value::Array(after)) => {
            before.len() == after.len()
                && before.iter().zip(after).all(|(before, after)| is_restricted(before, after))
        }
        _ => before == after,
    }
}

fn matcher() -> Value {
    json!({ "name": "tenant", "type": "=", "value": "a" })
}

fn has_one_more(before: &Value, after: &Value) -> bool {
    let sorted = |matchers: &Value| {
        let mut texts: Vec<_> = matchers.as_array().unwrap().iter().map(Value::to_string).collect();
        texts.sort();
        texts
    };
    let mut expected = sorted(before);
    expected.push(matcher().to_string());
    expected.sort();
    expected == sorted(after)
}

fn every_selector_is_restricted(tree: &Value) -> bool {
    match tree {
        Value::Object(fields) => fields.iter().all(|(key, value)| match key.as_str() {
            "matchers" => value.as_array().unwrap().contains(&matcher()),
            _ => every_selector_is_restricted(value),
        }),
        Value::Array(items) => items.iter().all(every_selector_is_restricted),
        _ => true,
    }
}

#[test]
fn prometheus_sees_one_more_matcher_in_every_selector_of_a_valid_query_and_no_other_change() {
    let Some(mut judge) = Judge::call(&[]) else { return };
    for query in valid() {
        let rewritten = restricted(&query).unwrap_or_else(|why| panic!("{query:?} is refused: {why}"));
        assert!(judge.agrees(&query, &rewritten), "Prometheus refuses {query:?}");
    }
}

#[test]
fn prometheus_sees_the_matcher_in_every_selector_of_whatever_is_forwarded() {
    let Some(mut judge) = Judge::call(&[]) else { return };
    let (mut taken, mut forwarded) = (0, 0_usize);
    let mut refused: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for query in mistaken() {
        match restricted(&query) {
            Ok(rewritten) => {
                forwarded += 1;
                taken += usize::from(judge.agrees(&query, &rewritten));
            }
            Err(why) => {
                if judge.tree(&query).is_some() {
                    let reason = why.split_once(" at position").map_or(why.as_str(), |(reason, _)| reason);
                    refused.entry(reason.to_owned()).or_insert((0, query)).0 += 1;
                }
            }
        }
    }
    println!("{forwarded} are forwarded, of which Prometheus takes {taken}");
    for (reason, (number, example)) in &refused {
        println!("refused though Prometheus takes them: {number}, {reason}, such as {example:?}");
    }
    assert!(taken > QUERIES / 2, "{taken} say little");
}

/// Experimental queries that Prometheus 3.5 knows. What is newer, such as `step()` in a duration, stands in the tests of
/// the parser.
const EXPERIMENTAL: [&str; 17] = [
    "limitk(5, sort_by_label(rate(a[5m]), \"job\"))",
    "limit_ratio by (x) (0.5, a)",
    "sort_by_label_desc(a, \"x\", \"y\")",
    "mad_over_time(a[5m])",
    "double_exponential_smoothing(a[5m], 0.5, 0.5)",
    "ts_of_max_over_time(a[5m]) + ts_of_min_over_time(b[5m]) + ts_of_last_over_time(c[5m])",
    "topk(scalar(limitk(1, a)), b)",
    "rate(a[5m * 2])",
    "rate(a[ 5m + 1m ])",
    "rate(a[-10s + 15s])",
    "rate(a[(1h)])",
    "rate(a[2 ^ 3 ^ 2])",
    "rate(a[-2 ^ 2 + 1h])",
    "rate(a[2m / 3 % 7])",
    "max_over_time(a[1h * 2 : 1m / 2] offset (5s - 8))",
    "a offset (1h / 2) > b",
    "a offset -(1 ^ 2)",
];

#[test]
fn prometheus_with_experimental_parts_sees_one_more_matcher_in_every_selector() {
    let flag = "--enable-feature=promql-experimental-functions,promql-duration-expr";
    let Some(mut judge) = Judge::call(&[flag]) else { return };
    let names = ["experimental_functions", "duration_expressions"];
    let extensions = names.into_iter().filter_map(Extensions::named).fold(Extensions::NONE, Extensions::with);
    let bounds = Bounds { extensions, ..Bounds::default() };
    let mut random = Random::new(SEED);
    let mut taken = 0;
    for query in EXPERIMENTAL {
        let mistakes = (0..100).map(|_| mutated(query, &mut random));
        for (place, text) in std::iter::once(query.to_owned()).chain(mistakes).enumerate() {
            let read = Query::parse_within(&text, Wanted::Expression, &bounds, Counts::default());
            let is_taken =
                read.as_ref().is_ok_and(|read| judge.agrees(&text, &read.restricted(MATCHER).unwrap()));
            taken += usize::from(is_taken);
            assert!(place > 0 || is_taken, "{text:?}: {:?}", read.err());
        }
    }
    println!("Prometheus takes {taken} of the queries that are forwarded");
    assert!(taken > EXPERIMENTAL.len() * 5, "{taken} say little");
}

#[test]
fn promql_parser_sees_one_more_matcher_in_every_selector_and_no_other_change() {
    let mut compared = 0;
    for query in valid().into_iter().chain(mistaken()) {
        let Ok(rewritten) = restricted(&query) else { continue };
        let (Ok(before), Ok(after)) =
            (promql_parser::parser::parse(&query), promql_parser::parser::parse(&rewritten))
        else {
            continue;
        };
        compared += 1;
        assert_eq!(without_a_restriction(after), Some(sorted(before)), "{query:?} became {rewritten:?}");
    }
    assert!(compared > QUERIES, "{compared} say little");
}

/// Removes one restricting matcher from each selector. Returns `None` if one lacks it.
fn without_a_restriction(mut tree: Expr) -> Option<Expr> {
    for selector in tree::selectors(&mut tree) {
        let matchers = &mut selector.matchers.matchers;
        let place = matchers.iter().position(|matcher| matcher.to_string() == MATCHER)?;
        matchers.remove(place);
    }
    Some(sorted(tree))
}

fn sorted(mut tree: Expr) -> Expr {
    for selector in tree::selectors(&mut tree) {
        selector.matchers.matchers.sort_by_key(ToString::to_string);
    }
    tree
}
