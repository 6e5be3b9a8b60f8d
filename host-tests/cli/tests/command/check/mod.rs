//! `promward check` says in one line which field is wrong: a case for each mistake that the filter's validator knows,
//! and for each way in which an Envoy file can hold a configuration, or fail to.

mod biting;
mod certificates;
mod envoys;
mod manifests;
mod mistaken;
mod mistakes;
mod opaque;
mod passwords;
mod rate_limit;
mod routing;
mod sessions;
mod trial;
mod upstream;

use mistakes::VALID;
use promward_cli::check::{self, Verdict};
use std::fs;
use std::process::Command;

#[test]
fn every_mistake_is_one_line_that_names_the_field() {
    for (place, spoiled, line) in mistakes::all() {
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
fn a_valid_configuration_gets_a_short_answer() {
    let text = r#"{ "mounts": [{ "prefix": "/p" }], "access": [{ "who": ["anyone"], "may": ["read"] }] }"#;
    assert_eq!(checked("promward.json", text), "promward.json: valid\n".to_owned() + &digest(text));
}

#[test]
fn a_caller_whom_no_rule_names_is_warned_of() {
    let hash = "sha256:486ea46224d1bb4fb680f34f7c9ad96a8f24ec88be73ea8e5a6c65260e9cb8a7";
    let warnings = |groups: &str, who: &str| {
        let text = format!(
            r#"{{ "mounts": [{{ "prefix": "/p" }}], "callers": {{ "tokens": {{ "ci": "{hash}" }}{groups} }},
               "access": [{{ "who": ["anyone"], "may": ["health"] }}, {{ "who": ["{who}"], "may": ["read"] }}] }}"#
        );
        let printed = checked("promward.json", &text);
        printed.lines().filter(|line| line.contains("warning")).map(str::to_owned).collect::<Vec<_>>()
    };
    let group = r#", "groups": { "robots": ["token:ci"] }"#;
    assert_eq!(warnings("", "token:ci"), [""; 0]);
    assert_eq!(warnings("", "authenticated"), [""; 0]);
    assert_eq!(warnings(group, "group:robots"), [""; 0]);
    assert_eq!(
        warnings("", "anonymous"),
        ["  warning: no rule names token:ci, who gets only what \"anyone\" gets"]
    );
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
        (vec![good.clone()], Verdict::Valid, 9, 0),
        (vec![bad.clone(), good.clone()], Verdict::Refused, 10, 0),
        (vec![missing, bad, good], Verdict::Unreadable, 10, 1),
    ] {
        let (mut printed, mut complained) = (Vec::new(), Vec::new());
        assert_eq!(check::run(&files, &[], &mut printed, &mut complained).unwrap(), verdict);
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

#[test]
fn the_digest_is_the_one_that_the_filter_logs() {
    // The output of `printf '%s' … | sha256sum`.
    let text = r#"{"mounts":[{"prefix":"/p"}],"access":[{"who":["anyone"],"may":["everything"]}]}"#;
    let line = "  digest: sha256:1846fcdbdfb97fa3ea99acb9800de07aefd4070a505745564b3307183c7f4e62\n";
    for (name, text) in [("promward.json", text), ("promward.yaml", text)] {
        assert!(checked(name, text).ends_with(line), "{}", checked(name, text));
    }
}

/// Returns the last line that is printed about a configuration.
fn digest(configuration: &str) -> String {
    let gateway = promward::config::load(configuration.as_bytes()).unwrap();
    format!("  digest: {}\n", gateway.written_digest())
}

/// Returns the output about a file of this name with this text.
fn checked(name: &str, text: &str) -> String {
    check::check(name, text.as_bytes()).unwrap().iter().map(ToString::to_string).collect()
}

/// Returns a text with changes, each at the first place that has the old words.
fn changed(text: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(text.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "the text has no {old}");
        text.replacen(old, new, 1)
    })
}

/// Returns the warnings in what is printed about a valid configuration.
fn warnings(printed: &str) -> Vec<String> {
    assert!(printed.contains(": valid\n"), "{printed}");
    printed.lines().filter_map(|line| line.strip_prefix("  warning: ")).map(str::to_owned).collect()
}
