//! The results of tests, for people and for programs.

use super::coverage::Coverage;
use super::suite::{Suite, Test};
use super::{Results, Tested};
use crate::policy::caller::As;
use crate::shell_words::quote;
use promward::target::origin::UrlScheme;
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::Duration;

/// The longest value that a difference shows, in characters.
const SHOWN: usize = 2_000;

/// Returns the tests that failed, what no test has reached, and a summary.
pub(super) fn text(results: &Results, time: Duration) -> String {
    let mut text = String::new();
    for file in &results.files {
        for tested in file.tests.iter().filter(|tested| !tested.has_passed()) {
            // Writing to a `String` never fails.
            let _ = writeln!(text, "FAILED {}: {}\n  {}", file.name, tested.name, tested.request);
            text.push_str(&failure(tested));
            text.push('\n');
        }
    }
    for file in &results.files {
        if let Some(coverage) = &file.coverage {
            text.push_str(&coverage_lines(&file.name, coverage));
        }
    }
    let (all, failed) = (results.all().count(), results.failed());
    let tests = if all == 1 { "test" } else { "tests" };
    let _ = writeln!(text, "{all} {tests}, {failed} failed, in {:.2} s", time.as_secs_f64());
    text
}

/// Returns the lines about a test that failed, below its name.
pub(super) fn failure(tested: &Tested) -> String {
    let mut text = String::new();
    if let Some(error) = &tested.error {
        let _ = writeln!(text, "  it can't be run: {error}");
    }
    if let Some(first) = tested.differences.first() {
        let _ = writeln!(text, "  it parts from what is expected in the room \"{}\"", first.room);
    }
    for difference in &tested.differences {
        let _ = writeln!(text, "  {}", difference.field);
        for (name, value) in [("expected", &difference.expected), ("got", &difference.got)] {
            let shown: String = value.chars().take(SHOWN).collect();
            for (index, line) in shown.lines().chain(shown.is_empty().then_some("")).enumerate() {
                let _ = writeln!(text, "    {:<9} {line}", if index == 0 { name } else { "" });
            }
        }
    }
    if !tested.verdict.is_empty() {
        let _ = writeln!(text, "  the filter: {}\n  {}", tested.verdict, tested.explain);
    }
    text
}

fn coverage_lines(name: &str, coverage: &Coverage) -> String {
    let counts = coverage.counts().map(|(kind, all, reached)| format!("{reached} of {all} {kind}"));
    let mut text = format!("{name} reaches {}\n", counts.collect::<Vec<_>>().join(", "));
    for path in coverage.missed() {
        let _ = writeln!(text, "  never reached: {path}");
    }
    text
}

/// Returns the results as one JSON object.
pub(super) fn json(results: &Results) -> Value {
    let tested = |tested: &Tested| {
        let difference = |difference: &super::Difference| {
            json!({
                "room": difference.room, "field": difference.field,
                "expected": difference.expected, "got": difference.got,
            })
        };
        json!({
            "name": tested.name,
            "passed": tested.has_passed(),
            "request": tested.request,
            "differences": tested.differences.iter().map(difference).collect::<Vec<_>>(),
            "error": tested.error,
            "filter": Some(&tested.verdict).filter(|verdict| !verdict.is_empty()),
            "explain": Some(&tested.explain).filter(|command| !command.is_empty()),
        })
    };
    let file = |file: &super::FileResults| {
        let coverage = file.coverage.as_ref().map(|coverage| {
            let counts = coverage
                .counts()
                .map(|(kind, all, reached)| json!({ "of": kind, "all": all, "reached": reached }));
            json!({
                "counts": counts.collect::<Vec<_>>(), "never_reached": coverage.missed().collect::<Vec<_>>(),
            })
        });
        json!({
            "file": file.name, "tests": file.tests.iter().map(tested).collect::<Vec<_>>(), "coverage": coverage,
        })
    };
    json!({
        "tests": results.all().count(),
        "failed": results.failed(),
        "files": results.files.iter().map(file).collect::<Vec<_>>(),
    })
}

/// Returns a command that explains the request of a test.
pub(super) fn command(suite: &Suite, test: &Test) -> String {
    let (file, filter) = &suite.configuration;
    let asked = &test.asked;
    let mut words = vec!["cargo promward explain".to_owned(), quote(&file.to_string_lossy())];
    let mut option = |name: &str, value: &str| words.push(format!("{name} {}", quote(value)));
    if let Some(filter) = filter {
        option("--filter", filter);
    }
    if asked.caller != As::Shown {
        option("--as", &asked.caller.to_string());
    }
    if let Some(claims) = &asked.claims {
        option("--claims", &claims.to_string());
    }
    if let Some(certificate) = &test.certificate {
        option("--certificate", &certificate.to_string_lossy());
    }
    if let Some(source) = &test.source {
        option("--source", source);
    }
    option("--now", &asked.now.seconds().to_string());
    let is_own = |name: &str| !name.starts_with(':') && name != "content-length";
    for (name, value) in asked.message.headers.iter().filter(|(name, _)| is_own(name)) {
        option("-H", &format!("{name}: {}", String::from_utf8_lossy(value)));
    }
    if !asked.message.body.is_empty() {
        option("--data", &String::from_utf8_lossy(&asked.message.body));
    }
    let text = |name| asked.message.text(name);
    words.push(text(":method"));
    let scheme = if asked.scheme == UrlScheme::Https { "https" } else { "http" };
    words.push(quote(&format!("{scheme}://{}{}", text(":authority"), text(":path"))));
    words.join(" ")
}
