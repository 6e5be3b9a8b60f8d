//! The files of a release: which they are, and what they say.

use crate::set_up::released;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;

#[test]
fn a_release_has_these_files_and_a_sum_of_each() {
    let Some(released) = released() else { return };
    let files = released.files();
    let names: BTreeSet<_> =
        files.iter().filter_map(|file| file.components().next()?.as_os_str().to_str()).collect();
    let wheel = names.iter().copied().find(|name| name.ends_with(".whl")).unwrap();
    let begin = concat!("promward-", env!("CARGO_PKG_VERSION"), "-py3-none-manylinux");
    assert!(wheel.starts_with(begin), "{wheel}");
    let expected = [
        "CHANGELOG.md",
        "alerts.yml",
        "config.schema.json",
        "dashboard.json",
        "mixin.libsonnet",
        "promward-command.cdx.json",
        "promward-image",
        "promward-image.digest",
        "promward-image.tar",
        "promward.names.wasm",
        "promward.wasm",
        "promward.wasm.cdx.json",
        "promward.wasm.sha256",
        wheel,
    ];
    assert_eq!(names, expected.into());
    let sums = fs::read_to_string(released.file(promward_release::SUMS)).unwrap();
    for line in sums.lines() {
        let (sum, file) = line.split_once("  ").unwrap();
        assert_eq!(sum, promward_module::sha256(&fs::read(released.file(file)).unwrap()), "{file}");
    }
}

#[test]
fn the_bill_of_the_module_has_every_crate_whose_code_is_in_it() {
    let Some(released) = released() else { return };
    let parts = parts(&fs::read(released.file("promward.wasm.cdx.json")).unwrap());
    let module = fs::read(released.file("promward.wasm")).unwrap();
    let text = String::from_utf8_lossy(&module);
    // The compiler writes the paths of sources into messages of panics: crates/index.crates.io-…/serde_json-1.0.154/src/….
    let found: BTreeSet<_> =
        text.split("crates/index.crates.io-").skip(1).filter_map(|rest| rest.split('/').nth(1)).collect();
    assert!(found.len() > 3, "{found:?}");
    for name in found {
        assert!(parts.contains(name), "{name} is in the module, and not in its bill: {parts:?}");
    }
    let is_there = |name: &str| parts.iter().any(|part| part.starts_with(&format!("{name}-")));
    for name in ["serde_json", "proxy-wasm", "sha2", "rust-std"] {
        assert!(is_there(name), "{name} is not in {parts:?}");
    }
    for name in ["schemars", "proptest", "serde_derive", "promward"] {
        assert!(!is_there(name), "{name} is in {parts:?}");
    }
}

#[test]
fn the_bill_of_the_command_has_its_crates_and_none_of_the_tests() {
    let Some(released) = released() else { return };
    let parts = parts(&fs::read(released.file("promward-command.cdx.json")).unwrap());
    let is_there = |name: &str| parts.iter().any(|part| part.starts_with(&format!("{name}-")));
    for name in ["clap", "ring", "promward", "promward-harness"] {
        assert!(is_there(name), "{name} is not in {parts:?}");
    }
    for name in ["wasmtime", "oci-spec", "clap_derive"] {
        assert!(!is_there(name), "{name} is in {parts:?}");
    }
}

/// Returns the parts of a bill as `NAME-VERSION`. Every part has a licence, and is what another one depends on.
fn parts(bill: &[u8]) -> BTreeSet<String> {
    let bill: Value = serde_json::from_slice(bill).unwrap();
    assert_eq!((&bill["bomFormat"], &bill["specVersion"]), (&"CycloneDX".into(), &"1.5".into()));
    let needed: BTreeSet<_> = bill["dependencies"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|row| row["dependsOn"].as_array().into_iter().flatten())
        .map(|name| name.as_str().unwrap())
        .collect();
    let name = |part: &Value| {
        assert!(part["licenses"][0]["expression"].is_string(), "{part}");
        assert!(needed.contains(part["bom-ref"].as_str().unwrap()), "{part}");
        format!("{}-{}", part["name"].as_str().unwrap(), part["version"].as_str().unwrap())
    };
    bill["components"].as_array().unwrap().iter().map(name).collect()
}
