//! Each scheme: right, wrong, absent, malformed, and two at once.

use crate::hosts::callers::set_up::{
    CHEAP, QUERY, RIGHT, WRONG, basic, configuration, deployment, digest, hashed, options, upstream,
};
use promward_e2e::deployment::{ClientCertificates, Deployment, Host};
use promward_e2e::on_every_host;
use promward_harness::certificates::{ClientNames, Identity};
use promward_harness::client::{Answer, Client};
use promward_harness::upstream::Upstream;
use serde_json::json;

on_every_host! {
    a_password_and_a_token_let_their_callers_in,
    a_malformed_credential_is_refused_and_never_counts_as_anonymous,
    a_credential_that_the_connection_header_names_does_not_count,
    any_of_several_hashes_or_tokens_is_accepted,
    a_certificate_lets_its_caller_in,
    a_certificate_that_nobody_signed_ends_the_handshake,
    a_header_decides_before_a_certificate,
    a_client_can_not_set_the_callers_header,
    a_browser_is_asked_for_a_password,
    a_page_of_another_site_can_not_use_a_password,
    credentials_are_ignored_where_anyone_may_ask,
}

fn everybody(host: Host) -> (Deployment, Upstream) {
    let callers = json!({
        "users": { "alice": hashed(RIGHT, CHEAP) },
        "tokens": { "grafana": digest("a-token") },
    });
    let access = json!([
        { "who": ["anyone"], "may": ["health"] },
        { "who": ["anonymous"], "may": ["ui"] },
        { "who": ["authenticated"], "may": ["read", "ui"] },
    ]);
    let upstream = upstream();
    let deployment = deployment(host, &upstream, &configuration(&callers, &access));
    (deployment, upstream)
}

fn ask(client: Client, authorization: &str) -> Answer {
    client.header("authorization", authorization).get(QUERY).unwrap()
}

/// Returns the caller's name that the server was told, request by request.
fn told(upstream: &Upstream) -> Vec<Option<String>> {
    upstream.requests().iter().map(|request| request.header("x-forwarded-user")).collect()
}

fn a_password_and_a_token_let_their_callers_in(host: Host) {
    let (deployment, upstream) = everybody(host);
    for (authorization, status) in [
        (basic("alice", RIGHT), 200),
        (basic("alice", RIGHT), 200),
        (basic("alice", RIGHT).replacen("Basic", "bASIC", 1), 200),
        (basic("alice", WRONG), 401),
        (basic("bob", RIGHT), 401),
        (basic("", ""), 401),
        ("Bearer a-token".to_owned(), 200),
        ("bearer a-token".to_owned(), 200),
        ("Bearer another".to_owned(), 401),
    ] {
        let answer = ask(deployment.client(), &authorization);
        assert_eq!(answer.status, status, "{authorization}: {}", answer.text());
    }
    let [alice, grafana] = ["user:alice", "token:grafana"].map(|caller| Some(caller.to_owned()));
    assert_eq!(told(&upstream), [alice.clone(), alice.clone(), alice, grafana.clone(), grafana]);
}

fn a_malformed_credential_is_refused_and_never_counts_as_anonymous(host: Host) {
    let (deployment, upstream) = everybody(host);
    let long = basic("alice", &"a".repeat(73));
    let control = basic("alice", "a\0b");
    let two = format!("{}, {}", basic("alice", RIGHT), basic("alice", RIGHT));
    for value in [
        "Basic",
        "Basic !",
        "Basic YWxpY2U=",
        "Basic YTpi YTpi",
        "Bearer",
        "Bearer a b",
        "Bearer a-token,Bearer a-token",
        "Digest username=\"alice\"",
        "Negotiate abc",
        "a-token",
        &long,
        &control,
        &two,
    ] {
        // The anonymous may see the page.
        let answer = deployment.client().header("authorization", value).get("/prometheus/graph").unwrap();
        assert_eq!(answer.status, 401, "{value}: {}", answer.text());
        assert!(answer.header("www-authenticate").is_some(), "{value}");
    }
    let twice = deployment.client().user("alice", RIGHT);
    assert_eq!(ask(twice.clone(), &basic("alice", RIGHT)).status, 401);
    assert_eq!(ask(twice, "Bearer a-token").status, 401);
    assert!(upstream.requests().is_empty());
    assert_eq!(deployment.client().get("/prometheus/graph").unwrap().status, 200);
}

