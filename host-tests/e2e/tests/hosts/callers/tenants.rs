//! The tenants that a caller may see, from each source: a list, groups, or a claim of the token. A stand-in server
//! shows what arrives, with the tenant header.

use crate::hosts::callers::set_up::{QUERY, digest, options, upstream};
use promward_e2e::deployment::{Deployment, Host, Options};
use promward_e2e::on_every_host;
use promward_harness::client::{Answer, Request};
use promward_harness::jwt::{self, AUDIENCE, ISSUER, Issuer};
use promward_harness::upstream::Upstream;
use serde_json::{Value, json};

on_every_host! {
    a_list_or_groups_decide_which_tenants_a_caller_sees,
    a_claim_decides_which_tenants_a_token_sees,
    a_rule_says_the_tenant_of_reads_and_writes_alike,
}

fn rules() -> String {
    json!({
        "mounts": [{ "prefix": "/prometheus", "cluster": "prometheus" }],
        "callers": {
            "tokens": { "a": digest("a"), "b": digest("b"), "both": digest("both"), "none": digest("none"),
                        "pattern": digest("pattern"), "own": digest("own"), "all": digest("all") },
            "jwt": { "corp": { "payload": "jwt", "issuer": ISSUER, "audience": AUDIENCE } },
            "groups": { "team-a": ["token:a", "token:both"], "team-b": ["token:b", "token:both"] },
        },
        "access": [
            { "who": ["token:own"], "may": ["query"], "only": { "tenant": { "values": ["own"], "or_absent": true } } },
            { "who": ["token:pattern"], "may": ["query"], "only": { "env": { "regex": "dev-.*" }, "tenant": ["a"] } },
            { "who": ["token:all"], "may": ["query"] },
            { "who": ["group:team-a", "group:team-b", "token:none"], "may": ["query"],
              "only": { "tenant": { "by": { "group:team-a": ["a", "shared"], "group:team-b": ["b", "shared"] } } } },
            { "who": ["authenticated"], "may": ["query"], "only": { "tenant": { "claim": ["org", "tenants"] } } },
        ],
        "headers": { "tenant": { "name": "X-Scope-OrgID", "label": "tenant" } },
    })
    .to_string()
}

/// Returns the query for `up` as it arrived, and the tenants that the server was told.
fn arrived(upstream: &Upstream) -> (String, Option<String>) {
    let request = upstream.requests().pop().unwrap();
    let query = request.target.split_once("query=").unwrap().1.to_owned();
    let query = query.replace("%7B", "{").replace("%7D", "}").replace("%22", "\"").replace("%3D", "=");
    let query = query.replace("%7E", "~").replace("%7C", "|").replace("%2C", ",").replace("%21", "!");
    (query.replace("%2A", "*"), request.header("x-scope-orgid"))
}

