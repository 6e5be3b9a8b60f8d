//! The filter's configuration under the settings: callers of every kind, mounts of every API, and rules for each.

use super::{PASSWORDS, TOKENS};
use promward_harness::certificates::Identity;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Returns the configuration of every setting.
pub(crate) fn configuration(scraper: &Identity) -> Value {
    let digest = |text: &str| format!("sha256:{}", promward_module::sha256(text.as_bytes()));
    let tokens: BTreeMap<_, _> = TOKENS.iter().map(|name| (name, digest(&format!("{name}-token")))).collect();
    let hash = |password| bcrypt::hash(password, 4).unwrap();
    let users: BTreeMap<_, _> = PASSWORDS.iter().map(|(name, password)| (name, hash(password))).collect();
    json!({
        "mounts": [
            { "prefix": "/prometheus", "cluster": "prometheus", "origins": ["http://internal:9090"] },
            {
                "prefix": "/behind", "cluster": "prometheus", "upstream_prefix": "/base",
                "ignore": ["namespace"]
            },
            { "prefix": "/mimir", "api": "mimir", "cluster": "prometheus" },
            { "prefix": "/thanos", "api": "thanos", "cluster": "prometheus" },
            {
                "prefix": "/experimental", "cluster": "prometheus",
                "promql": [
                    "experimental_functions", "duration_expressions", "extended_range_selectors", "binop_fill_modifiers"
                ]
            },
            { "prefix": "/vm", "api": "victoriametrics", "cluster": "prometheus" },
            { "prefix": "/alerts", "api": "alertmanager", "cluster": "prometheus" },
            {
                "prefix": "/app", "api": "opaque", "cluster": "prometheus", "upstream_prefix": "/app",
                "encoded_slash": "pass", "credentials": "pass"
            },
            {
                "prefix": "/web", "api": "opaque", "cluster": "prometheus", "encoded_slash": "pass",
                "cross_site": ["https://id.example.net", "https://sso.example.net:8443"]
            },
        ],
        "callers": {
            "users": users,
            "tokens": tokens,
            "certificates": {
                "scraper": format!("sha256:{}", scraper.sha256()),
                "reader": { "uri_san": "spiffe://example.com/reader" },
                "host": { "dns_san": "host.example.com" },
                "named": { "subject": "CN=named,O=Example" },
            },
            "certificates_validated_by_listener": true,
            "groups": { "machines": ["certificate:scraper", "certificate:reader", "certificate:host", "certificate:named"] },
            "passwords": { "checks": "60/m", "burst": 400, "waiting": 256, "waiting_per_source": 64 },
        },
        "access": [
            { "who": ["anyone"], "may": ["health"] },
            { "who": ["anonymous"], "may": ["ui"] },
            { "who": ["anyone"], "may": ["unknown"], "at": ["/web"], "methods": ["GET"], "paths": ["/public/*", "/login"] },
            { "who": ["token:admin"], "may": ["everything"], "at": ["/prometheus", "/behind", "/vm", "/app", "/web"] },
            { "who": ["token:viewer"], "may": ["read", "ui"], "at": ["/prometheus", "/behind"] },
            { "who": ["token:reloader"], "may": ["reload"] },
            { "who": ["token:team-a"], "may": ["everything"], "only": { "tenant": ["a"] } },
            { "who": ["token:team-ab"], "may": ["everything"], "only": { "tenant": ["a", "b"] } },
            {
                "who": ["token:sharing"], "may": ["everything"],
                "only": { "tenant": ["a"] }, "shared": { "regex": "node_.*|up" }
            },
            {
                "who": ["token:alternating"], "may": ["everything"],
                "only": [{ "tenant": ["a"], "env": ["prod"] }, { "tenant": ["b"] }]
            },
            {
                "who": ["token:limited"], "may": ["everything"],
                "limits": { "range": "1d", "lookback": "1h", "oldest": "90d", "points": 1000, "timeout": "30s" }
            },
            { "who": ["token:tied"], "may": ["query", "series", "write"], "at": ["/mimir"], "tenant": ["team-a"] },
            { "who": ["token:tied"], "may": ["everything"], "at": ["/mimir"] },
            { "who": ["user:alice", "user:bob", "group:machines"], "may": ["query", "ui"] },
            { "who": ["token:viewer"], "may": ["unknown"], "at": ["/web"], "methods": ["GET"], "paths": ["/api/v2/*"] },
            { "who": ["token:limited"], "may": ["unknown"], "at": ["/web"], "methods": ["POST"], "paths": ["/api/v2/write"] },
            { "who": ["token:greedy", "token:modest"], "may": ["query"], "limits": { "concurrent": 2, "wait": "1s" } },
        ],
        "headers": {
            "caller": "x-forwarded-user",
            "tenant": { "name": "x-scope-orgid", "label": "tenant" },
            "cors": { "origins": ["https://grafana.example.com"] },
            "hsts": "max-age=63072000",
        },
    })
}

/// Takes out what hosts other than Envoy can't serve: certificates, WebSockets and requests at once.
pub(super) fn without_certificates(configuration: &mut Value) {
    let callers = configuration["callers"].as_object_mut().unwrap();
    for field in ["certificates", "certificates_validated_by_listener", "groups"] {
        callers.remove(field);
    }
    for mount in configuration["mounts"].as_array_mut().unwrap() {
        if mount["api"] == "opaque" {
            mount["websockets"] = "refuse".into();
        }
    }
    for rule in configuration["access"].as_array_mut().unwrap() {
        rule["who"].as_array_mut().unwrap().retain(|who| who != "group:machines");
        if !rule["limits"]["concurrent"].is_null() {
            rule.as_object_mut().unwrap().remove("limits");
        }
    }
}

/// Returns rules that say something else of nearly every request, and that would ask others who they are.
pub(super) fn trial() -> Value {
    let limits =
        json!({ "rate": "1/h", "burst": 1, "range": "1m", "lookback": "1m", "operators": 1, "selectors": 1 });
    json!([
        { "who": ["token:admin"], "may": ["read", "ui"], "only": { "tenant": ["z"] }, "limits": limits },
        { "who": ["token:viewer"], "may": ["everything"], "at": ["/prometheus", "/behind", "/vm", "/app", "/web"] },
        { "who": ["token:team-a"], "may": ["read"], "only": { "tenant": ["b"] }, "shared": { "regex": ".*" } },
        { "who": ["token:team-ab"], "may": ["everything"], "limits": limits },
        { "who": ["token:sharing", "token:limited"], "may": ["everything"] },
        { "who": ["token:tied"], "may": ["query", "series", "write"], "at": ["/mimir"], "tenant": ["team-b"] },
        { "who": ["user:alice"], "may": ["query"], "only": { "tenant": ["a"] } },
        { "who": ["user:bob"], "may": ["ui"], "limits": { "rate": "1/h" } },
        { "who": ["token:reloader"], "may": ["unknown"], "at": ["/web"], "paths": ["/login", "/api/*"] },
        { "who": ["anonymous"], "may": ["query", "series", "rules"], "only": { "tenant": ["a"] } },
    ])
}
