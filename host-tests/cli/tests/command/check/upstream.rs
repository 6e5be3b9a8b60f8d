//! `promward check --upstream` says which server answers behind a mount, if the mount has another API.

use promward_cli::check::{self, Upstream, Verdict};
use promward_harness::certificates::Authority;
use promward_harness::upstream::{self, Reply};
use promward_harness::victoria_metrics::{Edition, Options, VictoriaMetrics};
use promward_harness::{process, tools};
use std::fs;
use std::path::Path;
use std::slice;

/// Returns the warnings about a configuration with these mounts.
fn warnings(mounts: &str, upstreams: &[&str]) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("promward.json");
    let text =
        format!(r#"{{ "mounts": [{mounts}], "access": [{{ "who": ["anyone"], "may": ["health"] }}] }}"#);
    fs::write(&file, text).unwrap();
    let upstreams: Vec<Upstream> = upstreams.iter().map(|text| text.parse().unwrap()).collect();
    warnings_of(&file, &upstreams)
}

/// Returns the warnings about a configuration in a file.
fn warnings_of(file: &Path, upstreams: &[Upstream]) -> Vec<String> {
    let (mut printed, mut complained) = (Vec::new(), Vec::new());
    let verdict = check::run(&[file.to_owned()], upstreams, &mut printed, &mut complained).unwrap();
    assert_eq!((verdict, complained), (Verdict::Valid, Vec::new()));
    let printed = String::from_utf8(printed).unwrap();
    printed.lines().filter_map(|line| line.trim().strip_prefix("warning: ").map(str::to_owned)).collect()
}

/// Starts a server that answers these paths with status 200, and all others with 404.
fn server(answers: &'static [(&str, &str)]) -> (upstream::Upstream, String) {
    let server = upstream::Upstream::start(|received| {
        let answer = answers.iter().find(|(path, _)| *path == received.target);
        answer.map_or(Reply::status(404), |(_, body)| Reply::text(*body))
    });
    let server = server.unwrap();
    let url = format!("http://{}", server.address());
    (server, url)
}

const PROMETHEUS: &str = r#"{ "prefix": "/prometheus" }"#;
const BUILD: &str = r#"{"status":"success","data":{"version":"3.5.0","revision":"x"}}"#;

#[test]
fn a_victoria_metrics_is_told_from_a_prometheus() {
    if tools::need(Edition::Newer.server()).is_none() {
        return;
    }
    let real = VictoriaMetrics::start(&Options { edition: Edition::Newer, ..Options::default() }).unwrap();
    let url = format!("http://{}", real.address());
    let said = format!("{url} answers as VictoriaMetrics: mounts[0].api should be \"victoriametrics\"");
    assert_eq!(warnings(PROMETHEUS, &[&url]), [said]);
    assert_eq!(warnings(r#"{ "prefix": "/vm", "api": "victoriametrics" }"#, &[&url]), [""; 0]);
}

#[test]
fn a_server_is_asked_by_https_if_its_authority_is_known() {
    if tools::need(Edition::Newer.server()).is_none() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let (authority, other) = (Authority::new("a").unwrap(), Authority::new("b").unwrap());
    let files = authority.server_for(&["localhost"]).unwrap().write(directory.path(), "vm").unwrap();
    let [certificate, key] = [files.certificate, files.key].map(|path| path.display().to_string());
    let port = process::free_port().unwrap();
    let flags = vec![
        format!("-httpListenAddr=127.0.0.1:{port}"),
        "-tls=false,true".to_owned(),
        format!("-tlsCertFile={certificate},{certificate}"),
        format!("-tlsKeyFile={key},{key}"),
    ];
    let options = Options { edition: Edition::Newer, flags, ..Options::default() };
    let _server = VictoriaMetrics::start(&options).unwrap();
    let file = directory.path().join("promward.json");
    let text = r#"{ "mounts": [{ "prefix": "/" }], "access": [{ "who": ["anyone"], "may": ["health"] }] }"#;
    fs::write(&file, text).unwrap();
    let url = format!("https://localhost:{port}");
    let asked: Upstream = url.parse().unwrap();
    let unknown = warnings_of(&file, slice::from_ref(&asked));
    assert_eq!(unknown, [format!("{url}: say who has signed its certificate: --cacert FILE")]);
    let [wrong] = &warnings_of(&file, &[asked.clone().trusting(other.pem().as_bytes())])[..] else {
        panic!()
    };
    assert!(wrong.starts_with(&format!("{url}: no server answers there")), "{wrong}");
    assert_eq!(
        warnings_of(&file, &[asked.trusting(authority.pem().as_bytes())]),
        [format!("{url} answers as VictoriaMetrics: mounts[0].api should be \"victoriametrics\"")]
    );
}

#[test]
fn a_prometheus_that_is_taken_for_another_server_is_told_too() {
    let (_server, url) =
        server(&[("/-/healthy", "Prometheus Server is Healthy."), ("/api/v1/status/buildinfo", BUILD)]);
    assert_eq!(warnings(PROMETHEUS, &[&url]), [""; 0]);
    assert_eq!(
        warnings(
            r#"{ "prefix": "/a" }, { "prefix": "/vm", "api": "victoriametrics" }"#,
            &[&format!("/vm={url}")]
        ),
        [format!("{url} answers as Prometheus: mounts[1].api should be \"prometheus\"")]
    );
}

#[test]
fn thanos_and_mimir_are_told_from_a_prometheus() {
    let (_server, url) = server(&[(
        "/api/v1/status/buildinfo",
        r#"{"status":"success","data":{"application":"Grafana Mimir"}}"#,
    )]);
    assert_eq!(
        warnings(PROMETHEUS, &[&url]),
        [format!("{url} answers as Mimir: mounts[0].api should be \"mimir\"")]
    );
    let (_server, url) = server(&[
        ("/api/v1/status/buildinfo", BUILD),
        ("/api/v1/stores", r#"{"status":"success","data":{}}"#),
    ]);
    assert_eq!(
        warnings(PROMETHEUS, &[&url]),
        [format!("{url} answers as Thanos: mounts[0].api should be \"thanos\"")]
    );
}

#[test]
fn an_alertmanager_is_told_by_its_receivers() {
    let (_server, url) = server(&[("/-/healthy", "OK"), ("/api/v2/receivers", r#"[{"name":"nobody"}]"#)]);
    assert_eq!(
        warnings(PROMETHEUS, &[&url]),
        [format!("{url} answers as Alertmanager: mounts[0].api should be \"alertmanager\"")]
    );
    assert_eq!(warnings(r#"{ "prefix": "/am", "api": "alertmanager" }"#, &[&url]), [""; 0]);
}

#[test]
fn what_can_not_be_told_is_said() {
    let (_server, url) = server(&[]);
    let unknown = format!("{url}: it answers 404 to /api/v1/status/buildinfo, and doesn't say what it is");
    assert_eq!(warnings(PROMETHEUS, &[&url]), [unknown]);
    let two = r#"{ "prefix": "/a" }, { "prefix": "/b" }"#;
    let which = format!("{url}: say which mount this is behind: --upstream /prometheus={url}");
    assert_eq!(warnings(two, &[&url]), [which]);
    assert_eq!(warnings(two, &[&format!("/c={url}")]), [format!("{url}: no mount has this prefix")]);
    let nobody = warnings(PROMETHEUS, &["http://127.0.0.1:1"]).concat();
    assert!(nobody.starts_with("http://127.0.0.1:1: no server answers there"), "{nobody}");
}
