//! One site: Prometheus, Alertmanager and a stand-in for Grafana behind three mounts, coming from nginx.

use super::{path, text};
use crate::examples::running::Running;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use promward_harness::client::{Answer, Request};
use promward_harness::documents;
use promward_harness::tools::{self, Program};
use serde_json::Value;
use std::process::Command;

const SILENCES: &str = "/alertmanager/api/v2/silences";

/// The user, the method, the target, and the expected status.
const REQUESTS: [(Option<&str>, &str, &str, u16); 13] = [
    (None, "GET", "/alertmanager/-/healthy", 200),
    (None, "GET", "/alertmanager/", 401),
    (None, "GET", "/prometheus/graph", 401),
    (None, "GET", "/grafana/", 200),
    (Some("viewer"), "GET", "/alertmanager/", 200),
    (Some("viewer"), "GET", "/alertmanager/api/v2/alerts/groups", 200),
    (Some("viewer"), "GET", "/alertmanager/api/v2/receivers", 200),
    (Some("viewer"), "GET", "/alertmanager/api/v2/status", 403),
    (Some("viewer"), "GET", "/alertmanager/metrics", 403),
    (Some("operator"), "GET", "/alertmanager/api/v2/status", 200),
    (Some("operator"), "POST", "/alertmanager/-/reload", 403),
    (Some("admin"), "POST", "/alertmanager/-/reload", 200),
    // Grafana would refuse the password, and doesn't get it.
    (Some("viewer"), "GET", "/grafana/d/site", 200),
];

#[test]
fn three_servers_have_three_mounts_and_rights_of_their_own() {
    if tools::need(Program::Alertmanager).is_none() {
        return;
    }
    let Some(site) = Running::start("one-site") else { return };
    site.run_what_is_printed();
    for (user, method, target, status) in REQUESTS {
        let answer = ask(&site, user, Request::new(method, target));
        assert_eq!(answer.status, status, "{user:?} {method} {target}: {}", answer.text());
    }
    the_links_of_an_alert_lead_to_the_site(&site);
    silences_are_for_operators(&site);
    the_live_channel_opens(&site);
    site.run_what_the_readme_shows();
    site.end();
}

fn the_links_of_an_alert_lead_to_the_site(site: &Running) {
    let alerts = site.patiently(|| {
        let alerts = ask(site, Some("viewer"), Request::new("GET", "/alertmanager/api/v2/alerts"));
        let alerts: Value = alerts.json().unwrap();
        alerts.get(0).is_some().then_some(alerts)
    });
    let alert = &alerts[0];
    let origin = format!("https://example.com:{}", site.https);
    let source = alert["generatorURL"].as_str().unwrap();
    let source = source.strip_prefix(&origin).unwrap_or_else(|| panic!("{source}"));
    assert!(source.starts_with("/prometheus/graph?g0.expr=up"), "{source}");
    let page = ask(site, Some("viewer"), Request::new("GET", source));
    assert!(
        page.status == 200 || page.header("location").unwrap().starts_with("/prometheus/"),
        "{}",
        page.status
    );
    assert_eq!(alert["annotations"]["dashboard"], "https://example.com/grafana/d/site");
}

fn silences_are_for_operators(site: &Running) {
    let silence = r#"{"matchers":[{"name":"alertname","value":"X","isRegex":false}],"startsAt":"2030-01-01T00:00:00Z",
        "endsAt":"2030-01-02T00:00:00Z","createdBy":"operator","comment":"for this test"}"#;
    let post = |user: &str| {
        let request = Request::new("POST", SILENCES).header("content-type", "application/json").body(silence);
        ask(site, Some(user), request)
    };
    assert_eq!(post("viewer").status, 403);
    let made = post("operator");
    assert_eq!(made.status, 200, "{}", made.text());
    let id = made.json().unwrap()["silenceID"].as_str().unwrap().to_owned();
    let listed = ask(site, Some("viewer"), Request::new("GET", SILENCES));
    assert!(listed.text().contains(&id), "{}", listed.text());
    let one = format!("/alertmanager/api/v2/silence/{id}");
    assert_eq!(ask(site, Some("viewer"), Request::new("DELETE", &one)).status, 403);
    assert_eq!(ask(site, Some("operator"), Request::new("DELETE", &one)).status, 200);
}

fn the_live_channel_opens(site: &Running) {
    let mut connection = site.client().connect().unwrap();
    let head = "GET /grafana/api/live/ws HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    connection.write_raw(head.as_bytes()).unwrap();
    let mut said = Vec::new();
    while !said.ends_with(b"hello") {
        let more = connection.read_raw().unwrap();
        assert!(!more.is_empty(), "{}", String::from_utf8_lossy(&said));
        said.extend(more);
    }
    let said = String::from_utf8_lossy(&said).to_lowercase();
    assert!(said.starts_with("http/1.1 101") && said.contains("s3pplmbitxaq9kygzzhzrbk+xoo="), "{said}");
}

/// Sends a request, again and again while its source has to wait for checks of passwords.
fn ask(site: &Running, user: Option<&str>, mut request: Request) -> Answer {
    if let Some(user) = user {
        let credentials = STANDARD.encode(format!("{user}:{user}-for-trying"));
        request = request.header("authorization", format!("Basic {credentials}"));
    }
    site.patiently(|| {
        let answer = site.client().send(request.clone()).unwrap();
        (answer.status != 429).then_some(answer)
    })
}

#[test]
fn nginxs_file_becomes_the_configuration_that_the_readme_begins_with() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_promward"));
    let output = command.args(["import", "nginx"]).arg(path("one-site/nginx.conf")).output().unwrap();
    let (configuration, notes) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{notes}");
    documents::is("examples/one-site/imported.json", &configuration);
    let readme = text("one-site/README.md");
    for note in notes.lines() {
        assert!(readme.contains(note), "the README lacks {note:?}");
    }
    let mounts = |text: &str| serde_json::from_str::<Value>(text).unwrap()["mounts"].clone();
    assert_eq!(mounts(&configuration), mounts(&text("one-site/promward.json")));
}
