//! A web application at an opaque mount: its sessions, its redirects, and who may use it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that meets what it doesn't expect fails")]

mod desk;

use desk::Desk;
use promward::decision::{Decision, Facts, Forward};
use promward::target::body::Body;
use promward::target::headers::Headers;

/// The credentials of callers who are known: a user `alice`, and the token `a`.
const CALLERS: &str = r#""callers": {
    "users": { "alice": "$2y$04$FDOQHfaMXz4Qtq8AeMFUDO2WGLVYDZbNgEmTMQxdN9lQAJRRa9RR6" },
    "tokens": { "a": "sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb" }
}"#;

/// Returns a configuration with an application at `/app`, which has these further fields, and these rules.
fn configuration(mount: &str, access: &str) -> String {
    format!(
        r#"{{
            "mounts": [{{ "prefix": "/prometheus" }}, {{ "prefix": "/app", "api": "opaque" {mount} }}],
            {CALLERS},
            "access": [{{ "who": ["anyone"], "may": ["health"] }}, {access}]
        }}"#
    )
}

/// A rule for everybody.
const OPEN: &str = r#"{ "who": ["anyone"], "may": ["unknown"], "at": ["/app"] }"#;

/// A rule for those who are known.
const KNOWN: &str = r#"{ "who": ["authenticated"], "may": ["unknown"], "at": ["/app"] }"#;

fn request(method: &str, path: &str, more: &[(&str, &str)]) -> Headers {
    [(":method", method), (":path", path), (":authority", "example.com")]
        .iter()
        .chain(more)
        .copied()
        .collect()
}

fn decide(configuration: &str, method: &str, path: &str, more: &[(&str, &str)]) -> Decision {
    let headers = request(method, path, more);
    Desk::new(configuration).decide(&headers, Body::None, &Facts::default(), 1).0
}

fn forward(configuration: &str, path: &str, more: &[(&str, &str)]) -> Forward {
    match decide(configuration, "GET", path, more) {
        Decision::Forward(forward) => *forward,
        other => panic!("GET {path} does not go upstream: {other:?}"),
    }
}

/// Returns the credentials that go on of a request that has all of them.
fn credentials(configuration: &str, path: &str, authorization: &str) -> Vec<&'static str> {
    let sent = ["authorization", "proxy-authorization", "cookie"];
    let more = [(sent[0], authorization), (sent[1], "Basic eDp5"), (sent[2], "session=1")];
    let removed = forward(configuration, path, &more).edits.remove;
    sent.into_iter().filter(|name| !removed.iter().any(|removed| removed == name.as_bytes())).collect()
}

#[test]
fn an_application_gets_its_own_session_and_logins() {
    let open = configuration("", OPEN);
    for own in ["Bearer glsa_1", "Basic Ym9iOnBhc3M=", "Digest username=\"a\", realm=\"b\"", "Negotiate YQ=="]
    {
        assert_eq!(credentials(&open, "/app/", own), ["authorization", "cookie"], "{own}");
    }
}

#[test]
fn an_application_gets_no_credential_of_a_caller_who_is_known_here() {
    // The token `a`, and `alice` with a right and a wrong password.
    for ours in ["Bearer a", "bearer  a", "Basic YWxpY2U6YQ==", "basic YWxpY2U6d3Jvbmc="] {
        assert_eq!(credentials(&configuration("", OPEN), "/app/", ours), ["cookie"], "{ours}");
    }
    assert_eq!(credentials(&configuration("", KNOWN), "/app/", "Bearer a"), ["cookie"]);
}

#[test]
fn what_a_mount_says_about_credentials_counts() {
    let all = ["authorization", "proxy-authorization", "cookie"];
    let pass = configuration(r#", "credentials": "pass""#, KNOWN);
    assert_eq!(credentials(&pass, "/app/", "Bearer a"), all);
    let remove = configuration(r#", "credentials": "remove""#, OPEN);
    assert!(credentials(&remove, "/app/", "Bearer glsa_1").is_empty());
    // The servers whose APIs are known have no sessions.
    let health = configuration("", OPEN);
    assert!(credentials(&health, "/prometheus/-/healthy", "Bearer glsa_1").is_empty());
}

#[test]
fn where_callers_are_asked_wrong_credentials_are_refused() {
    for wrong in ["Bearer glsa_1", "Digest username=\"a\""] {
        match decide(&configuration("", KNOWN), "GET", "/app/", &[("authorization", wrong)]) {
            Decision::Reply(reply) => assert_eq!(reply.status, 401, "{wrong}"),
            other => panic!("{wrong} isn't refused: {other:?}"),
        }
    }
}

#[test]
fn an_application_redirects_wherever_it_likes() {
    let open = configuration(r#", "upstream_prefix": "/app", "cluster": "app""#, OPEN);
    let answer = |location: &[&str]| {
        let locations = location.iter().map(|value| ("location", *value));
        let upstream = [(":status", "302")].into_iter().chain(locations).collect();
        let context = forward(&open, "/app/login", &[]).context;
        let edits = Desk::new(&open).gateway.answer(&context, &upstream)?;
        let (_, value) = edits.set.into_iter().find(|(name, _)| name == "location").unwrap();
        Ok::<_, promward::decision::refusal::Refusal>(value)
    };
    let provider = "https://id.example.net/authorize?redirect_uri=https%3A%2F%2Fexample.com%2Fapp&state=a";
    for (location, public) in [
        (provider, provider),
        ("https://example.com/app/login", "/app/login"),
        ("/app/login", "/app/login"),
        ("https://example.com/prometheus/graph", "https://example.com/prometheus/graph"),
    ] {
        assert_eq!(answer(&[location]).unwrap(), public);
    }
    for refused in [&["//id.example.net/"][..], &[provider, provider], &["https:/id.example.net"]] {
        assert_eq!(answer(refused).unwrap_err().status(), 502, "{refused:?}");
    }
}
