//! `promward check` says in one line which field is wrong: one case for each mistake that the filter's validator knows,
//! and one for each way in which a file of Envoy's can hold a configuration, or fail to.

// A test that can't go on has failed, and says where.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod mistakes;

use mistakes::{MISTAKES, VALID};
use promward_host_tests::check::{self, Verdict};
use std::fs;
use std::process::Command;

#[test]
fn every_mistake_is_one_line_that_names_the_field() {
    for (place, spoiled, line) in MISTAKES {
        assert!(VALID.contains(place), "the case {spoiled} replaces what isn't there: {place}");
        let text = VALID.replacen(place, spoiled, 1);
        assert_eq!(checked("promward.json", &text), format!("promward.json: refused: {line}\n"), "{spoiled}");
    }
}

#[test]
fn a_rule_for_an_opaque_mount_needs_a_class_that_can_come_there() {
    let text = r#"{ "mounts": [{ "prefix": "/", "api": "opaque" }],
                    "access": [{ "who": ["anyone"], "may": ["ui"], "at": ["/"] }] }"#;
    assert_eq!(
        checked("promward.json", text),
        "promward.json: refused: access[0].may: this never comes at an opaque mount: everything there is \"unknown\"\n"
    );
}

#[test]
fn a_valid_configuration_is_shown_as_what_it_opens_and_refuses() {
    let text = r#"{
      "mounts": [{ "prefix": "/prometheus" }, { "prefix": "/", "api": "opaque" }],
      "access": [
        { "who": ["anyone"], "may": ["health", "ui"] },
        { "who": ["anonymous"], "may": ["read", "ui"] },
        { "who": ["anyone"], "may": ["unknown"], "at": ["/"] }
      ]
    }"#;
    assert_eq!(
        checked("promward.json", text),
        "promward.json: valid\n  \
           mount        who        open            refused\n  \
           /prometheus  anyone     health ui       read federate remote_read status config metrics write admin lifecycle debug consoles unknown\n  \
           /prometheus  anonymous  read health ui  federate remote_read status config metrics write admin lifecycle debug consoles unknown\n  \
           /            anyone     unknown         nothing\n  \
           /            anonymous  unknown         nothing\n"
    );
}

/// A file of Envoy's whose filters have these configurations.
fn envoys(configurations: &[&str]) -> String {
    let mut text = "static_resources:\n  listeners:\n  - filters:\n".to_owned();
    for (index, configuration) in configurations.iter().enumerate() {
        text.push_str(&format!(
            "    - name: guard-{index}\n      typed_config:\n        \
             \"@type\": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm\n        \
             config:\n          configuration: {configuration}\n"
        ));
    }
    text
}

const STRING: &str = "\"@type\": type.googleapis.com/google.protobuf.StringValue";

#[test]
fn every_filter_of_a_file_is_checked_and_named() {
    let configuration = r#"{"mounts":[{"prefix":"/p"}],"access":[{"who":["anyone"],"may":["everything"]}]}"#;
    let good = format!("{{ {STRING}, value: '{configuration}' }}");
    let bad = format!("{{ {STRING}, value: '{}' }}", configuration.replace("anyone", "all"));
    assert_eq!(
        checked("envoy.yaml", &envoys(&[&good, &bad])),
        "envoy.yaml: filter \"guard-0\" (static_resources.listeners[0].filters[0].typed_config): valid\n  \
           mount  who     open        refused\n  \
           /p     anyone  everything  nothing\n\
         envoy.yaml: filter \"guard-1\" (static_resources.listeners[0].filters[1].typed_config): refused: \
         access[0].who[0]: \"all\" is nobody: write anyone, anonymous, authenticated, user:N, token:N, certificate:N, \
         jwt:ISSUER/SUBJECT, group:N or group:ISSUER/N\n"
    );
}

#[test]
fn a_configuration_that_would_arrive_as_protobuf_is_explained() {
    let wanted = "use \"@type\": type.googleapis.com/google.protobuf.StringValue, with the JSON as the text of its \"value\"";
    for (configuration, line) in [
        (
            "{ \"@type\": type.googleapis.com/google.protobuf.Struct, value: { mounts: [] } }",
            format!(
                "config.configuration: this is a google.protobuf.Struct, which Envoy passes on as protobuf: {wanted}"
            ),
        ),
        (
            "{ \"@type\": type.googleapis.com/google.protobuf.BytesValue, value: e30= }",
            format!("config.configuration: this is a google.protobuf.BytesValue: {wanted}"),
        ),
        ("{ mounts: [] }", format!("config.configuration: this has no \"@type\": {wanted}")),
        (
            &format!("{{ {STRING}, value: {{ mounts: [] }} }}"),
            "config.configuration.value: this is no text: write the JSON as a block scalar (value: |)"
                .to_owned(),
        ),
        (
            &format!("{{ {STRING} }}"),
            "the configuration is empty: give one JSON object, in Envoy as a google.protobuf.StringValue"
                .to_owned(),
        ),
    ] {
        assert_eq!(
            checked("envoy.yaml", &envoys(&[configuration])),
            format!(
                "envoy.yaml: filter \"guard-0\" (static_resources.listeners[0].filters[0].typed_config): refused: {line}\n"
            )
        );
    }
}

