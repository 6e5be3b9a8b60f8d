//! OpenID Connect: programs with tokens of the provider, and those who show nothing. People who log in by a browser are in
//! `host-tests/e2e/tests/servers/people_log_in.rs`.

use super::text;
use crate::examples::running::{ASKED, Running};
use promward_harness::client::Request;
use promward_harness::identity_provider;
use serde_json::Value;
use std::fs;
use std::process::Command;

const LOGIN: &str = "/oauth2/callback?code=secret-code&state=secret-state";

#[test]
fn programs_come_with_tokens_and_only_pages_lead_to_the_provider() {
    if identity_provider::need().is_none() {
        return;
    }
    let Some(example) = Running::start("openid-connect") else { return };
    assert_eq!(example.run_what_is_printed(), [r#"{"status":"success","data":["a"]}"#]);
    let issuer: Value =
        serde_json::from_str(&fs::read_to_string(example.path("promward.json")).unwrap()).unwrap();
    let issuer = issuer.pointer("/callers/jwt/corp/issuer").unwrap().as_str().unwrap().to_owned();
    let get = |target: &str, headers: &[(&str, &str)]| {
        let request = Request::new("GET", target);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(name, *value));
        example.client().send(request).unwrap()
    };
    let html = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    for navigation in [&[html][..], &[html, ("sec-fetch-mode", "navigate")]] {
        let answer = get("/prometheus/graph?g0.expr=up", navigation);
        let location = answer.header("location").unwrap();
        assert_eq!(
            (answer.status, location.starts_with(&format!("{issuer}/auth?"))),
            (302, true),
            "{location}"
        );
    }
    for other in [
        &[][..],
        &[("accept", "*/*")],
        &[html, ("sec-fetch-mode", "cors")],
        &[("accept", "*/*"), ("sec-fetch-mode", "no-cors")],
    ] {
        let answer = get(ASKED, other);
        let challenge = answer.header("www-authenticate").unwrap_or_default();
        assert_eq!((answer.status, challenge.as_str()), (401, "Bearer realm=\"promward\""), "{other:?}");
        assert_eq!(answer.json().unwrap()["errorType"], "unauthorized");
    }
    let back = get(LOGIN, &[html]);
    assert!(back.status == 401 && back.text().starts_with("You are not logged in: "), "{}", back.text());
    let token = format!(
        "Bearer {}",
        example.output_of(&format!("DIRECTORY={} ./token.sh", example.path("").display())).trim()
    );
    let first = get("/prometheus/", &[html, ("authorization", &token)]);
    let location = first.header("location").unwrap();
    assert!(location.starts_with("/prometheus/") && location.ends_with("/graph"), "{location}");
    let root = get("/", &[html]);
    assert_eq!((root.status, root.header("location").unwrap().ends_with("/prometheus/")), (302, true));

    example.run_what_the_readme_shows();
    example.end();
    let logged = fs::read_to_string(example.path("access.log")).unwrap();
    assert!(logged.contains("jwt:corp/reporter") && logged.contains("oauth.refused"), "{logged}");
    assert!(!logged.contains("secret-") && !logged.contains("g0.expr"), "{logged}");
}

#[test]
fn tokens_of_five_providers_are_read_as_the_example_says() {
    let file = super::path("openid-connect/providers/tests.yaml");
    let mut command = Command::new(env!("CARGO_BIN_EXE_promward"));
    let output = command.arg("test").arg(file).arg("--coverage").output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && !printed.contains("never reached"), "{printed}");
}

#[test]
fn the_readmes_table_of_providers_is_their_configuration() {
    let configuration: Value = serde_json::from_str(&text("openid-connect/providers/promward.json")).unwrap();
    let readme = text("openid-connect/README.md");
    let issuers = configuration.pointer("/callers/jwt").unwrap().as_object().unwrap();
    assert_eq!(issuers.len(), 5);
    for (provider, issuer) in issuers {
        let row = readme
            .lines()
            .filter(|line| line.starts_with("| "))
            .find(|line| line.to_lowercase().contains(provider) && line.matches(" | ").count() == 4);
        let cells: Vec<_> = row.unwrap().trim_matches(['|', ' ']).split(" | ").collect();
        for (cell, field) in [(cells[3], "name"), (cells[4], "groups")] {
            let shown: Value = serde_json::from_str(cell.trim_matches('`')).unwrap();
            assert_eq!(shown, issuer[field], "{provider}.{field}");
        }
    }
}
