//! JSON web tokens: on Envoy with its own `jwt_authn` and tokens that are signed here, on the embedded host with the
//! metadata that `jwt_authn` would have left.

use crate::hosts::callers::set_up::{
    CHEAP, QUERY, RIGHT, WRONG, basic, configuration, digest, hashed, options, upstream,
};
use promward_e2e::deployment::{Deployment, Host};
use promward_harness::jwt::{self, AUDIENCE, ISSUER, Issuer};
use promward_harness::process::Stream;
use promward_harness::upstream::Upstream;
use serde_json::{Value, json};
use std::time::Duration;

fn rules() -> String {
    let callers = json!({
        "users": { "alice": hashed(RIGHT, CHEAP) },
        "tokens": { "grafana": digest("a-token") },
        "jwt": { "corp": { "payload": "jwt", "issuer": ISSUER, "audience": AUDIENCE,
                           "groups": ["realm_access", "roles"] } },
        "groups": { "sre": ["jwt:corp/carol"], "team-a": ["user:alice"] },
    });
    let access = json!([
        { "who": ["group:corp/team-a"], "may": ["query"] },
        { "who": ["jwt:corp/bob"], "may": ["query"] },
        { "who": ["group:sre", "user:alice", "token:grafana"], "may": ["query"] },
    ]);
    configuration(&callers, &access)
}

fn told(upstream: &Upstream) -> Option<String> {
    upstream.requests().last().and_then(|request| request.header("x-forwarded-user"))
}

fn verified_by_envoy(issuer: &Issuer, upstream: &Upstream) -> Deployment {
    let mut options = options(upstream, &rules());
    options.jwks = Some(issuer.jwks());
    Deployment::start(Host::Envoy, &options).unwrap()
}

/// Returns the claims that make a caller, with the caller's name. All others are answered with 401 or 403.
fn good() -> Vec<(&'static str, Value, &'static str)> {
    vec![
        ("bob", json!({}), "jwt:corp%2Fbob"),
        ("bob", json!({ "realm_access": null, "x": [null, { "y": null }] }), "jwt:corp%2Fbob"),
        ("bob", json!({ "aud": ["other", AUDIENCE] }), "jwt:corp%2Fbob"),
        ("dave", json!({ "realm_access": { "roles": ["other", "team-a"] } }), "jwt:corp%2Fdave"),
        ("dave", json!({ "realm_access": { "roles": "team-a" } }), "jwt:corp%2Fdave"),
        ("carol", json!({}), "jwt:corp%2Fcarol"),
    ]
}

fn not_allowed() -> Vec<(&'static str, Value, u16)> {
    vec![
        ("dave", json!({}), 403),
        ("dave", json!({ "realm_access": { "roles": "[\"team-a\"]" } }), 403),
        ("dave", json!({ "realm_access": { "roles": ["TEAM-A"] } }), 403),
        ("dave", json!({ "realm_access": { "roles": ["sre"] } }), 403),
        ("dave", json!({ "roles": ["team-a"] }), 403),
        ("bob", json!({ "realm_access": { "roles": ["team-a", null] } }), 401),
        ("bob", json!({ "realm_access": { "roles": { "team-a": true } } }), 401),
        ("bob", json!({ "realm_access": { "roles": ["team-a", true] } }), 401),
        ("bob", json!({ "realm_access": { "roles": 0.5 } }), 401),
        ("bob", json!({ "sub": true }), 401),
        ("bob", json!({ "sub": 9_007_199_254_740_992_u64 }), 401),
        ("bob", json!({ "sub": ["bob"] }), 401),
        ("", json!({}), 401),
        ("a\nb", json!({}), 401),
    ]
}

#[test]
fn envoy_verifies_tokens_and_the_filter_knows_their_callers() {
    if !Host::Envoy.is_here() {
        return;
    }
    let (issuer, upstream) = (Issuer::new().unwrap(), upstream());
    let deployment = verified_by_envoy(&issuer, &upstream);
    let ask = |token: &str| {
        deployment.client().header("authorization", format!("Bearer {token}")).get(QUERY).unwrap()
    };
    for (subject, more, caller) in good() {
        let answer = ask(&issuer.token(subject, &more).unwrap());
        assert_eq!(answer.status, 200, "{subject} {more}: {}", answer.text());
        assert_eq!(told(&upstream).as_deref(), Some(caller));
    }
    for (subject, more, status) in not_allowed() {
        let answer = ask(&issuer.token(subject, &more).unwrap());
        assert_eq!(answer.status, status, "{subject} {more}: {}", answer.text());
    }
    let arrived = upstream.requests().len();
    let forged = Issuer::new().unwrap().token("bob", &json!({})).unwrap();
    // The claims of one token with another token's signature.
    let [carol, bob] = ["carol", "bob"].map(|subject| issuer.token(subject, &json!({})).unwrap());
    let mixed = format!("{}.{}", carol.rsplit_once('.').unwrap().0, bob.rsplit_once('.').unwrap().1);
    for token in [
        issuer.token("bob", &json!({ "exp": 1 })).unwrap(),
        issuer.token("bob", &json!({ "aud": "other" })).unwrap(),
        issuer.token("bob", &json!({ "iss": "https://evil.example" })).unwrap(),
        forged,
        mixed,
        "a.b.c".to_owned(),
    ] {
        let answer = ask(&token);
        assert_eq!((answer.status, answer.header("www-authenticate").is_some()), (401, true), "{token}");
    }
    // Two credentials count as none, in any order.
    let bearer = format!("Bearer {bob}");
    let alice = basic("alice", RIGHT);
    for values in [vec![&alice, &bearer], vec![&bearer, &alice], vec![&bearer, &bearer]] {
        let client =
            values.iter().fold(deployment.client(), |client, value| client.header("authorization", value));
        assert_eq!(client.get(QUERY).unwrap().status, 401, "{values:?}");
    }
    for value in [format!("{alice}, {bearer}"), format!("Basic x {bearer}"), format!("{bearer} x")] {
        assert_eq!(
            deployment.client().header("authorization", &value).get(QUERY).unwrap().status,
            401,
            "{value}"
        );
    }
    assert_eq!(upstream.requests().len(), arrived);
    assert_eq!(ask("a-token").status, 200, "a static token goes on beside them");
}

