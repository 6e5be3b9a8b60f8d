//! Rules that name the tenants of their callers, for a server that keeps tenants apart itself: a header says which, and
//! nothing else of the request changes.

use crate::desk::Desk;
use promward::access::RequestedAccess;
use promward::api::class::Class;
use promward::api::mount::MountId;
use promward::caller::identity::{Caller, Identity};
use promward::caller::scheme::Scheme;
use promward::config;
use promward::decision::{Decision, Facts, Forward};
use promward::response::reply::Reply;
use promward::target::body::Body;
use promward::target::headers::Headers;
use promward::target::method::Method;
use std::rc::Rc;

/// The SHA-256 of the tokens `a` and `b`, which are the callers of the same names.
const A: &str = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";
const B: &str = "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d";

const TENANT: &str = "x-scope-orgid";

fn configured(rules: &str, header: &str) -> Desk {
    Desk::new(&format!(
        r#"{{
            "mounts": [{{ "prefix": "/mimir", "upstream_prefix": "/prometheus" }}, {{ "prefix": "/app", "api": "opaque" }}],
            "callers": {{ "tokens": {{ "a": "sha256:{A}", "b": "sha256:{B}" }} }},
            "access": [{rules}],
            "headers": {{ "tenant": {{ "name": "{TENANT}" {header} }} }}
        }}"#
    ))
}

fn desk(rules: &str) -> Desk {
    configured(rules, "")
}

fn decide(desk: &mut Desk, token: &str, method: &str, path: &str) -> Decision {
    let bearer = format!("Bearer {token}");
    let mut pairs = vec![(":method", method), (":path", path), (":authority", "example.com")];
    pairs.extend([("X-Scope-OrgID", "other"), ("x_scope_orgid", "other"), (TENANT, "")]);
    if !token.is_empty() {
        pairs.push(("authorization", &bearer));
    }
    desk.decide(&Headers::from_iter(pairs), Body::None, &Facts::default(), 1).0
}

fn forward(desk: &mut Desk, token: &str, method: &str, path: &str) -> Forward {
    match decide(desk, token, method, path) {
        Decision::Forward(forward) => *forward,
        other => panic!("{method} {path} does not go upstream: {other:?}"),
    }
}

fn reply(desk: &mut Desk, token: &str, method: &str, path: &str) -> Reply {
    match decide(desk, token, method, path) {
        Decision::Reply(reply) => reply,
        other => panic!("{method} {path} is not answered here: {other:?}"),
    }
}

fn set(forward: &Forward, name: &str) -> Option<String> {
    forward.edits.value(name).map(str::to_owned)
}

/// Returns the tenants that the server is told.
fn tenants(forward: &Forward) -> Option<String> {
    let copies = forward.edits.remove.iter().filter(|name| name.ends_with(b"id") || name.ends_with(b"ID"));
    assert_eq!(copies.count(), 3, "no copy of the client's stays: {:?}", forward.edits.remove);
    set(forward, TENANT)
}

#[test]
fn a_tenant_goes_into_the_header_and_nothing_else_changes() {
    let mut desk = desk(r#"{ "who": ["token:a"], "may": ["everything"], "tenant": ["team-a"] }"#);
    for (method, path) in [
        ("GET", "/api/v1/query?query=up"),
        ("GET", "/api/v1/labels"),
        ("POST", "/api/v1/write"),
        ("GET", "/api/v1/rules"),
        ("POST", "/api/v1/read"),
        ("GET", "/config"),
        ("POST", "/config/v1/rules/namespace"),
    ] {
        let forward = forward(&mut desk, "a", method, &format!("/mimir{path}"));
        assert_eq!(set(&forward, ":path"), Some(format!("/prometheus{path}")));
        assert_eq!(tenants(&forward).as_deref(), Some("team-a"));
        assert!(forward.context.filtered.is_none() && forward.body.is_none());
    }
}

#[test]
fn each_caller_has_tenants_of_their_own_and_nobody_goes_on_without() {
    let by =
        r#"{ "who": ["authenticated"], "may": ["read"], "tenant": { "by": { "token:a": ["x", "y"] } } }"#;
    let mut desk = desk(by);
    let query = "/mimir/api/v1/query?query=up";
    assert_eq!(tenants(&forward(&mut desk, "a", "GET", query)).as_deref(), Some("x|y"));
    let refused = reply(&mut desk, "b", "GET", query);
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("no tenant is known of token:b here"), "{}", refused.body);
    assert_eq!(reply(&mut desk, "", "GET", query).status, 401);
}

