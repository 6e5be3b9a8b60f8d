//! Passwords: users have the rights of the rules, and callers without a password may only ask if Prometheus is up.

use crate::examples::running::{ASKED, LABEL_VALUES, Running};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use promward_harness::client::Request;
use serde_json::Value;
use std::fs;

const HEALTH: &str = "/prometheus/-/healthy";
const CONFIGURATION: &str = "/prometheus/api/v1/status/config";
const RELOAD: &str = "/prometheus/-/reload";

/// The user, the method, the target, and the expected status.
const REQUESTS: [(Option<&str>, &str, &str, u16); 15] = [
    (None, "GET", HEALTH, 200),
    (None, "GET", ASKED, 401),
    (None, "POST", RELOAD, 401),
    (Some("viewer:viewer-for-trying"), "GET", ASKED, 200),
    (Some("viewer:viewer-for-trying"), "GET", "/prometheus/api/v1/rules", 200),
    (Some("viewer:viewer-for-trying"), "GET", CONFIGURATION, 403),
    (Some("viewer:viewer-for-trying"), "POST", RELOAD, 403),
    (Some("operator:operator-for-trying"), "GET", ASKED, 200),
    (Some("operator:operator-for-trying"), "GET", CONFIGURATION, 200),
    (Some("operator:operator-for-trying"), "POST", RELOAD, 403),
    (Some("admin:admin-for-trying"), "GET", CONFIGURATION, 200),
    (Some("admin:admin-for-trying"), "POST", RELOAD, 200),
    (Some("viewer:wrong"), "GET", ASKED, 401),
    (Some("viewer:admin-for-trying"), "GET", ASKED, 401),
    (Some("nobody:viewer-for-trying"), "GET", ASKED, 401),
];

#[test]
fn passwords_decide_what_their_users_may_do() {
    let Some(passwords) = Running::start("passwords") else { return };
    assert_eq!(passwords.run_what_is_printed(), [LABEL_VALUES]);
    for (credentials, method, target, status) in REQUESTS {
        let mut request = Request::new(method, target);
        if let Some(credentials) = credentials {
            request = request.header("authorization", format!("Basic {}", STANDARD.encode(credentials)));
        }
        let answer = passwords.patiently(|| {
            let answer = passwords.client().send(request.clone()).unwrap();
            (answer.status != 429).then_some(answer)
        });
        assert_eq!(answer.status, status, "{credentials:?} {method} {target}: {}", answer.text());
        let challenge = answer.header("www-authenticate").unwrap_or_default();
        assert_eq!(challenge.starts_with("Basic realm="), status == 401, "{challenge}");
    }
    passwords.run_what_the_readme_shows();
    passwords.end();
    let logged = fs::read_to_string(passwords.path("access.log")).unwrap();
    assert!(logged.contains("user:viewer"), "its end has written all of it: {logged}");
    let logged = logged + &fs::read_to_string(passwords.path("envoy.log")).unwrap();
    let credentials = REQUESTS.iter().filter_map(|(credentials, ..)| *credentials);
    let secrets = credentials.map(|credentials| STANDARD.encode(credentials));
    for secret in secrets.chain(["for-trying".to_owned(), "nobody".to_owned()]) {
        assert!(!logged.contains(&secret), "{secret}: {logged}");
    }
}

#[test]
fn the_lines_of_the_htpasswd_file_are_the_users_of_the_configuration() {
    let folder = super::path("passwords");
    let [lines, configuration] =
        ["htpasswd", "promward.json"].map(|file| fs::read_to_string(folder.join(file)).unwrap());
    let configuration: Value = serde_json::from_str(&configuration).unwrap();
    let users = configuration.pointer("/callers/users").and_then(Value::as_object).unwrap();
    let users: Vec<_> = users.iter().map(|(name, hash)| (name.as_str(), hash.as_str().unwrap())).collect();
    let mut lines: Vec<_> = lines.lines().map(|line| line.split_once(':').unwrap()).collect();
    lines.sort_unstable();
    assert_eq!(users, lines);
}
