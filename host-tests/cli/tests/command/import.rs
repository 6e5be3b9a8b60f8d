//! `promward import` carries over what is sure, says what it leaves out, and shows no secret.

mod narrow;

use promward_cli::check;
use promward_harness::documents;
use serde_json::Value;
use std::process::{Command, Output};

/// The folder of the originals, each with the configuration and the notes that come of it.
const ORIGINALS: &str = "host-tests/cli/tests/command/import";

/// The originals that become a configuration: the folder, the kind, and the file.
const CARRIED: [(&str, &str, &str); 7] = [
    ("htpasswd", "htpasswd", "htpasswd"),
    ("nginx", "nginx", "prometheus.conf"),
    ("web-config", "web-config", "web.yml"),
    ("prom-label-proxy", "prom-label-proxy", "deployment.yaml"),
    ("vmauth", "vmauth", "auth.yml"),
    ("kube-rbac-proxy", "kube-rbac-proxy", "manifests.yaml"),
    ("oauth2-proxy", "oauth2-proxy", "oauth2-proxy.cfg"),
];

/// Texts of the originals that may stand nowhere else: passwords, tokens, and a client's secret.
const SECRETS: [&str; 4] = ["correct horse", "s3cr3t", "never-printed", "open sesame"];

fn import(kind: &str, file: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_promward"));
    command.current_dir(promward_module::workspace().unwrap());
    command.args(["import", kind, file]).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A hash that stands for those that are made anew each time.
const NEW_HASH: &str = "$2b$10$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

/// Writes one hash in place of all that are made anew each time. Those of the originals begin with `$2y$`.
fn without_new_hashes(configuration: &str) -> String {
    let mut lines = Vec::new();
    for line in configuration.lines() {
        let start = line.find("$2b$10$");
        lines.push(start.map_or_else(
            || line.to_owned(),
            |start| format!("{}{NEW_HASH}{}", &line[..start], &line[start + NEW_HASH.len()..]),
        ));
    }
    lines.join("\n") + "\n"
}

#[test]
fn an_original_becomes_a_configuration_and_notes_about_the_rest() {
    for (folder, kind, file) in CARRIED {
        let folder = format!("{ORIGINALS}/{folder}");
        let output = import(kind, &format!("{folder}/{file}"), &[]);
        let (configuration, notes) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{kind}: {notes}");
        let findings = check::check("promward.json", configuration.as_bytes()).unwrap();
        assert!(findings.iter().all(|finding| finding.loaded.is_ok()), "{kind}: {configuration}");
        for secret in SECRETS {
            assert!(
                !configuration.contains(secret) && !notes.contains(secret),
                "{kind}: {configuration}{notes}"
            );
        }
        documents::is(&format!("{folder}/promward.json"), &without_new_hashes(&configuration));
        documents::is(&format!("{folder}/notes.txt"), &notes);
    }
}

#[test]
fn a_password_in_plain_text_becomes_a_hash_of_it() {
    let file = format!("{ORIGINALS}/vmauth/auth.yml");
    let configuration: Value = serde_json::from_slice(&import("vmauth", &file, &[]).stdout).unwrap();
    let hash = configuration.pointer("/callers/users/alice").and_then(Value::as_str).unwrap();
    assert!(bcrypt::verify("correct horse", hash).unwrap(), "{hash}");
}

#[test]
fn flags_that_say_no_tenant_give_no_configuration() {
    let folder = format!("{ORIGINALS}/prom-label-proxy-header");
    let output = import("prom-label-proxy", &format!("{folder}/command"), &[]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stdout), "");
    documents::is(&format!("{folder}/notes.txt"), &text(&output.stderr));
}

#[test]
fn a_file_of_another_kind_is_refused_with_what_was_looked_for() {
    let file = |name: &str| format!("{ORIGINALS}/{name}");
    for (kind, name, said) in [
        ("nginx", "web-config/web.yml", "this is no configuration of nginx: "),
        ("nginx", "htpasswd/htpasswd", "this is no configuration of nginx: "),
        ("web-config", "vmauth/auth.yml", "this is no web configuration of Prometheus: "),
        (
            "prom-label-proxy",
            "vmauth/auth.yml",
            "prom-label-proxy isn't in it: give its command line, or a manifest",
        ),
        ("vmauth", "web-config/web.yml", "it has neither users nor an unauthorized_user"),
        (
            "kube-rbac-proxy",
            "vmauth/auth.yml",
            "neither flags of kube-rbac-proxy nor \"authorization:\" is in it",
        ),
        ("oauth2-proxy", "web-config/web.yml", "this is neither a configuration of oauth2-proxy (TOML) nor"),
    ] {
        let output = import(kind, &file(name), &[]);
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{kind} {name}: {errors}");
        assert!(errors.starts_with(&format!("promward: {}: {said}", file(name))), "{kind} {name}: {errors}");
    }
    let output = import("nginx", "no/such/file", &[]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn prefix_and_api_can_be_said() {
    let file = format!("{ORIGINALS}/prom-label-proxy/deployment.yaml");
    let output = import("prom-label-proxy", &file, &["--prefix", "/prometheus", "--api", "thanos"]);
    let configuration: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(configuration.pointer("/mounts/0/prefix").and_then(Value::as_str), Some("/prometheus"));
    assert_eq!(configuration.pointer("/mounts/0/api").and_then(Value::as_str), Some("thanos"));
    let output = import("prom-label-proxy", &file, &["--api", "graphite"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("the APIs are prometheus, victoriametrics, "));
}

#[test]
fn an_imported_configuration_has_no_warning_but_about_servers_that_nobody_may_use() {
    for (folder, kind, file) in CARRIED {
        let configuration = import(kind, &format!("{ORIGINALS}/{folder}/{file}"), &[]).stdout;
        for finding in check::check("promward.json", &configuration).unwrap() {
            let other = finding.warnings.iter().find(|warning| !warning.contains("no rule holds at /secret"));
            assert_eq!(other, None, "{kind}");
        }
    }
}

#[test]
fn imported_rules_do_what_the_original_does_with_the_same_requests() {
    for (folder, kind, _) in CARRIED {
        let mut command = Command::new(env!("CARGO_BIN_EXE_promward"));
        command.current_dir(promward_module::workspace().unwrap());
        let output = command.args(["test", &format!("{ORIGINALS}/{folder}/tests.yaml")]).output().unwrap();
        assert!(output.status.success(), "{kind}: {}{}", text(&output.stdout), text(&output.stderr));
    }
}
