//! The deployment that these tests share, with a mount of each kind, and the check that it works as before afterwards.

use promward_e2e::deployment::{Deployment, Host, Open, Options};
use promward_harness::client::{Client, Request};
use promward_harness::upstream::{End, Received, Reply, Upstream};
use serde_json::{Value, json};

/// A text that no client may see: it is in data of another tenant, and in answers to nobody.
pub(crate) const SECRET: &str = "secret";

pub(crate) const HEALTHY: &str = "/prometheus/-/healthy";
pub(crate) const QUERY: &str = "/prometheus/api/v1/query?query=up";
pub(crate) const FORM: &str = "/prometheus/api/v1/query";
pub(crate) const LIVE: &str = "/prometheus/api/v1/notifications/live";
pub(crate) const WRITE: &str = "/prometheus/api/v1/write";
pub(crate) const FILTERED: &str = "/a/api/v1/alerts";
pub(crate) const OPAQUE: &str = "/other/anything";

/// A hash for a user, for tests in which nobody logs in.
pub(crate) const USER: &str = "$2y$10$CTq6c7qUAUb8U8m9ik8IW./W5p2t/S2gUvkYjy903uwdnJX7nPaJC";

/// With this number of connections, a worker without any is rarer than one in a thousand.
const CONNECTIONS: usize = 12;

/// Returns a configuration with users, a mount for each way in which answers are treated, and room for one login of a
/// source beside three that wait.
pub(crate) fn configuration(user: &Value) -> String {
    json!({
        "mounts": [
            { "prefix": "/prometheus", "cluster": "prometheus", "max_form": "64KiB" },
            { "prefix": "/a", "cluster": "prometheus" },
            { "prefix": "/other", "cluster": "prometheus", "api": "opaque", "websockets": "refuse" },
            { "prefix": "/login", "cluster": "prometheus" }
        ],
        "callers": {
            "users": { "alice": user },
            "passwords": { "checks": "1/h", "burst": 16, "waiting": 64, "waiting_per_source": 4 }
        },
        "access": [
            { "who": ["anyone"], "may": ["everything"], "at": ["/prometheus"] },
            { "who": ["anyone"], "may": ["read", "status"], "only": { "tenant": ["a"] }, "at": ["/a"] },
            { "who": ["anyone"], "may": ["unknown"], "at": ["/other"] },
            { "who": ["user:alice"], "may": ["everything"], "at": ["/login"] }
        ]
    })
    .to_string()
}

/// A deployment in front of a test upstream, and what it had open before the first request.
pub(crate) struct SetUp {
    pub(crate) deployment: Deployment,
    pub(crate) upstream: Upstream,
    before: Open,
}

impl SetUp {
    pub(crate) fn start(host: Host, upstream: Upstream) -> Self {
        let options = Options::configured(upstream.address(), &configuration(&json!(USER)));
        Self::with(host, upstream, &options)
    }

    pub(crate) fn with(host: Host, upstream: Upstream, options: &Options) -> Self {
        let deployment = Deployment::start(host, options).unwrap();
        let before = deployment.open().unwrap();
        Self { deployment, upstream, before }
    }

    /// Returns clients of the same caller by HTTP/1.1 and by HTTP/2.
    pub(crate) fn clients(&self) -> [Client; 2] {
        [self.deployment.client(), self.deployment.client().http2()]
    }

    /// Waits until no client is connected and no request is open, and checks that every worker serves.
    pub(crate) fn is_whole(&self, after: &str) {
        self.deployment.wait_until_open(after, Open::is_idle).unwrap();
        self.upstream.wait_until(|requests| requests.iter().all(|request| request.end != End::Open)).unwrap();
        assert_eq!(self.deployment.metric("promward.checks_waiting").unwrap(), 0, "{after}");
        self.every_worker_serves(after);
    }

    /// Sends healthy requests on connections that are open at once, so that each worker has some.
    fn every_worker_serves(&self, after: &str) {
        let connections = (0..CONNECTIONS).map(|_| self.deployment.client().connect().unwrap());
        for mut connection in connections.collect::<Vec<_>>() {
            let answer = connection.send(Request::new("GET", HEALTHY)).unwrap();
            assert_eq!((answer.status, answer.text().as_str()), (200, "healthy"), "after {after}");
        }
    }

    /// Returns the requests that have arrived complete, except those that check the deployment.
    pub(crate) fn arrived(&self) -> Vec<Received> {
        let is_asked = |request: &Received| request.end == End::Clean && request.target != "/-/healthy";
        self.upstream.requests().into_iter().filter(is_asked).collect()
    }

    /// Ends the server too, and checks that everything is as it was before the first request.
    pub(crate) fn comes_back(self) {
        let Self { deployment, upstream, before } = self;
        drop(upstream);
        let is_back =
            |open: &Open| open.is_idle() && open.upstream == 0 && open.descriptors <= before.descriptors;
        deployment.wait_until_open(&format!("everything to be closed, as in {before:?}"), is_back).unwrap();
    }
}

/// Returns a healthy server's answer to each path.
pub(crate) fn healthy(request: &Received) -> Reply {
    let json = |body: &str| Reply::status(200).header("content-type", "application/json").body(body);
    match request.target.as_str() {
        "/-/healthy" => Reply::text("healthy"),
        "/graph" => Reply::status(302).header("location", "/query"),
        "/api/v1/alerts" => json(ALERTS),
        target if target.starts_with("/api/v1/") => json(r#"{"status":"success","data":"mine"}"#),
        _ => Reply::text("mine"),
    }
}

/// An alert of the caller's tenant, and one of another tenant.
pub(crate) const ALERTS: &str = r#"{"status":"success","data":{"alerts":[{"labels":{"tenant":"a","of":"mine"}},{"labels":{"tenant":"secret"}}]}}"#;
