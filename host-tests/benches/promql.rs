//! What it costs to read a query and to write a tenant into it, beside `promql-parser`, which reads it, has a matcher
//! pushed into each selector of its tree and prints the tree. The queries are what dashboards and alerting rules send;
//! the two take turns, and the figures of one run are to be compared with each other only.

#[path = "promql/tree.rs"]
mod tree;

use anyhow::{Context, Result, anyhow, ensure};
use promql_parser::label::{MatchOp, Matcher};
use promql_parser::parser;
use promward::promql::Query;
use std::hint::black_box;
use std::time::Instant;

const QUERIES: &str = include_str!("promql/queries.txt");

/// How often the two take turns, and how often each treats a query in its turn.
const ROUNDS: usize = 9;
const TIMES: u32 = 200;

/// How much of a query the table shows, in characters.
const SHOWN: usize = 60;

fn main() -> Result<()> {
    let queries: Vec<&str> = QUERIES.lines().collect();
    println!("Parse and restriction, in microseconds a query, the median of {ROUNDS} rounds:\n");
    println!("{:>6} {:>10} {:>14} {:>6}", "bytes", "promward", "promql-parser", "ratio");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for query in queries {
        agree(query)?;
        let (our, their) = measured(query)?;
        let shown: String = query.chars().take(SHOWN).collect();
        println!("{:>6} {our:>10.2} {their:>14.2} {:>6.1}  {shown}", query.len(), their / our);
        ours.push(our);
        theirs.push(their);
    }
    println!();
    for (name, percent) in [("median", 50), ("p90", 90), ("slowest", 100)] {
        let (our, their) = (at(&mut ours, percent), at(&mut theirs, percent));
        println!("{name:>7} {our:>9.2} {their:>14.2} {:>6.1}", their / our);
    }
    Ok(())
}

/// How long each takes, in microseconds.
fn measured(query: &str) -> Result<(f64, f64)> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(timed(|| restricted(black_box(query)))?);
        theirs.push(timed(|| restricted_by_tree(black_box(query)))?);
    }
    Ok((at(&mut ours, 50), at(&mut theirs, 50)))
}

fn timed(restrict: impl Fn() -> Result<String>) -> Result<f64> {
    let start = Instant::now();
    for _ in 0..TIMES {
        black_box(restrict()?);
    }
    Ok(start.elapsed().as_secs_f64() * 1e6 / f64::from(TIMES))
}

/// The figure that this percentage is at most.
fn at(figures: &mut [f64], percent: usize) -> f64 {
    figures.sort_by(f64::total_cmp);
    let last = figures.len().saturating_sub(1);
    let place = last.saturating_mul(percent).checked_div(100).unwrap_or_default();
    figures.get(place).copied().unwrap_or_default()
}

fn restricted(query: &str) -> Result<String> {
    let read = Query::parse(query).map_err(|error| anyhow!("{query}: {error}"))?;
    read.restricted(r#"tenant="a""#).context("too long")
}

fn restricted_by_tree(query: &str) -> Result<String> {
    let mut tree = parser::parse(query).map_err(|error| anyhow!("{query}: {error}"))?;
    for selector in tree::selectors(&mut tree) {
        selector.matchers.matchers.push(Matcher::new(MatchOp::Equal, "tenant", "a"));
    }
    Ok(tree.to_string())
}

/// Both have to have done the same work.
fn agree(query: &str) -> Result<()> {
    let (ours, theirs) = (restricted(query)?, restricted_by_tree(query)?);
    let count = |text: &str| text.matches(r#"tenant="a""#).count();
    ensure!(count(&ours) == count(&theirs), "{query}: {ours} is not {theirs}");
    Ok(())
}
