//! `promward test`: policy tests, in the manner of `promtool test rules`. Each test is a request and what has to become of
//! it, and the filter's own core says what does.

mod compare;
mod coverage;
mod file;
mod junit;
mod progress;
mod report;
mod suite;

pub use file::TestFile;

use crate::explain::now;
use crate::policy::course::Remembered;
use clap::{Args, ValueEnum};
use compare::{Difference, differences};
use coverage::Coverage;
use progress::Progress;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use suite::{Suite, Test};

/// The text of `promward test --help` after the options.
pub const HELP: &str = "\
A file has the configuration, and tests of it:

  configuration: promward.json
  now: 2026-01-31T00:00:00Z
  tests:
  - name: team a sees its own series only
    as: token:grafana-a
    request: { get: /prometheus/api/v1/query, parameters: { query: sum(up) } }
    expect: { allowed: true, class: query, rule: 1, upstream: { query: 'sum(up{tenant=\"a\"})' } }
  - name: nobody but admin deletes
    as: [anonymous, \"token:grafana-a\", \"user:carol\"]
    request: { post: /prometheus/api/v1/admin/tsdb/delete_series }
    expect: { status: [401, 403] }
  - name: rules are cut down
    as: token:grafana-a
    request: { get: /prometheus/api/v1/rules }
    answer: { file: rules.json }
    expect: { body: { file: rules-of-a.json } }

The filter's own code decides each request, as in Envoy; nothing is sent anywhere. Paths begin at the folder of the file.
host-tests/cli/promward-tests.schema.json describes every field for editors, and filter/docs/policies.md for people. A test
that fails shows what was expected, what came, in which room of the filter the two part, and a command that explains the
request.

Examples:
  cargo promward test examples/tenants/tests.yaml
  cargo promward test tests/*.yaml --run deletes --coverage
  cargo promward test tests.yaml --format json --junit target/junit.xml

Exit codes:
  0  every test passed
  1  at least one failed
  2  a file can't be read, or has no test, or its configuration is refused";

/// The arguments of `promward test`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Files with tests (YAML)
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Runs only tests whose names contain this text
    #[arg(long, value_name = "PATTERN")]
    run: Option<String>,
    /// Also writes the results to this file, as JUnit does
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Shows which rules, values of "only" and limits no test has reached
    #[arg(long)]
    coverage: bool,
    /// The form of the results
    #[arg(long, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Lines about tests that failed, and a summary
    Text,
    /// One JSON object with every test
    Json,
}

/// The results of all files.
#[derive(Debug, Default)]
pub struct Results {
    files: Vec<FileResults>,
}

/// The results of one file.
#[derive(Debug)]
struct FileResults {
    name: String,
    tests: Vec<Tested>,
    /// The coverage of its configuration, if it is asked for.
    coverage: Option<Coverage>,
}

/// The result of one test.
#[derive(Debug)]
struct Tested {
    name: String,
    /// The first line of the request.
    request: String,
    /// The verdict of the filter.
    verdict: String,
    /// A command that explains the request.
    explain: String,
    differences: Vec<Difference>,
    /// The reason why the test can't be run.
    error: Option<String>,
    time: Duration,
}

impl Tested {
    fn has_passed(&self) -> bool {
        self.differences.is_empty() && self.error.is_none()
    }
}

impl Results {
    fn all(&self) -> impl Iterator<Item = &Tested> {
        self.files.iter().flat_map(|file| &file.tests)
    }

    fn failed(&self) -> usize {
        self.all().filter(|tested| !tested.has_passed()).count()
    }
}

/// The exit code for tests that can't be run.
const UNUSABLE: u8 = 2;

/// Runs the tests of the files, and returns the exit code. Results go to `output`; progress and the reason why tests can't
/// be run go to `errors`.
///
/// # Errors
///
/// Returns an error if `output`, `errors` or the file for JUnit can't be written to.
pub fn run(
    arguments: &Arguments,
    is_terminal: bool,
    output: &mut dyn Write,
    errors: &mut dyn Write,
) -> io::Result<u8> {
    let read = |file: &PathBuf| Suite::read(file, now());
    let suites: Vec<Suite> = match arguments.files.iter().map(read).collect() {
        Ok(suites) => suites,
        Err(error) => {
            writeln!(errors, "promward: {error}")?;
            return Ok(UNUSABLE);
        }
    };
    let is_meant = |test: &Test| arguments.run.as_ref().is_none_or(|pattern| test.name.contains(pattern));
    let number = suites.iter().flat_map(|suite| &suite.tests).filter(|test| is_meant(test)).count();
    if number == 0 {
        writeln!(errors, "promward: there is no test to run")?;
        return Ok(UNUSABLE);
    }
    let mut progress = Progress::new(number, is_terminal);
    let mut results = Results::default();
    let begun = Instant::now();
    for suite in &suites {
        let mut coverage = arguments.coverage.then(|| Coverage::of(&suite.policy));
        let mut remembered = Remembered::default();
        let mut tests = Vec::new();
        for test in suite.tests.iter().filter(|test| is_meant(test)) {
            tests.push(tested(suite, test, coverage.as_mut(), &mut remembered));
            progress.step(errors)?;
        }
        results.files.push(FileResults { name: suite.name.clone(), tests, coverage });
    }
    progress.end(errors)?;
    match arguments.format {
        Format::Text => output.write_all(report::text(&results, begun.elapsed()).as_bytes())?,
        Format::Json => writeln!(output, "{:#}", report::json(&results))?,
    }
    if let Some(file) = &arguments.junit {
        fs::write(file, junit::of(&results))?;
    }
    Ok(u8::from(results.failed() > 0))
}

fn tested(
    suite: &Suite,
    test: &Test,
    coverage: Option<&mut Coverage>,
    remembered: &mut Remembered,
) -> Tested {
    let begun = Instant::now();
    let policy = &suite.policy;
    let mut result = Tested {
        name: test.name.clone(),
        request: test.asked.message.first_line(),
        verdict: String::new(),
        explain: String::new(),
        differences: Vec::new(),
        error: None,
        time: Duration::ZERO,
    };
    match policy.ask(&test.asked, remembered) {
        Ok(course) => {
            let given = test.answer.as_ref().and_then(|answer| policy.answer(&course, answer));
            result.differences = differences(test, &course, given.as_ref());
            if let Some(coverage) = coverage {
                coverage.note(&course);
            }
            if !result.differences.is_empty() {
                result.verdict = crate::explain::verdict(&course, given.as_ref());
                result.explain = report::command(suite, test);
            }
        }
        Err(error) => result.error = Some(error),
    }
    result.time = begun.elapsed();
    result
}