fn a_list_or_groups_decide_which_tenants_a_caller_sees(host: Host) {
    let upstream = upstream();
    let deployment = Deployment::start(host, &options(&upstream, &rules())).unwrap();
    let ask = |token: &str| {
        let client = deployment.client().header("authorization", format!("Bearer {token}"));
        client.header("x-scope-orgid", "secret").get(QUERY).unwrap()
    };
    for (token, query, tenants) in [
        ("a", r#"up{tenant=~"a|shared"}"#, Some("a|shared")),
        ("b", r#"up{tenant=~"b|shared"}"#, Some("b|shared")),
        ("both", r#"up{tenant=~"a|shared|b"}"#, Some("a|shared|b")),
        ("own", r#"up{tenant=~"own|"}"#, Some("own")),
        ("pattern", r#"up{env=~"dev-.*",env!="",tenant="a"}"#, Some("a")),
        ("all", "up", None),
    ] {
        let answer = ask(token);
        assert_eq!(answer.status, 200, "{token}: {}", answer.text());
        assert_eq!(arrived(&upstream), (query.to_owned(), tenants.map(str::to_owned)), "{token}");
    }
    let before = upstream.requests().len();
    let refused = ask("none");
    assert_eq!(refused.status, 403);
    assert!(refused.text().contains("token:none may see no value of the label"), "{}", refused.text());
    assert!(!refused.text().contains("shared"));
    assert_eq!(upstream.requests().len(), before);
}

fn a_claim_decides_which_tenants_a_token_sees(host: Host) {
    let upstream = upstream();
    let issuer = Issuer::new().unwrap();
    let options = Options { jwks: Some(issuer.jwks()), ..options(&upstream, &rules()) };
    let on_envoy = (host == Host::Envoy).then(|| Deployment::start(host, &options).unwrap());
    let ask = |claims: &Value| -> Answer {
        if let Some(deployment) = &on_envoy {
            let token = issuer.token("alice", claims).unwrap();
            return deployment
                .client()
                .header("authorization", format!("Bearer {token}"))
                .get(QUERY)
                .unwrap();
        }
        // The embedded host verifies no tokens. It is given the claims at its start.
        let metadata = Some(jwt::metadata(&jwt::claims("alice", claims).unwrap()));
        let deployment =
            Deployment::start(host, &Options { jwks: None, metadata, ..options.clone() }).unwrap();
        deployment.client().get(QUERY).unwrap()
    };
    for (tenants, query, header) in [
        (json!("a"), r#"up{tenant="a"}"#, "a"),
        (json!(["a", "b"]), r#"up{tenant=~"a|b"}"#, "a|b"),
        (json!(["a", "a"]), r#"up{tenant="a"}"#, "a"),
        (json!(["a", 7]), r#"up{tenant=~"a|7"}"#, "a|7"),
        (json!(42), r#"up{tenant="42"}"#, "42"),
    ] {
        let answer = ask(&json!({ "org": { "tenants": tenants } }));
        assert_eq!(answer.status, 200, "{tenants}: {}", answer.text());
        assert_eq!(arrived(&upstream), (query.to_owned(), Some(header.to_owned())));
    }
    let before = upstream.requests().len();
    for claims in [
        json!({}),
        json!({ "tenants": ["a"] }),
        json!({ "org": { "tenants": [] } }),
        json!({ "org": { "tenants": null } }),
        json!({ "org": { "tenants": "" } }),
        json!({ "org": { "tenants": ["a", true] } }),
        json!({ "org": { "tenants": ["a", 0.5] } }),
        json!({ "org": { "tenants": 9_007_199_254_740_992_u64 } }),
        json!({ "org": { "tenants": ["a", ""] } }),
        json!({ "org": { "tenants": { "a": true } } }),
        json!({ "org": { "tenants": "a,b" } }),
    ] {
        let answer = ask(&claims);
        assert_eq!(answer.status, 403, "{claims}: {}", answer.text());
    }
    assert_eq!(upstream.requests().len(), before);
}

fn a_rule_says_the_tenant_of_reads_and_writes_alike(host: Host) {
    let upstream = upstream();
    let configuration = json!({
        "mounts": [{ "prefix": "/prometheus", "upstream_prefix": "/prometheus", "cluster": "prometheus" }],
        "callers": { "tokens": { "team-a": digest("a"), "team-b": digest("b") } },
        "access": [
            { "who": ["token:team-a"], "may": ["read", "write"], "tenant": ["team-a"] },
            { "who": ["authenticated"], "may": ["everything"], "tenant": { "by": { "token:team-a": ["team-a"] } } },
        ],
        "headers": { "tenant": { "name": "X-Scope-OrgID" } },
    });
    let deployment = Deployment::start(host, &options(&upstream, &configuration.to_string())).unwrap();
    let client = |token: &str| {
        let client = deployment.client().header("authorization", format!("Bearer {token}"));
        client.header("x-scope-orgid", "team-b")
    };
    for (path, kind, body) in [
        ("/prometheus/api/v1/query", "application/x-www-form-urlencoded", "query=up"),
        ("/prometheus/api/v1/write", "application/x-protobuf", "samples"),
    ] {
        let request = Request::new("POST", path).header("content-type", kind).body(body);
        let answer = client("a").send(request).unwrap();
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let request = upstream.requests().pop().unwrap();
        assert_eq!((request.target.as_str(), request.body.as_slice()), (path, body.as_bytes()));
        assert_eq!(request.header("x-scope-orgid").as_deref(), Some("team-a"));
    }
    let before = upstream.requests().len();
    let refused = client("b").get(QUERY).unwrap();
    assert_eq!(refused.status, 403);
    assert!(refused.text().contains("no tenant is known of token:team-b here"), "{}", refused.text());
    assert_eq!(upstream.requests().len(), before);
}
