//! Measures what it costs to read a query and to write a tenant into it, beside `promql-parser`, which parses the
//! query, gets a matcher pushed into each selector of its tree and prints the tree. The queries are those of dashboards
//! and alerting rules. The two take turns, and only the figures of one run can be compared with each other.

mod common;
#[path = "promql/tree.rs"]
mod tree;

use anyhow::{Context, Result, anyhow, ensure};
use clap::Parser;
use common::{Options, Report, at};
use promql_parser::label::{MatchOp, Matcher};
use promql_parser::parser;
use promward::promql::Query;
use std::hint::black_box;
use std::time::Instant;

const QUERIES: &str = include_str!("promql/queries.txt");

/// The number of turns, and the number of times that a query is treated in a turn.
const ROUNDS: usize = 9;
const TIMES: u32 = 200;
const QUICK: u32 = 20;

/// The characters of a query that the table shows.
const SHOWN: usize = 60;

fn main() -> Result<()> {
    let options = Options::parse();
    let times = if options.quick { QUICK } else { TIMES };
    let mut report = Report::new("promql", "What it costs to read and restrict a query", &options)?;
    report.say(&format!("Microseconds a query, the median of {ROUNDS} rounds of {times}.\n"));
    report.head(["", "bytes", "promward", "promql-parser", "ratio"]);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for query in QUERIES.lines() {
        agree(query)?;
        let (our, their) = measured(query, times)?;
        let shown: String = query.chars().take(SHOWN).collect();
        row(
            &mut report,
            &format!("`` {} ``", shown.replace('|', "\\|")),
            &query.len().to_string(),
            our,
            their,
        );
        ours.push(our);
        theirs.push(their);
    }
    for (name, percent) in [("median", 50), ("p90", 90), ("slowest", 100)] {
        row(&mut report, &format!("**{name}**"), "", at(&mut ours, percent), at(&mut theirs, percent));
    }
    report.write()
}

fn row(report: &mut Report, name: &str, bytes: &str, our: f64, their: f64) {
    let (ratio, our, their) = (their / our, format!("{our:.2}"), format!("{their:.2}"));
    report.row([name.to_owned(), bytes.to_owned(), our, their, format!("{ratio:.1}")]);
}

/// Returns the time that each takes, in microseconds.
fn measured(query: &str, times: u32) -> Result<(f64, f64)> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(timed(times, || restricted(black_box(query)))?);
        theirs.push(timed(times, || restricted_by_tree(black_box(query)))?);
    }
    Ok((at(&mut ours, 50), at(&mut theirs, 50)))
}

fn timed(times: u32, restrict: impl Fn() -> Result<String>) -> Result<f64> {
    let start = Instant::now();
    for _ in 0..times {
        black_box(restrict()?);
    }
    Ok(start.elapsed().as_secs_f64() * 1e6 / f64::from(times))
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

/// Checks that both have done the same work.
fn agree(query: &str) -> Result<()> {
    let (ours, theirs) = (restricted(query)?, restricted_by_tree(query)?);
    let count = |text: &str| text.matches(r#"tenant="a""#).count();
    ensure!(count(&ours) == count(&theirs), "{query}: {ours} is not {theirs}");
    Ok(())
}