fn a_credential_that_the_connection_header_names_does_not_count(host: Host) {
    let (deployment, upstream) = everybody(host);
    let client = deployment.client().header("connection", "Authorization");
    assert_eq!(ask(client.clone(), &basic("alice", RIGHT)).status, 401);
    assert!(upstream.requests().is_empty());
    let graph = client.user("alice", RIGHT).get("/prometheus/graph").unwrap();
    assert_eq!((graph.status, told(&upstream)), (200, vec![None]));
}

fn any_of_several_hashes_or_tokens_is_accepted(host: Host) {
    let callers = json!({
        "users": { "alice": [hashed("new", CHEAP), hashed("old", 5)] },
        "tokens": { "ci": [digest("new"), digest("old")] },
    });
    let access = json!([{ "who": ["user:alice", "token:ci"], "may": ["query"] }]);
    let upstream = upstream();
    let deployment = deployment(host, &upstream, &configuration(&callers, &access));
    for (secret, status) in [("new", 200), ("old", 200), ("other", 401)] {
        assert_eq!(ask(deployment.client(), &basic("alice", secret)).status, status, "{secret}");
        assert_eq!(ask(deployment.client(), &format!("Bearer {secret}")).status, status, "{secret}");
    }
}

/// Starts a deployment that asks for certificates, and knows some by each of their properties.
fn certified(host: Host, scraper: &Identity) -> (Deployment, Upstream) {
    let callers = json!({
        "users": { "alice": hashed(RIGHT, CHEAP) },
        "certificates": {
            "scraper": format!("sha256:{}", scraper.sha256()),
            "reader": { "uri_san": "spiffe://example.com/reader" },
            "host": { "dns_san": "host.example.com" },
            "named": { "subject": "CN=named,O=Example" },
        },
        "certificates_validated_by_listener": true,
        "groups": { "machines": ["certificate:scraper", "certificate:reader", "certificate:host"] },
    });
    let access = json!([
        { "who": ["group:machines", "certificate:named"], "may": ["query"] },
        { "who": ["user:alice"], "may": ["query"] },
        { "who": ["anonymous"], "may": ["ui"] },
    ]);
    let upstream = upstream();
    let mut options = options(&upstream, &configuration(&callers, &access));
    options.client_certificates = ClientCertificates::SignedByTheDeployment;
    (Deployment::start(host, &options).unwrap(), upstream)
}

fn presenting(deployment: &Deployment, identity: &Identity) -> Client {
    deployment.client().certificate(identity.certificate_pem(), identity.key_pem())
}

fn names<'a>(subject: &'a [(&'a str, &'a str)], uris: &'a [&'a str], dns: &'a [&'a str]) -> ClientNames<'a> {
    ClientNames { subject, uris, dns }
}

fn a_certificate_lets_its_caller_in(host: Host) {
    let nobody = Identity::self_signed_client("nobody", None).unwrap();
    let (deployment, upstream) = certified(host, &nobody);
    let common = [("CN", "x")];
    let named = [("O", "Example"), ("CN", "named")];
    for (names, expected) in [
        (names(&common, &["spiffe://example.com/reader"], &[]), Some("certificate:reader")),
        (names(&common, &[], &["host.example.com"]), Some("certificate:host")),
        (names(&named, &[], &[]), Some("certificate:named")),
        // Only the first alternative name of a kind counts.
        (names(&common, &["spiffe://x", "spiffe://example.com/reader"], &[]), None),
        (names(&[("CN", "spiffe://example.com/reader")], &[], &["spiffe.example.com"]), None),
        (names(&common, &[], &[]), None),
    ] {
        let identity = deployment.authority().client_for(&names).unwrap();
        let before = upstream.requests().len();
        let answer = presenting(&deployment, &identity).get(QUERY).unwrap();
        assert_eq!(
            answer.status,
            if expected.is_some() { 200 } else { 401 },
            "{expected:?}: {}",
            answer.text()
        );
        let told = told(&upstream).into_iter().nth(before).flatten();
        assert_eq!(told.as_deref(), expected);
    }
    assert_eq!(deployment.client().get(QUERY).unwrap().status, 401);
}

fn a_certificate_that_nobody_signed_ends_the_handshake(host: Host) {
    let scraper = Identity::self_signed_client("scraper", Some("spiffe://example.com/reader")).unwrap();
    let (deployment, upstream) = certified(host, &scraper);
    // The server refuses only after the client's handshake has ended.
    let ended = presenting(&deployment, &scraper).get(QUERY).is_err();
    assert!(ended && upstream.requests().is_empty());
}

