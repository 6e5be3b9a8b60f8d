//! Checks what a user with a wrong configuration sees on both hosts: one line that names the field. Also checks the
//! size of the module and its first lines.

use promward::config;
use promward_e2e::deployment::{Deployment, Host, Options};
use promward_e2e::on_both_hosts;
use promward_embedded::host::{Level, Plugin, Settings};
use promward_harness::certificates::Authority;
use promward_harness::envoy::{self, Envoy};
use promward_harness::process::Stream;
use promward_harness::upstream::{Reply, Upstream};
use std::fs;
use std::sync::{Arc, Mutex};

on_both_hosts! {
    a_wrong_field_is_one_line_with_its_path,
    a_configuration_that_is_taken_is_one_line_with_its_digest,
}

const WRONG: &str =
    r#"{ "mounts": [{ "prefix": "/prometheus" }], "access": [{ "who": ["anyone"], "may": ["reading"] }] }"#;

const LINE: &str = "promward: configuration refused: access[0].may[0]: \"reading\" is not a class: the classes are health info";

fn a_wrong_field_is_one_line_with_its_path(host: Host) {
    let upstream = Upstream::start(|_| Reply::text("ok")).unwrap();
    let error =
        Deployment::start(host, &Options::configured(upstream.address(), WRONG)).map(|_| ()).unwrap_err();
    let lines: Vec<_> =
        format!("{error:#}").lines().filter(|line| line.contains("refused")).map(str::to_owned).collect();
    assert!(!lines.is_empty() && lines.iter().all(|line| line.contains(LINE)), "{error:#}");
}

#[test]
fn a_host_that_is_not_known_is_refused_by_name() {
    let bytes = fs::read(promward_module::build().unwrap()).unwrap();
    let settings = Settings { host_name: "another".to_owned(), ..Settings::new(bytes, TAKEN) };
    let error = Plugin::load(settings).map(|_| ()).unwrap_err().to_string();
    let line = r#"promward: configuration refused: this host isn't known (it calls itself "another"): run promward on Envoy"#;
    assert!(error.contains(line), "{error}");
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
    assert!(length <= 592_000, "{length} bytes");
}

#[test]
fn the_start_of_a_vm_says_what_runs_and_which_configuration_was_taken() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let bytes = fs::read(promward_module::build().unwrap()).unwrap();
    let mut settings = Settings::new(bytes, TAKEN);
    let log = Arc::clone(&lines);
    settings.log = Arc::new(move |level, line| log.lock().unwrap().push((level, line.to_owned())));
    let plugin = Plugin::load(settings).unwrap();
    lines.lock().unwrap().clear();
    let _worker = plugin.worker().unwrap();
    let expected = [promward::VERSION.to_owned(), taken(TAKEN)].map(|line| (Level::Info, line));
    assert_eq!(*lines.lock().unwrap(), expected);
}

const TAKEN: &str =
    r#"{ "mounts": [{ "prefix": "/" }], "access": [{ "who": ["anyone"], "may": ["health"] }] }"#;

/// Returns the line that is logged when this configuration is taken.
fn taken(configuration: &str) -> String {
    let gateway = config::load(configuration.as_bytes()).unwrap();
    format!("promward: configuration taken: {}", gateway.written_digest())
}

/// Checks both the first configuration and the one that replaces it.
fn a_configuration_that_is_taken_is_one_line_with_its_digest(host: Host) {
    let upstream = Upstream::start(|_| Reply::text("ok")).unwrap();
    let lines = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&lines);
    let mut options = Options::configured(upstream.address(), TAKEN);
    options.watched = true;
    options.log = Arc::new(move |_, line| log.lock().unwrap().push(line.to_owned()));
    let deployment = Deployment::start(host, &options).unwrap();
    let said = || match deployment.envoy() {
        Some(envoy) => envoy.process().lines(Stream::Errors),
        None => lines.lock().unwrap().clone(),
    };
    let another = TAKEN.replace("health", "ui");
    deployment.reconfigure(&another).unwrap();
    for configuration in [TAKEN, &another] {
        // Envoy ends the text of a block scalar with a line break.
        let texts = [configuration.to_owned(), format!("{configuration}\n")];
        let says_so = |line: &String| texts.iter().any(|text| line.contains(&taken(text)));
        assert!(said().iter().any(says_so), "{configuration}: {:#?}", said());
    }
}
