//! A restricted caller in front of a real Alertmanager, of the release in the archive and of a newer one.

mod amtool;
mod interference;
mod lookups;
mod reading;
mod writing;

use promward_e2e::deployment::{Deployment, Host, Options};
use promward_harness::alertmanager::{Alertmanager, Release};
use promward_harness::client::{Answer, Client, Request};
use promward_harness::tools;
use serde_json::{Value, json};
use std::net::SocketAddr;

/// The releases that each scenario runs with.
const RELEASES: [Release; 2] = [Release::Usual, Release::Newer];

/// The tokens of the callers: of tenant `a`, of `a` and `b` in two environments, and of one who may do everything.
const A: &str = "as-token";
const BOTH: &str = "boths-token";
const ADMIN: &str = "admins-token";

/// Starts an Alertmanager without alerts. `None` means that this machine has none, which is printed.
#[track_caller]
fn server(release: Release) -> Option<Alertmanager> {
    tools::need(release.server())?;
    Some(Alertmanager::start(release, &[]).unwrap())
}

/// Starts a deployment in front of an Alertmanager.
fn guarded(host: Host, server: SocketAddr) -> Deployment {
    guarded_in(host, server, "prometheus")
}

/// Starts a deployment whose mount names this cluster. There is one, `prometheus`.
fn guarded_in(host: Host, server: SocketAddr, cluster: &str) -> Deployment {
    let digest = |token: &str| format!("sha256:{}", promward_module::sha256(token.as_bytes()));
    let configuration = json!({
        "mounts": [{ "prefix": "/am", "api": "alertmanager", "cluster": cluster }],
        "callers": { "tokens": { "a": digest(A), "both": digest(BOTH), "admin": digest(ADMIN) } },
        "access": [
            { "who": ["token:a"], "may": ["everything"], "only": { "tenant": ["a"] } },
            {
                "who": ["token:both"],
                "may": ["everything"],
                "only": { "tenant": ["a", "b"], "env": ["prod"] },
            },
            { "who": ["token:admin"], "may": ["everything"] },
        ],
    });
    let options = Options { workers: 1, ..Options::configured(server, &configuration.to_string()) };
    Deployment::start(host, &options).unwrap()
}

/// Returns a client with this token.
fn caller(deployment: &Deployment, token: &str) -> Client {
    deployment.client().header("authorization", format!("Bearer {token}"))
}

/// Sends a request with a JSON body.
fn post(client: &Client, target: &str, body: &Value) -> Answer {
    let request = Request::new("POST", target).header("content-type", "application/json");
    client.send(request.body(body.to_string())).unwrap()
}

fn delete(client: &Client, id: &str) -> Answer {
    client.send(Request::new("DELETE", &format!("/am/api/v2/silence/{id}"))).unwrap()
}

/// Returns the values of a field of all items of an answer, sorted.
fn all(client: &Client, target: &str, field: impl Fn(&Value) -> &Value) -> Vec<String> {
    let answer = client.get(target).unwrap();
    assert_eq!(answer.status, 200, "{target}: {}", answer.text());
    let items = answer.json().unwrap();
    let items = items.as_array().unwrap_or_else(|| panic!("{target}: {items}"));
    let mut values: Vec<_> = items.iter().map(|item| field(item).as_str().unwrap().to_owned()).collect();
    values.sort();
    values
}
