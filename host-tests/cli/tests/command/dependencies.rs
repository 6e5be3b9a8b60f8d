//! The command needs no WebAssembly engine, and a build of the command and one of the tests share every crate.

use std::collections::{BTreeMap, BTreeSet};

/// Crates that take minutes to compile, or that only tests need.
const NOT_IN_THE_COMMAND: [&str; 3] = ["wasmtime", "cranelift", "fantoccini"];

/// Crates that have to be in the comparison. They are those that take longest to compile.
const COMPARED: [&str; 8] =
    ["wasmtime", "cranelift-codegen", "hyper", "rustls", "serde", "tokio", "h2", "ring"];

#[test]
fn the_command_has_no_webassembly_engine_and_no_browser_in_its_tree() {
    let crates = tree(&["--package", "promward-cli", "--edges", "normal"]);
    assert!(crates.contains_key("clap"), "not even clap is in it: {crates:?}");
    let unwanted = |name: &&String| NOT_IN_THE_COMMAND.iter().any(|unwanted| name.starts_with(unwanted));
    let unwanted: Vec<_> = crates.keys().filter(unwanted).collect();
    assert!(unwanted.is_empty(), "in the tree of promward-cli: {unwanted:?}");
}

#[test]
fn no_crate_has_other_features_in_a_build_of_the_command_than_in_one_with_tests() {
    let without_tests = tree(&["--workspace", "--edges", "normal,build"]);
    let with_tests = tree(&["--workspace", "--edges", "normal,build,dev"]);
    for name in COMPARED {
        assert!(without_tests.contains_key(name), "{name} is not in the tree");
    }
    for (name, builds) in &without_tests {
        let others = with_tests.get(name);
        let shared = others.is_some_and(|others| builds.is_subset(others));
        assert!(shared, "{name} is compiled twice: as {builds:?}, and with tests as {others:?}");
    }
}

/// Returns the crates of a dependency tree by their names, each with its versions and their features.
fn tree(arguments: &[&str]) -> BTreeMap<String, BTreeSet<String>> {
    let output = promward_start::cargo()
        .args(["tree", "--offline", "--locked", "--prefix", "none", "--format", "{p} features {f}"])
        .args(arguments)
        .current_dir(promward_module::workspace().unwrap())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut crates = BTreeMap::<_, BTreeSet<_>>::new();
    for line in String::from_utf8(output.stdout).unwrap().lines().filter(|line| !line.is_empty()) {
        // Cargo marks a crate with an asterisk whose own dependencies it has printed before.
        let line = line.trim_end_matches(" (*)");
        let (name, build) = line.split_once(' ').unwrap();
        crates.entry(name.to_owned()).or_default().insert(build.to_owned());
    }
    crates
}