fn a_header_decides_before_a_certificate(host: Host) {
    let nobody = Identity::self_signed_client("nobody", None).unwrap();
    let (deployment, upstream) = certified(host, &nobody);
    let reader = deployment.authority().client("reader", Some("spiffe://example.com/reader")).unwrap();
    assert_eq!(ask(presenting(&deployment, &reader), &basic("alice", WRONG)).status, 401);
    assert_eq!(ask(presenting(&deployment, &reader), &basic("alice", RIGHT)).status, 200);
    let unknown = deployment.authority().client("unknown", None).unwrap();
    let page = |client: Client| client.get("/prometheus/graph").unwrap().status;
    assert_eq!(
        [page(presenting(&deployment, &unknown)), page(deployment.client())],
        [401, 200],
        "unknown is not anonymous"
    );
    assert_eq!(ask(presenting(&deployment, &unknown), &basic("alice", RIGHT)).status, 200);
    let alice = Some("user:alice".to_owned());
    assert_eq!(told(&upstream), [alice.clone(), None, alice]);
}

fn a_client_can_not_set_the_callers_header(host: Host) {
    let (deployment, upstream) = everybody(host);
    let mut client = deployment.client().header("authorization", "Bearer a-token");
    for name in
        ["x-forwarded-user", "X-Forwarded-User", "x-remote-user", "x-webauth-user", "x-forwarded-client-cert"]
    {
        client = client.header(name, "user:admin");
    }
    assert_eq!(client.get(QUERY).unwrap().status, 200);
    assert_eq!(deployment.client().header("x-forwarded-user", "user:admin").get(QUERY).unwrap().status, 401);
    let page = deployment.client().header("x-forwarded-user", "user:admin").get("/prometheus/graph").unwrap();
    assert_eq!(page.status, 200);
    assert_eq!(told(&upstream), [Some("token:grafana".to_owned()), None]);
    for received in upstream.requests() {
        assert!(received.headers.iter().all(|(_, value)| value != b"user:admin"), "{:?}", received.headers);
    }
}

fn a_browser_is_asked_for_a_password(host: Host) {
    let (deployment, _upstream) = everybody(host);
    let answer = deployment.client().get(QUERY).unwrap();
    assert_eq!(answer.status, 401);
    assert_eq!(
        answer.header("www-authenticate").as_deref(),
        Some(r#"Basic realm="Prometheus", charset="UTF-8",Bearer realm="Prometheus""#)
    );
    assert_eq!(
        answer.json().unwrap(),
        json!({ "status": "error", "errorType": "unauthorized",
                "error": "no access rule allows the class \"query\" to anonymous callers here: log in" })
    );
    // A known caller is refused, and isn't asked for another name.
    let answer =
        deployment.client().header("authorization", "Bearer a-token").get("/prometheus/metrics").unwrap();
    assert_eq!((answer.status, answer.header("www-authenticate")), (403, None));
    assert_eq!(answer.text().trim_end(), "no access rule allows the class \"metrics\" to token:grafana here");
}

fn a_page_of_another_site_can_not_use_a_password(host: Host) {
    let (deployment, upstream) = everybody(host);
    let client = || deployment.client().user("alice", RIGHT);
    for (name, value) in
        [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "null")]
    {
        assert_eq!(client().header(name, value).get(QUERY).unwrap().status, 403, "{name}: {value}");
    }
    let twice = client().header("sec-fetch-site", "same-origin").header("sec-fetch-site", "same-origin");
    assert_eq!(twice.get(QUERY).unwrap().status, 403);
    assert!(upstream.requests().is_empty());
    assert_eq!(
        deployment.metric("promward.checks_total.outcome=right;").unwrap(),
        0,
        "no check was begun for it"
    );
    for (name, value) in
        [("sec-fetch-site", "same-origin"), ("sec-fetch-site", "none"), ("origin", "https://example.com")]
    {
        assert_eq!(client().header(name, value).get(QUERY).unwrap().status, 200, "{name}: {value}");
    }
}

fn credentials_are_ignored_where_anyone_may_ask(host: Host) {
    let (deployment, upstream) = everybody(host);
    let client = deployment.client().user("alice", WRONG);
    assert_eq!(client.get("/prometheus/-/healthy").unwrap().status, 200);
    assert_eq!(told(&upstream), [None]);
    for outcome in ["right", "wrong"] {
        assert_eq!(deployment.metric(&format!("promward.checks_total.outcome={outcome};")).unwrap(), 0);
    }
}
