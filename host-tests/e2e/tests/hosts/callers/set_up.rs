//! What these tests share: callers, a deployment that knows them, and how each presents themselves.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use promward_e2e::deployment::{Deployment, Host, Options};
use promward_harness::upstream::{Reply, Upstream};
use serde_json::{Value, json};

pub(crate) const QUERY: &str = "/prometheus/api/v1/query?query=up";
pub(crate) const FORM: &str = "/prometheus/api/v1/query";

/// The least cost that there is, so that a check takes two slices.
pub(crate) const CHEAP: u32 = 4;

/// A password that a user has, and one that nobody has.
pub(crate) const RIGHT: &str = "correct horse";
pub(crate) const WRONG: &str = "battery staple";

/// `Authorization` for a user and a password.
pub(crate) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// A hash of a password.
pub(crate) fn hashed(password: &str, cost: u32) -> String {
    bcrypt::hash(password, cost).unwrap()
}

/// `sha256:` and the digest of a token.
pub(crate) fn digest(token: &str) -> String {
    format!("sha256:{}", promward_module::sha256(token.as_bytes()))
}

/// A configuration for one Prometheus, with these callers and rules.
pub(crate) fn configuration(callers: &Value, access: &Value) -> String {
    json!({
        "mounts": [{ "prefix": "/prometheus", "cluster": "prometheus" }],
        "callers": callers,
        "access": access,
        "headers": { "caller": "x-forwarded-user" },
    })
    .to_string()
}

/// An upstream that answers "ok" to everything.
pub(crate) fn upstream() -> Upstream {
    Upstream::start(|_| Reply::text("ok")).unwrap()
}

/// A deployment with one worker, so that there is one memory.
pub(crate) fn options(upstream: &Upstream, configuration: &str) -> Options {
    Options { workers: 1, ..Options::configured(upstream.address(), configuration) }
}

/// A started one.
pub(crate) fn deployment(host: Host, upstream: &Upstream, configuration: &str) -> Deployment {
    Deployment::start(host, &options(upstream, configuration)).unwrap()
}