#[test]
fn anonymous_callers_are_asked_who_they_are_only_where_it_matters() {
    let query = "/mimir/api/v1/query?query=up";
    let mut same = desk(r#"{ "who": ["anyone"], "may": ["query"], "tenant": ["public"] }"#);
    // Wrong credentials are not looked at where everybody gets the same.
    assert_eq!(tenants(&forward(&mut same, "wrong", "GET", query)).as_deref(), Some("public"));
    let by = r#"{ "who": ["anyone"], "may": ["query"],
                  "tenant": { "by": { "token:a": ["a"], "anonymous": ["public"] } } }"#;
    let mut each = desk(by);
    assert_eq!(tenants(&forward(&mut each, "a", "GET", query)).as_deref(), Some("a"));
    assert_eq!(tenants(&forward(&mut each, "", "GET", query)).as_deref(), Some("public"));
    assert_eq!(reply(&mut each, "wrong", "GET", query).status, 401);
}

#[test]
fn a_later_rule_without_a_tenant_gives_no_data() {
    let tied = r#"{ "who": ["token:a"], "may": ["query"], "tenant": ["team-a"] }"#;
    let mut desk = desk(&format!(r#"{tied}, {{ "who": ["authenticated"], "may": ["everything"] }}"#));
    for path in ["/", "/-/ready", "/api/v1/status/buildinfo"] {
        let path = format!("/mimir{path}");
        assert_eq!(tenants(&forward(&mut desk, "a", "GET", &path)), None);
    }
    for path in ["/api/v1/labels", "/config", "/metrics"] {
        let path = format!("/mimir{path}");
        let refused = reply(&mut desk, "a", "GET", &path);
        assert_eq!(refused.status, 403);
        let says = "access[0] names their tenants, and access[1] has no \"tenant\"";
        assert!(refused.body.replace("\\\"", "\"").contains(says), "{}", refused.body);
        assert_eq!(tenants(&forward(&mut desk, "b", "GET", &path)), None);
    }
    assert_eq!(reply(&mut desk, "a", "POST", "/mimir/api/v1/write").status, 403);
}

#[test]
fn a_later_rule_gives_data_by_another_tenant_or_where_it_says_so() {
    let tied = r#"{ "who": ["token:a"], "may": ["query"], "tenant": ["team-a"] }"#;
    let metrics = "/mimir/metrics";
    let mut other =
        desk(&format!(r#"{tied}, {{ "who": ["token:a"], "may": ["metrics"], "tenant": ["self"] }}"#));
    assert_eq!(tenants(&forward(&mut other, "a", "GET", metrics)).as_deref(), Some("self"));
    let mut open =
        desk(&format!(r#"{tied}, {{ "who": ["token:a"], "may": ["metrics"], "unrestricted": true }}"#));
    assert_eq!(tenants(&forward(&mut open, "a", "GET", metrics)), None);
}

#[test]
fn a_restriction_holds_beside_a_tenant() {
    let rule =
        r#"{ "who": ["token:a"], "may": ["everything"], "only": { "team": ["a"] }, "tenant": ["org"] }"#;
    let label = r#", "label": "team""#;
    for mut desk in [desk(rule), configured(rule, label)] {
        let forward = forward(&mut desk, "a", "GET", "/mimir/api/v1/query?query=up");
        assert_eq!(
            set(&forward, ":path").as_deref(),
            Some("/prometheus/api/v1/query?query=up%7Bteam%3D%22a%22%7D")
        );
        assert_eq!(tenants(&forward).as_deref(), Some("org"));
        for path in ["/mimir/api/v1/push", "/mimir/api/v1/push/influx/write"] {
            assert_eq!(reply(&mut desk, "a", "POST", path).status, 403, "{path}");
        }
    }
}

#[test]
fn an_opaque_mount_is_told_as_well() {
    let rule = r#"{ "who": ["token:a"], "may": ["everything"], "at": ["/app"], "tenant": ["team-a"] }"#;
    assert_eq!(tenants(&forward(&mut desk(rule), "a", "POST", "/app/x")).as_deref(), Some("team-a"));
}

#[test]
fn a_claim_that_is_no_tenant_is_refused() {
    let rule = r#"{ "who": ["authenticated"], "may": ["read"], "tenant": { "claim": ["org"] } }"#;
    let text = format!(
        r#"{{
            "mounts": [{{ "prefix": "/" }}],
            "callers": {{ "jwt": {{ "corp": {{ "payload": "jwt", "issuer": "i", "audience": "a" }} }} }},
            "access": [{rule}],
            "headers": {{ "tenant": {{ "name": "{TENANT}" }} }}
        }}"#
    );
    let gateway = config::load(text.as_bytes()).unwrap();
    let claims = gateway.callers.issuers.first().unwrap().claims.iter().map(|claim| &claim.names);
    assert_eq!(claims.collect::<Vec<_>>(), [&["org"]]);
    let nobody = Caller::Known(Rc::new(Identity::new(Scheme::Jwt, "corp/x", [])));
    let requested = RequestedAccess {
        class: Class::Query,
        mount: MountId(0),
        method: Method::Get,
        path: "/api/v1/query",
    };
    let (_, rule) = gateway.access.decide(&nobody, &requested).unwrap();
    assert!(rule.tenants(&nobody).is_err());
}
