//! Requests that people's programs send, each with the answer that is right and with what the server must get. They
//! hold the gateway to the other half of its promise: it refuses attackers, and lets honest clients through. They are
//! sent to Envoy as it ships, with the rules in a file that it watches, and to the embedded host. `cases/README.md` describes
//! the format.

use crate::attacks::format::{self, Case};
use crate::attacks::run::Runner;
use crate::attacks::setting::{Running, Setting};
use promward_e2e::deployment::Options;
use promward_harness::jwt::{self, Issuer};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

/// The kinds of clients, each with its file.
const KINDS: &[(&str, &str)] = &[
    ("grafana", include_str!("honest/grafana.txt")),
    ("clients", include_str!("honest/clients.txt")),
    ("probes", include_str!("honest/probes.txt")),
    ("writers", include_str!("honest/writers.txt")),
    ("identity", include_str!("honest/identity.txt")),
    ("pages", include_str!("honest/pages.txt")),
    ("prometheus-page", include_str!("honest/prometheus-page.txt")),
    ("applications", include_str!("honest/applications.txt")),
    ("queries", include_str!("honest/queries.txt")),
    ("servers", include_str!("honest/servers.txt")),
    ("tenants", include_str!("honest/tenants.txt")),
];

/// The callers with tokens, which are "NAME-token".
const TOKENS: [&str; 6] = ["admin", "viewer", "team-a", "team-ab", "limited", "writer"];

/// The least number of cases. Those that are one case of a list count once.
const CASES: usize = 60;

#[test]
fn envoy_lets_honest_clients_through() {
    judge(Setting::Shipped);
}

#[test]
fn the_embedded_host_lets_honest_clients_through() {
    judge(Setting::Embedded);
}

#[test]
fn every_case_says_who_sends_it_and_why() {
    let all = cases();
    let names: BTreeSet<_> = all.iter().map(|case| &case.name).collect();
    let places: BTreeSet<_> = all.iter().map(|case| &case.place).collect();
    assert_eq!(names.len(), places.len(), "two cases have one name");
    assert!(names.len() >= CASES, "{} cases", names.len());
    for case in &all {
        assert!(!case.why.is_empty(), "{}: no client is named", case.place);
        let is_caller = case.caller == "anonymous" || TOKENS.contains(&case.caller.as_str());
        assert!(is_caller, "{}: nobody is called {}", case.place, case.caller);
    }
}

pub(crate) fn cases() -> Vec<Case> {
    let read = |&(kind, text): &(&str, &str)| format::parse(&format!("honest/{kind}.txt"), text);
    let all: anyhow::Result<Vec<_>> = KINDS.iter().map(read).collect();
    all.unwrap_or_else(|error| panic!("{error:#}")).concat()
}

