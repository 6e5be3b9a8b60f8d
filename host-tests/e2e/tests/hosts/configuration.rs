//! Checks what a user with a wrong configuration sees on both hosts: one line that names the field. Also checks the
//! size of the module and its first line.

use promward_e2e::deployment::{Deployment, Host, Options};
use promward_e2e::on_both_hosts;
use promward_embedded::host::{Plugin, Settings};
use promward_harness::certificates::Authority;
use promward_harness::envoy::{self, Envoy};
use promward_harness::upstream::{Reply, Upstream};
use std::fs;
use std::sync::{Arc, Mutex};

on_both_hosts! {
    a_wrong_field_is_one_line_with_its_path,
}

const WRONG: &str =
    r#"{ "mounts": [{ "prefix": "/prometheus" }], "access": [{ "who": ["anyone"], "may": ["reading"] }] }"#;

const LINE: &str =
    "promward: configuration refused: access[0].may[0]: \"reading\" is no class: the classes are health info";

fn a_wrong_field_is_one_line_with_its_path(host: Host) {
    let upstream = Upstream::start(|_| Reply::text("ok")).unwrap();
    let error =
        Deployment::start(host, &Options::configured(upstream.address(), WRONG)).map(|_| ()).unwrap_err();
    let lines: Vec<_> =
        format!("{error:#}").lines().filter(|line| line.contains("refused")).map(str::to_owned).collect();
    assert!(!lines.is_empty() && lines.iter().all(|line| line.contains(LINE)), "{error:#}");
}

#[test]
fn a_struct_is_recognised_and_explained_on_envoy() {
    if !Host::Envoy.is_here() {
        return;
    }
    let upstream = Upstream::start(|_| Reply::text("ok")).unwrap();
    let directory = tempfile::tempdir().unwrap();
    Authority::new("authority").unwrap().server().unwrap().write(directory.path(), "example.com").unwrap();
    let mut options =
        envoy::Options::new(directory.path(), &promward_module::build().unwrap(), upstream.address());
    options.replace = vec![
        ("google.protobuf.StringValue".to_owned(), "google.protobuf.Struct".to_owned()),
        ("value: |".to_owned(), "value:".to_owned()),
    ];
    let error = Envoy::start(&options).map(|_| ()).unwrap_err().to_string();
    assert!(
        error.contains("promward: configuration refused: the configuration is a google.protobuf.Struct"),
        "{error}"
    );
    assert!(error.contains("google.protobuf.StringValue"), "{error}");
}

/// Holds the module to a size in bytes, so that growth is a decision.
#[test]
fn the_module_is_small() {
    let length = fs::metadata(promward_module::build().unwrap()).unwrap().len();
    assert!(length <= 512_000, "{length} bytes");
}

#[test]
fn the_start_of_a_vm_says_what_runs() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let bytes = fs::read(promward_module::build().unwrap()).unwrap();
    let configuration =
        r#"{ "mounts": [{ "prefix": "/" }], "access": [{ "who": ["anyone"], "may": ["health"] }] }"#;
    let mut settings = Settings::new(bytes, configuration);
    let log = Arc::clone(&lines);
    settings.log = Arc::new(move |_, line| log.lock().unwrap().push(line.to_owned()));
    let plugin = Plugin::load(settings).unwrap();
    lines.lock().unwrap().clear();
    let _worker = plugin.worker().unwrap();
    assert_eq!(*lines.lock().unwrap(), [promward::VERSION]);
}
