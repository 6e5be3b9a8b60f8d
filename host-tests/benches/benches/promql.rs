//! Measures what it costs to read a query and to write a tenant into it, beside `promql-parser`, which parses the
//! query, gets a matcher pushed into each selector of its tree and prints the tree. The queries are those of dashboards
//! and alerting rules. The two take turns, and only the figures of one run can be compared with each other. Then it
//! measures how the time grows with the length, natively and in the module.

mod common;
#[path = "promql/tree.rs"]
mod tree;

use anyhow::{Context, Result, anyhow, ensure};
use clap::Parser;
use common::{Options, Report, at};
use promql_parser::label::{MatchOp, Matcher};
use promql_parser::parser;
use promward::promql::{Bounds, Counts, Query, Wanted};
use promward_benches::costs::{self, Read};
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
    lengths(&mut report, times)?;
    report.write()
}

/// The lengths that are measured, in bytes, and the number of times that each is read for each `times`.
const LENGTHS: [(usize, u32); 4] = [(1 << 10, 64), (16 << 10, 8), (64 << 10, 2), (248 << 10, 1)];

/// Shows the time and the instructions for each byte of long queries.
fn lengths(report: &mut Report, times: u32) -> Result<()> {
    report.say("\nA byte of a long query, natively in nanoseconds, and in the module in instructions and in the time of the whole callback.\n");
    report.head(["", "bytes", "ns a byte", "instructions a byte", "the callback, ms"]);
    for (name, text) in
        [("a chain of selectors", chain as fn(usize) -> String), ("an alternation", alternation)]
    {
        for (bytes, turns) in LENGTHS {
            let query = text(bytes);
            let bounds = Bounds { length: bytes, ..Bounds::default() };
            let read = || {
                let read =
                    Query::parse_within(black_box(&query), Wanted::Expression, &bounds, Counts::default());
                let read = read.map_err(|error| anyhow!("{name}: {error}"))?;
                read.restricted(r#"tenant="a""#).context("too long")
            };
            let mut natively = Vec::new();
            for _ in 0..ROUNDS {
                natively.push(timed(times.div_ceil(8) * turns, read)? * 1e3 / query.len() as f64);
            }
            let Read { instructions, time } = costs::read(&query)?;
            report.row([
                name.to_owned(),
                query.len().to_string(),
                format!("{:.2}", at(&mut natively, 50)),
                format!("{:.1}", instructions / query.len() as f64),
                format!("{:.2}", time.as_secs_f64() * 1e3),
            ]);
        }
    }
    Ok(())
}

/// Returns a chain of selectors, up to as many as there may be, of about this length.
fn chain(bytes: usize) -> String {
    let operators = (bytes / 60).min(240);
    let value = bytes / (operators + 1) - 24;
    vec![format!("rate(up{{x=\"{}\"}}[5m])", "a".repeat(value)); operators + 1].join(" + ")
}

/// Returns a selector with an alternation of words, of about this length and no longer.
fn alternation(bytes: usize) -> String {
    let around = r#"up{x=~""}"#.len();
    let words: Vec<_> = (0..(bytes - around) / 50).map(|number| format!("web-{number:045}")).collect();
    format!("up{{x=~\"{}\"}}", words.join("|"))
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