/// Runs all cases under a setting, and lists all failures.
fn judge(setting: Setting) {
    if !setting.host().is_here() {
        return;
    }
    let issuer = Issuer::new().unwrap();
    let mut cases = cases();
    let order = |case: &Case| (deployment(setting, case), case.configuration.clone());
    cases.sort_by_cached_key(order);
    let mut wrong = Vec::new();
    for together in cases.chunk_by(|one, other| deployment(setting, one) == deployment(setting, other)) {
        let mut runner = Runner::start(|upstream| start(setting, upstream, &together[0], &issuer));
        for alike in together.chunk_by(|one, other| one.configuration == other.configuration) {
            runner.reconfigure(configuration(&alike[0]));
            for case in alike {
                if let Err(error) = runner.run(&with_token(setting, case, &issuer)) {
                    wrong.push(format!("{}: {} ({})\n    {error:#}", case.place, case.name, case.shown()));
                }
            }
            wrong.extend(runner.check_explained().err().map(|error| format!("{error:#}")));
        }
    }
    assert!(wrong.is_empty(), "{} went wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Returns what cases must have in common to be sent to one deployment: all that is no configuration of the filter. Envoy
/// verifies tokens; the embedded host is told at its start what a token said.
fn deployment(setting: Setting, case: &Case) -> Option<(String, bool, Option<String>)> {
    let (header, claims) = case.claims.clone()?;
    Some((header, has_no_audience(case), Some(claims).filter(|_| setting == Setting::Embedded)))
}

fn has_no_audience(case: &Case) -> bool {
    case.configuration.contains("audience_claim")
}

fn start(setting: Setting, upstream: SocketAddr, case: &Case, issuer: &Issuer) -> Running {
    let mut options = Options::configured(upstream, &configuration(case));
    options.watched = true;
    if let Some((header, claims)) = &case.claims {
        options.jwks = Some(issuer.jwks());
        if header != "authorization" {
            let other = format!("from_headers: [{{ name: {header} }}]");
            options.replace.push((FROM_HEADERS.to_owned(), other));
        }
        if has_no_audience(case) {
            options.replace.push((AUDIENCES.to_owned(), String::new()));
        }
        options.metadata = Some(jwt::metadata(&all_claims(claims)));
    }
    Running::deploy(setting, options, BTreeMap::new())
}

/// Lines of `envoy/fragments/jwt.yaml` that a deployment changes where tokens come in another header, or have no `aud`.
const FROM_HEADERS: &str = "from_headers: [{ name: Authorization, value_prefix: \"Bearer \" }]";
const AUDIENCES: &str = "audiences: [promward]\n";

/// Adds the token to a case that has claims, where the host verifies tokens. Where it doesn't, the header is left out, as
/// the host would remove it.
fn with_token(setting: Setting, case: &Case, issuer: &Issuer) -> Case {
    let mut case = case.clone();
    if let (Some((header, claims)), Setting::Shipped) = (&case.claims, setting) {
        let token = issuer.sign(&all_claims(claims)).unwrap();
        let scheme = if header == "authorization" { "Bearer " } else { "" };
        case.request.headers.push(format!("{header}: {scheme}{token}").into_bytes());
    }
    case
}

/// Returns the claims of a token for "alice", with the differences that a case names.
pub(crate) fn all_claims(differences: &str) -> Value {
    let claims = jwt::claims("alice", &json!({})).unwrap();
    merged(claims, serde_json::from_str(differences).expect("claims are JSON"))
}

/// Returns the configuration of a case: the one of all cases, with its differences. Until the end it has its mounts by
/// prefix, so that a difference names one of them.
pub(crate) fn configuration(case: &Case) -> String {
    let digest =
        |name: &str| format!("sha256:{}", promward_module::sha256(format!("{name}-token").as_bytes()));
    let tokens: BTreeMap<_, _> = TOKENS.iter().map(|name| (name, digest(name))).collect();
    let usual = json!({
        "mounts": {
            "/prometheus": {},
            "/vm": { "api": "victoriametrics" },
            "/grafana": { "api": "opaque", "upstream_prefix": "/grafana" },
        },
        "callers": { "tokens": tokens },
        "access": [
            { "who": ["anyone"], "may": ["health"] },
            { "who": ["token:admin"], "may": ["everything"] },
            { "who": ["token:viewer"], "may": ["read", "ui"] },
            { "who": ["token:team-a"], "may": ["read", "ui"], "only": { "tenant": ["a"] } },
            { "who": ["token:team-ab"], "may": ["read", "ui"], "only": { "tenant": ["a", "b"] } },
            {
                "who": ["token:limited"], "may": ["read"],
                "limits": { "range": "32d", "points": 11000, "timeout": "30s" }
            },
            { "who": ["token:writer"], "may": ["write"] },
            { "who": ["anyone"], "may": ["unknown"], "at": ["/grafana"] },
        ],
    });
    let differences = if case.configuration.is_empty() { "{}" } else { &case.configuration };
    let differences = serde_json::from_str(differences);
    let mut all = merged(usual, differences.unwrap_or_else(|error| panic!("{}: {error}", case.place)));
    if let Some(mounts) = all["mounts"].as_object() {
        let mount = |(prefix, mount): (&String, &Value)| {
            merged(json!({ "prefix": prefix, "cluster": "prometheus" }), mount.clone())
        };
        all["mounts"] = mounts.iter().map(mount).collect();
    }
    all.to_string()
}

/// Returns a value with differences, as RFC 7396 merges them: objects field by field, `null` removes a field, and
/// everything else is replaced.
fn merged(value: Value, differences: Value) -> Value {
    let Value::Object(differences) = differences else { return differences };
    let mut fields = if let Value::Object(fields) = value { fields } else { Map::new() };
    for (name, difference) in differences {
        let old = fields.remove(&name).unwrap_or_default();
        if !difference.is_null() {
            fields.insert(name, merged(old, difference));
        }
    }
    Value::Object(fields)
}
