//! The servers, each with two tenants and canaries, and the filter in front of them.

use crate::servers::upstreams::canaries::{GLOBAL, OF_B, OWN, RULES, SCRAPE};
use promward_e2e::deployment::{Deployment, Host, Options};
use promward_harness::client::Client;
use promward_harness::prometheus::{self, Prometheus, Release, Samples};
use promward_harness::tools::{self, Program};
use promward_harness::victoria_metrics::{self, Edition, VictoriaMetrics};
use serde_json::json;
use std::net::SocketAddr;
use std::sync::OnceLock;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    Prometheus(Release),
    VictoriaMetrics(Edition),
}

/// A server that runs.
enum Running {
    Prometheus(Prometheus),
    VictoriaMetrics(VictoriaMetrics),
}

impl Server {
    pub(crate) fn program(self) -> Program {
        match self {
            Self::Prometheus(release) => release.server(),
            Self::VictoriaMetrics(edition) => edition.server(),
        }
    }

    /// Returns its address, which is the same for all tests. Prints a message and returns `None` if the server isn't on
    /// this machine.
    #[track_caller]
    pub(crate) fn address(self) -> Option<SocketAddr> {
        static RUNNING: [OnceLock<Running>; 4] = [const { OnceLock::new() }; 4];
        tools::need(self.program())?;
        let place = match self {
            Self::Prometheus(Release::Usual) => &RUNNING[0],
            Self::Prometheus(Release::Three) => &RUNNING[1],
            Self::VictoriaMetrics(Edition::Usual) => &RUNNING[2],
            Self::VictoriaMetrics(Edition::Newer) => &RUNNING[3],
        };
        Some(match place.get_or_init(|| self.start()) {
            Running::Prometheus(server) => server.address(),
            Running::VictoriaMetrics(server) => server.address(),
        })
    }

    fn start(self) -> Running {
        match self {
            Self::Prometheus(release) => {
                let options = prometheus::Options {
                    release,
                    admin_api: true,
                    lifecycle: true,
                    rules: Some(RULES.to_owned()),
                    samples: Samples::Configured(format!("{GLOBAL}{SCRAPE}")),
                    further: vec!["--web.cors.origin=https://canary_of_the_flags".to_owned()],
                    ..prometheus::Options::default()
                };
                let server = Prometheus::start(options).unwrap();
                for (target, wanted) in [
                    ("/api/v1/query?query=process_resident_memory_bytes", OWN),
                    ("/api/v1/query?query=canary_of_b_metric", OF_B),
                    ("/api/v1/query?query=of_a_alone:rule", OWN),
                    ("/api/v1/alerts", "canary_of_b_text"),
                    ("/api/v1/alerts", "of_a_alone_alert"),
                    ("/api/v1/targets", "connection refused"),
                ] {
                    server.wait(wanted, target, wanted).unwrap();
                }
                Running::Prometheus(server)
            }
            Self::VictoriaMetrics(edition) => {
                let flags = [
                    "-influx.databaseNames=canary_of_the_flags",
                    "-search.resetCacheAuthKey=canary_of_the_flags",
                    "-vmalert.proxyURL=http://127.0.0.1:1/canary_of_the_flags",
                ];
                let options = victoria_metrics::Options {
                    edition,
                    scrape: Some(format!("global: {{ scrape_interval: 1s }}\n{SCRAPE}")),
                    flags: flags.map(str::to_owned).to_vec(),
                    ..victoria_metrics::Options::default()
                };
                let server = VictoriaMetrics::start(&options).unwrap();
                for (target, wanted) in [
                    ("/api/v1/query?query=process_resident_memory_bytes", OWN),
                    ("/api/v1/query?query=canary_of_b_metric", OF_B),
                    ("/api/v1/targets", "connection refused"),
                ] {
                    server.wait(wanted, target, wanted).unwrap();
                }
                Running::VictoriaMetrics(server)
            }
        }
    }
}

/// The tokens of the restricted caller, and of a caller who may do everything.
const A: &str = "as-token";
const ADMIN: &str = "admins-token";

/// Starts a deployment in front of a server that is taken for one with this API, where `a` may do everything with their own data.
pub(crate) fn guarded(host: Host, server: SocketAddr, api: &str) -> Deployment {
    let digest = |token: &str| format!("sha256:{}", promward_module::sha256(token.as_bytes()));
    let configuration = json!({
        "mounts": [{ "prefix": "/", "api": api, "cluster": "prometheus" }],
        "callers": { "tokens": { "a": digest(A), "admin": digest(ADMIN) } },
        "access": [
            { "who": ["token:a"], "may": ["everything"], "only": { "tenant": ["a"] } },
            { "who": ["token:admin"], "may": ["everything"] },
        ],
    });
    let options = Options { workers: 1, ..Options::configured(server, &configuration.to_string()) };
    Deployment::start(host, &options).unwrap()
}

/// Returns a client that is the restricted caller.
pub(crate) fn as_a(deployment: &Deployment) -> Client {
    deployment.client().header("authorization", format!("Bearer {A}"))
}

/// Returns a client that may do everything.
pub(crate) fn as_admin(deployment: &Deployment) -> Client {
    deployment.client().header("authorization", format!("Bearer {ADMIN}"))
}
