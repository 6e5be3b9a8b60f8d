//! The callers that these tests share, the deployment that knows them, and the credentials that they present.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use promward_e2e::deployment::{Deployment, Host, Options};
use promward_harness::upstream::{Reply, Upstream};
use serde_json::{Value, json};

pub(crate) const QUERY: &str = "/prometheus/api/v1/query?query=up";
pub(crate) const FORM: &str = "/prometheus/api/v1/query";

/// The lowest cost. A check takes two slices.
pub(crate) const CHEAP: u32 = 4;

/// The password of a user, and one that nobody has.
pub(crate) const RIGHT: &str = "correct horse";
pub(crate) const WRONG: &str = "battery staple";

/// Returns the value of `Authorization` for a user and a password.
pub(crate) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// Returns a hash of a password.
pub(crate) fn hashed(password: &str, cost: u32) -> String {
    bcrypt::hash(password, cost).unwrap()
}

/// Returns `sha256:` and the digest of a token.
pub(crate) fn digest(token: &str) -> String {
    format!("sha256:{}", promward_module::sha256(token.as_bytes()))
}

/// Returns a configuration for one Prometheus, with these callers and rules.
pub(crate) fn configuration(callers: &Value, access: &Value) -> String {
    json!({
        "mounts": [{ "prefix": "/prometheus", "cluster": "prometheus" }],
        "callers": callers,
        "access": access,
        "headers": { "caller": "x-forwarded-user" },
    })
    .to_string()
}

/// Starts an upstream that answers "ok" to everything.
pub(crate) fn upstream() -> Upstream {
    Upstream::start(|_| Reply::text("ok")).unwrap()
}

/// Returns the options of a deployment with one worker, so that there is one memory.
pub(crate) fn options(upstream: &Upstream, configuration: &str) -> Options {
    Options { workers: 1, ..Options::configured(upstream.address(), configuration) }
}

/// Starts a deployment with these options.
pub(crate) fn deployment(host: Host, upstream: &Upstream, configuration: &str) -> Deployment {
    Deployment::start(host, &options(upstream, configuration)).unwrap()
}
