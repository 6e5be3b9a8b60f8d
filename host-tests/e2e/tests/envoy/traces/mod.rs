//! Checks that our proxy-wasm host does what Envoy does. A probe module writes down each callback and its arguments.
//! Each scenario is played to Envoy and to our host, and both traces must equal the recorded one. With
//! `PROMWARD_BLESS=1` the traces are recorded anew, from Envoy.

mod envoy;
mod files;
mod other_hosts;
mod own;
mod scenarios;
mod script;
mod trace;

use std::path::PathBuf;

use envoy::Envoy;
use own::Own;
use promward_harness::tools::{self, Program, Version};
use scenarios::scenarios;
use script::Mode;

/// The first version of Envoy with these traces. Earlier ones lose the piece after a release in the middle of a body,
/// which the filter never does. The scenarios below are the ones that differ.
const RECORDED: Version = Version::new(1, 40, 0);
const OTHERWISE_BEFORE: [&str; 4] = [
    "pause_in_the_body_released_in_its_midst",
    "pause_in_the_body_released_and_then_left",
    "answer_paused_in_its_body_released_in_its_midst",
    "answer_paused_in_its_body_released_and_then_left",
];

#[test]
fn our_host_does_what_the_traces_say() {
    let module = std::fs::read(probe()).unwrap();
    let mut differences = Vec::new();
    for mode in Mode::ALL {
        let mut host = Own::start(&module, mode);
        for scenario in scenarios() {
            compare(scenario.name, mode, &host.play(scenario).to_string(), &mut differences);
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
}

#[test]
fn envoy_does_what_the_traces_say_by_default() {
    play_to_envoy(Mode::Default);
}

#[test]
fn envoy_does_what_the_traces_say_with_stop_iteration() {
    play_to_envoy(Mode::StopIteration);
}

fn play_to_envoy(mode: Mode) {
    let Some(tool) = tools::need(Program::Envoy) else { return };
    let bless = std::env::var_os("PROMWARD_BLESS").is_some();
    let mut host = Envoy::start(&tool, &probe(), mode);
    let mut differences = Vec::new();
    for scenario in scenarios() {
        if tool.version < RECORDED && OTHERWISE_BEFORE.contains(&scenario.name) {
            continue;
        }
        let trace = host.play(scenario).to_string();
        if bless {
            files::record(scenario.name, mode, &trace);
        }
        compare(scenario.name, mode, &trace, &mut differences);
    }
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
}

fn compare(name: &str, mode: Mode, trace: &str, differences: &mut Vec<String>) {
    let committed = files::read(name, mode);
    if committed.trim_end() != trace.trim_end() {
        let mode = mode.name();
        differences.push(format!("{name} ({mode}): expected\n{committed}\nbut it was\n{trace}"));
    }
}

fn probe() -> PathBuf {
    promward_module::build_package("promward-probe").unwrap()
}
