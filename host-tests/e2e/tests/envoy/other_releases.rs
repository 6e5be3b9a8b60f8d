//! Runs the tests that use Envoy with other releases than the newest: the oldest that the shipped files support, and those
//! between.

use promward_harness::tools::{self, Program};
use std::env;
use std::ffi::OsStr;
use std::process::{Command, Stdio};

/// The tests of what releases have done in different ways: the guide from its file to its answers, what the codec, the
/// listener and the routes make of hostile requests, forms and answers that are held back, and the sessions of people who log in.
const REQUESTS: [&str; 3] = ["--test=e2e", "--", "attacks::envoy_as_shipped_withstands_it"];
const STREAMS: [&str; 4] =
    ["--test=e2e", "--", "hosts::restricted_forms::on_envoy", "hosts::streams::on_envoy"];
const SERVERS: [&str; 4] = ["--test=e2e", "--", "servers::guide::on_envoy", "servers::people_log_in::"];

/// The last patch of each release between the oldest and the newest that PyPI has with V8.
const BETWEEN: [&str; 4] = ["1.36.4", "1.37.0", "1.38.2", "1.39.3"];

#[test]
fn hostile_requests_are_withstood_on_the_oldest_envoy() {
    run_on_the_oldest(&REQUESTS);
}

#[test]
fn what_is_held_back_and_what_streams_works_on_the_oldest_envoy() {
    run_on_the_oldest(&STREAMS);
}

#[test]
fn the_guide_and_sessions_work_on_the_oldest_envoy() {
    run_on_the_oldest(&SERVERS);
}

#[test]
#[ignore = "runs all other tests once more, which takes about ten minutes"]
fn every_test_passes_on_the_oldest_envoy() {
    run_on_the_oldest(&["--no-fail-fast", "--", "--skip", "on_the_oldest_envoy"]);
}

#[test]
#[ignore = "fetches four releases, and takes some minutes for each"]
fn what_releases_differ_in_works_on_each_envoy_between() {
    if tools::need(Program::OldestEnvoy).is_some() {
        for version in BETWEEN {
            println!("Envoy {version}");
            for tests in [&REQUESTS[..], &STREAMS, &SERVERS] {
                run(OsStr::new(version), tests);
            }
        }
    }
}

fn run_on_the_oldest(tests: &[&str]) {
    let Some(oldest) = tools::need(Program::OldestEnvoy) else { return };
    // If the variable names the oldest, the other tests use it anyway.
    if oldest.version < tools::envoy().unwrap().version {
        run(oldest.path.as_os_str(), tests);
    }
}

/// Runs tests of this package in processes of their own, with this Envoy in place of the newest.
fn run(envoy: &OsStr, tests: &[&str]) {
    // It is for the whole workspace, as the README's command is, so that nothing is built again.
    let status = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["test", "--quiet", "--workspace"])
        .args(tests)
        .env(Program::Envoy.variable(), envoy)
        .stdin(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "{}: {status}", envoy.to_string_lossy());
}
