//! Checks what a user with a wrong configuration sees on both hosts: one line that names the field. Also checks the
//! size of the module and its first lines.

use promward::config;
use promward_cli::check;
use promward_e2e::deployment::{Deployment, Host, Options};
use promward_e2e::on_every_host;
use promward_embedded::host::{Level, Plugin, Settings};
use promward_harness::certificates::Authority;
use promward_harness::client::Client;
use promward_harness::envoy::{self, Envoy};
use promward_harness::process::Stream;
use promward_harness::upstream::{Reply, Upstream};
use std::fs;
use std::sync::{Arc, Mutex};

on_every_host! {
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

/// Starts Envoy with further replacements in the shipped file.
fn start(replace: &[(&str, &str)]) -> Option<anyhow::Result<(Envoy, Authority)>> {
    if !Host::Envoy.is_here() {
        return None;
    }
    let upstream = Upstream::start(|_| Reply::text("ok")).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new("authority").unwrap();
    authority.server().unwrap().write(directory.path(), "example.com").unwrap();
    let mut options =
        envoy::Options::new(directory.path(), &promward_module::build().unwrap(), upstream.address());
    options.replace = replace.iter().map(|(old, new)| ((*old).to_owned(), (*new).to_owned())).collect();
    Some(Envoy::start(&options).map(|envoy| (envoy, authority)))
}

/// The type of the configuration in the shipped file, and the one that is plain YAML.
const AS_YAML: [(&str, &str); 2] =
    [("google.protobuf.StringValue", "google.protobuf.Struct"), ("value: |", "value:")];

#[test]
fn a_struct_on_envoy_is_read_like_its_json() {
    let Some(started) = start(&AS_YAML) else { return };
    let (envoy, authority) = started.unwrap();
    let client = Client::https(envoy.https()).trust(authority.pem());
    // Nobody listens behind it, so that Envoy itself says so.
    assert_eq!(client.get("/prometheus/graph").unwrap().status, 503);
    assert_eq!(client.get("/graph").unwrap().status, 404);
    let lines = envoy.process().lines(Stream::Errors);
    let file = fs::read_to_string(envoy.file()).unwrap();
    let checked = check::check("envoy.yaml", file.as_bytes()).unwrap().remove(0);
    let gateway = checked.loaded.unwrap();
    let line = format!("promward: configuration taken: {}", gateway.written_digest());
    assert!(lines.iter().any(|logged| logged.contains(&line)), "{line}: {lines:#?}");
}

#[test]
fn a_wrong_field_of_a_struct_is_named_and_so_is_an_absent_configuration() {
    const MAY: &str = r#""may": ["everything"]"#;
    let [kind, block] = AS_YAML;
    let (_, shipped) =
        envoy::CONFIGURATION.split_once("A Struct, whose value is plain YAML, does as well.\n").unwrap();
    let (shipped, _) = shipped.split_once("          - name: envoy.filters.http.buffer\n").unwrap();
    for (replace, said) in [
        (
            vec![kind, block, (MAY, r#""may": [everything, 4]"#)],
            "access[0].may[1]: this is a number, where a text is needed",
        ),
        (
            vec![kind, block, (MAY, r#""may": [everything, no]"#)],
            "access[0].may[1]: this is true or false, where a text is needed",
        ),
        (vec![(shipped, "")], "the configuration is empty: give one JSON object"),
        (
            vec![kind, block, (MAY, r#""may": [everything], limits: { points: 1.5 }"#)],
            "access[0].limits.points: this must be",
        ),
    ] {
        let Some(started) = start(&replace) else { return };
        let error = started.map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(&format!("promward: configuration refused: {said}")), "{said}: {error}");
    }
}

/// Holds the module to a size in bytes, so that growth is a decision.
#[test]
fn the_module_is_small() {
    let length = fs::metadata(promward_module::build().unwrap()).unwrap().len();
    assert!(length <= 640_000, "{length} bytes");
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