#[test]
fn a_filter_is_found_in_discovered_resources_in_json_and_in_every_document() {
    let wasm = r#"{"@type":"type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm","config":{"name":"inner"}}"#;
    let empty = "refused: the configuration is empty: give one JSON object, in Envoy as a google.protobuf.StringValue";
    for (name, text, place) in [
        (
            "ecds.json",
            format!(r#"{{"resources":[{{"name":"promward","typed_config":{wasm}}}]}}"#),
            "filter \"promward\" (resources[0].typed_config)",
        ),
        ("wasm.json", wasm.to_owned(), "filter \"inner\" (the whole file)"),
        ("two.yaml", format!("kind: Service\n---\nspec: {wasm}\n"), "filter \"inner\" (spec)"),
        ("-", format!("# with a comment\nspec: {wasm}\n"), "filter \"inner\" (spec)"),
        (
            "unnamed.yml",
            r#"{"a":{"@type":"x/envoy.extensions.filters.http.wasm.v3.Wasm"}}"#.to_owned(),
            "filter without a name (a)",
        ),
    ] {
        assert_eq!(checked(name, &text), format!("{name}: {place}: {empty}\n"));
    }
}

#[test]
fn a_file_with_nothing_to_check_is_an_error_that_says_what_was_looked_for() {
    let looked = "no filter is in it: looked for a mapping with \"@type\": \
        type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm, whose config.configuration holds promward's JSON";
    for (name, text) in [
        ("envoy.yaml", "static_resources: {}\n"),
        ("envoy.json", r#"{"static_resources":{}}"#),
        ("empty.yaml", ""),
        ("words", "just words"),
    ] {
        assert_eq!(check::check(name, text.as_bytes()).unwrap_err().to_string(), looked, "{name}");
    }
    let error = check::check("envoy.yaml", b"a: [").unwrap_err().to_string();
    assert!(error.starts_with("this is neither JSON nor YAML: "), "{error}");
}

#[test]
fn the_worst_of_several_files_decides_and_all_are_told() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let (good, bad) = (file("good.json", VALID), file("bad.json", "{}"));
    let missing = directory.path().join("missing.json");
    for (files, verdict, lines, errors) in [
        (vec![good.clone()], Verdict::Valid, 3, 0),
        (vec![bad.clone(), good.clone()], Verdict::Refused, 4, 0),
        (vec![missing, bad, good], Verdict::Unreadable, 4, 1),
    ] {
        let (mut printed, mut complained) = (Vec::new(), Vec::new());
        assert_eq!(check::run(&files, &mut printed, &mut complained).unwrap(), verdict);
        let count = |text: &[u8]| String::from_utf8_lossy(text).lines().count();
        assert_eq!((count(&printed), count(&complained)), (lines, errors));
    }
}

#[test]
fn the_command_exits_with_what_it_found() {
    let directory = tempfile::tempdir().unwrap();
    let exit_code = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_promward"));
        command.current_dir(directory.path()).args(arguments).output().unwrap().status.code()
    };
    fs::write(directory.path().join("good.json"), VALID).unwrap();
    fs::write(directory.path().join("bad.json"), "{}").unwrap();
    assert_eq!(exit_code(&["check", "good.json"]), Some(0));
    assert_eq!(exit_code(&["check", "--", "good.json"]), Some(0));
    assert_eq!(exit_code(&["check", "good.json", "bad.json"]), Some(1));
    assert_eq!(exit_code(&["check", "missing.json"]), Some(2));
    assert_eq!(exit_code(&["check"]), Some(2));
    assert_eq!(exit_code(&["check", "--help"]), Some(0));
}

/// What is printed about a file of that name with this text.
fn checked(name: &str, text: &str) -> String {
    check::check(name, text.as_bytes()).unwrap().iter().map(ToString::to_string).collect()
}
