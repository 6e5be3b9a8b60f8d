//! Each scheme: right, wrong, absent, malformed, and two at once.

use crate::set_up::{CHEAP, QUERY, RIGHT, WRONG, basic, configuration, digest, hashed, site, upstream};
use promward_host_tests::on_both_hosts;
use promward_host_tests::site::Host;
use serde_json::json;

on_both_hosts! {
    a_password_and_a_token_let_their_callers_in,
}

fn a_password_and_a_token_let_their_callers_in(host: Host) {
    let callers = json!({
        "users": { "alice": hashed(RIGHT, CHEAP) },
        "tokens": { "grafana": digest("a-token") },
    });
    let access = json!([{ "who": ["authenticated"], "may": ["read"] }]);
    let upstream = upstream();
    let site = site(host, &upstream, &configuration(&callers, &access));
    let ask = |authorization: &str| site.client().header("authorization", authorization).get(QUERY).unwrap();
    for (authorization, status) in [
        (basic("alice", RIGHT), 200),
        (basic("alice", RIGHT), 200),
        (basic("alice", WRONG), 401),
        (basic("bob", RIGHT), 401),
        ("Bearer a-token".to_owned(), 200),
        ("Bearer another".to_owned(), 401),
    ] {
        let answer = ask(&authorization);
        assert_eq!(answer.status, status, "{authorization}: {}", answer.text());
    }
    let answer = site.client().get(QUERY).unwrap();
    assert_eq!(answer.status, 401);
    assert_eq!(
        answer.header("www-authenticate").as_deref(),
        Some(r#"Basic realm="Prometheus", charset="UTF-8",Bearer realm="Prometheus""#)
    );
    let callers: Vec<_> =
        upstream.requests().iter().map(|request| request.header("x-forwarded-user")).collect();
    assert_eq!(callers, ["user:alice", "user:alice", "token:grafana"].map(|caller| Some(caller.to_owned())));
}
