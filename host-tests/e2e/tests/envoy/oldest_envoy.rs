//! Runs the tests that use Envoy with the oldest release that the shipped files support.

use promward_harness::tools::{self, Program};
use std::env;
use std::process::{Command, Stdio};

#[test]
fn the_guide_works_on_the_oldest_envoy() {
    run(&["--test", "servers", "guide::on_envoy"]);
}

#[test]
#[ignore = "runs all other tests once more, which takes about ten minutes"]
fn every_test_passes_on_the_oldest_envoy() {
    run(&["--no-fail-fast", "--", "--skip", "on_the_oldest_envoy"]);
}

/// Runs tests of this package in processes of their own, with the oldest Envoy in place of the newest.
fn run(tests: &[&str]) {
    let Some(envoy) = tools::need(Program::OldestEnvoy) else { return };
    assert!(envoy.version < tools::envoy().unwrap().version, "both are {}", envoy.version);
    // It is for the whole workspace, as the README's command is, so that nothing is built again.
    let status = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["test", "--quiet", "--workspace"])
        .args(tests)
        .env(Program::Envoy.variable(), &envoy.path)
        .stdin(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "{status}");
}