/// The log says which claim is missing or wrong, and where it was looked for. It has no claim's content.
#[test]
fn a_refused_token_is_explained_in_the_log_and_not_to_the_client() {
    if !Host::Envoy.is_here() {
        return;
    }
    let (issuer, upstream) = (Issuer::new().unwrap(), upstream());
    let deployment = verified_by_envoy(&issuer, &upstream);
    let mut nameless = jwt::claims("bob", &json!({})).unwrap();
    nameless.as_object_mut().unwrap().remove("sub");
    let secret_groups = json!({ "realm_access": { "roles": { "confidential-team": true } } });
    let refused = [
        (nameless, "the token has no claim \"sub\" (callers.jwt.corp.name)"),
        (
            jwt::claims("bob", &secret_groups).unwrap(),
            "the token's claim \"realm_access.roles\" is neither a text nor a list of at most 1000 texts \
             (callers.jwt.corp.groups)",
        ),
    ];
    for (claims, _) in &refused {
        let bearer = format!("Bearer {}", issuer.sign(claims).unwrap());
        let answer = deployment.client().header("authorization", bearer).get(QUERY).unwrap();
        let told = answer.json().unwrap()["error"].clone();
        assert_eq!((answer.status, told), (401, json!("the token is not accepted here")));
    }
    let envoy = deployment.envoy().unwrap();
    let records = envoy.process().wait_until("the access log", Duration::from_secs(60), || {
        Some(envoy.records()).filter(|records| records.len() >= refused.len())
    });
    let records = records.unwrap();
    let reasons: Vec<_> = records.iter().map(|record| record["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, refused.each_ref().map(|(_, reason)| *reason));
    let logged =
        [envoy.process().lines(Stream::Output), envoy.process().lines(Stream::Errors)].concat().join("\n");
    assert!(!logged.contains("confidential-team"), "{logged}");
}

#[test]
fn a_token_in_the_query_string_is_no_credential() {
    if !Host::Envoy.is_here() {
        return;
    }
    let (issuer, upstream) = (Issuer::new().unwrap(), upstream());
    let deployment = verified_by_envoy(&issuer, &upstream);
    let target = format!("{QUERY}&access_token={}", issuer.token("bob", &json!({})).unwrap());
    assert_eq!(deployment.client().get(&target).unwrap().status, 401);
    let client = |password| deployment.client().user("alice", password);
    assert_eq!(client(WRONG).get(&target).unwrap().status, 401);
    assert_eq!(client(RIGHT).get(&target).unwrap().status, 200);
    assert_eq!(told(&upstream).as_deref(), Some("user:alice"));
}

#[test]
fn the_embedded_host_accepts_the_metadata_that_envoy_would_have_left() {
    let status = |subject: &str, more: &Value, authorization: Option<&str>| {
        let upstream = upstream();
        let mut options = options(&upstream, &rules());
        options.metadata = Some(jwt::metadata(&jwt::claims(subject, more).unwrap()));
        let deployment = Deployment::start(Host::Embedded, &options).unwrap();
        let client = deployment.client();
        let client = match authorization {
            Some(authorization) => client.header("authorization", authorization),
            None => client,
        };
        (client.get(QUERY).unwrap().status, told(&upstream))
    };
    for (subject, more, caller) in good() {
        assert_eq!(status(subject, &more, None), (200, Some(caller.to_owned())), "{subject} {more}");
    }
    for (subject, more, code) in not_allowed() {
        assert_eq!(status(subject, &more, None), (code, None), "{subject} {more}");
    }
    for more in [json!({ "exp": 1 }), json!({ "aud": "other" }), json!({ "iss": "https://evil.example" })] {
        assert_eq!(status("bob", &more, None), (401, None), "{more}");
    }
    // A credential in a header decides, whatever a token says.
    assert_eq!(status("bob", &json!({}), Some("Bearer another")), (401, None));
    let alice = Some("user:alice".to_owned());
    assert_eq!(status("bob", &json!({}), Some(&basic("alice", RIGHT))), (200, alice));
}
