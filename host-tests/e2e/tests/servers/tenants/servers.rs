//! Two servers, one with everybody's series and one with those of `a` only, and the same two behind the filter.

use promward_e2e::deployment::{self, Deployment, Host};
use promward_e2e::queries::samples::{self, Whose};
use promward_harness::client::Client;
use promward_harness::prometheus::{Options, Prometheus, Release, Samples};
use promward_harness::tools;
use serde_json::json;
use std::thread;

/// The token of the caller who may see the series of `a`.
const TOKEN: &str = "as-token";

pub(crate) struct Servers {
    pub(crate) everybodys: Prometheus,
    pub(crate) own: Prometheus,
}

impl Servers {
    /// Starts both servers of a release. Prints a message and returns `None` if there is none on this machine.
    #[track_caller]
    pub(crate) fn start(release: Release) -> Option<Self> {
        Self::looking_back(release, None)
    }

    /// Starts both with another age up to which samples count as current.
    #[track_caller]
    pub(crate) fn looking_back(release: Release, lookback_delta: Option<&str>) -> Option<Self> {
        tools::need(release.server())?;
        tools::need(release.promtool())?;
        let start = |whose| {
            let samples = Samples::OpenMetrics(samples::open_metrics(release, whose));
            let lookback_delta = lookback_delta.map(str::to_owned);
            Prometheus::start(Options { release, samples, lookback_delta, ..Options::default() }).unwrap()
        };
        thread::scope(|scope| {
            let own = scope.spawn(|| start(Whose::As));
            Some(Self { everybodys: start(Whose::Everybodys), own: own.join().unwrap() })
        })
    }

    /// Puts both behind the filter, as a user has them.
    pub(crate) fn guarded(&self, host: Host) -> Deployments {
        let deployment = |server: &Prometheus| {
            let options = deployment::Options {
                workers: 1,
                ..deployment::Options::configured(server.address(), &configuration())
            };
            Deployment::start(host, &options).unwrap()
        };
        Deployments { everybodys: deployment(&self.everybodys), own: deployment(&self.own) }
    }
}

/// The two servers behind the filter.
pub(crate) struct Deployments {
    pub(crate) everybodys: Deployment,
    pub(crate) own: Deployment,
}

/// Returns a client of a deployment that may see the series of `a`.
pub(crate) fn as_a(deployment: &Deployment) -> Client {
    deployment.client().header("authorization", format!("Bearer {TOKEN}"))
}

fn configuration() -> String {
    let digest = format!("sha256:{}", promward_module::sha256(TOKEN.as_bytes()));
    json!({
        "mounts": [{ "prefix": "/", "cluster": "prometheus" }],
        "callers": { "tokens": { "a": digest } },
        "access": [{
            "who": ["token:a"],
            "may": ["read", "federate"],
            "only": { samples::LABEL: ["a"] },
        }],
    })
    .to_string()
}
