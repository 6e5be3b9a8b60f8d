//! The listener as a scanner for vulnerabilities sees it.

use crate::envoy::envoy_file::setup::Setup;
use promward_harness::tools::{self, Program, Tool};
use serde_json::Value;
use std::env;
use std::iter;
use std::path::Path;
use std::process::{Command, Stdio};

/// The findings of testssl.sh above "info" that are accepted. Each is about the machine that scans, or about the
/// certificate, which in these tests is valid for some days and comes from an authority without revocations, as the
/// guide's does.
const EXPLAINED: [&str; 4] = ["engine_problem", "cert_expirationStatus", "cert_notAfter", "cert_revocation"];

/// The scans: protocols, forward secrecy, weak suites, preferences, the server's description of itself, and known
/// vulnerabilities.
const SCANS: [&str; 6] =
    ["--protocols", "--fs", "--std", "--server-preference", "--server-defaults", "--vulnerable"];

#[test]
fn a_scanner_finds_nothing_that_is_not_explained() {
    let Some(testssl) = tools::need(Program::Testssl) else { return };
    // The script gives up without a resolver, even where it has to resolve nothing.
    let Some(()) = tools::need_one_of(&["host", "dig", "drill", "nslookup"], "bind9-host") else { return };
    let Some(setup) = Setup::start() else { return };
    let authority = setup.certificates.path().join("authority.pem");
    setup.authority.write(&authority).unwrap();
    let report = setup.certificates.path().join("report.json");

    let output = scanner(&testssl)
        .args(SCANS)
        .args([
            "--quiet",
            "--color",
            "0",
            "--warnings",
            "off",
            "--nodns",
            "none",
            "--severity",
            "LOW",
            "--ip",
            "127.0.0.1",
        ])
        .arg("--add-ca")
        .arg(&authority)
        .arg("--jsonfile")
        .arg(&report)
        .arg(format!("example.com:{}", setup.envoy.https().port()))
        .output()
        .unwrap();

    let said = String::from_utf8_lossy(&output.stdout);
    for heard in [
        "TLS 1.2    offered (OK)",
        "TLS 1.3    offered (OK)",
        "Heartbleed (CVE-2014-0160)                not vulnerable (OK)",
    ] {
        assert!(said.contains(heard), "the scan didn't get as far as {heard:?}: {said}");
    }
    let unexplained: Vec<Value> =
        findings(&report).into_iter().filter(|finding| !EXPLAINED.contains(&id(finding))).collect();
    assert!(unexplained.is_empty(), "{unexplained:#?}");
}

fn id(finding: &Value) -> &str {
    finding["id"].as_str().unwrap()
}

fn findings(report: &Path) -> Vec<Value> {
    serde_json::from_str(&std::fs::read_to_string(report).unwrap()).unwrap()
}

/// Returns the command of the script, with the files that it needs if it was fetched rather than installed.
fn scanner(testssl: &Tool) -> Command {
    let mut command = testssl.command();
    command.stdin(Stdio::null());
    if let Some(root) = &testssl.root {
        let own = env::var_os("PATH").unwrap_or_default();
        let path = iter::once(root.join("usr/bin")).chain(env::split_paths(&own));
        command.env("PATH", env::join_paths(path).unwrap());
    }
    command
}
