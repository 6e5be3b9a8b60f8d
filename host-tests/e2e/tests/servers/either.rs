//! A Prometheus or a VictoriaMetrics with samples, for tests that hold of both.

use promward_e2e::deployment::{self, Deployment, Host};
use promward_e2e::queries::samples::{self, Whose};
use promward_harness::prometheus::{Options, Prometheus, Release, Samples};
use promward_harness::tools;
use promward_harness::victoria_metrics::{self, Edition, VictoriaMetrics};
use std::net::SocketAddr;

/// A server, of either kind.
pub(super) enum Server {
    Prometheus(Prometheus),
    VictoriaMetrics(VictoriaMetrics),
}

/// The program of a server.
#[derive(Clone, Copy, Debug)]
pub(super) enum Program {
    Prometheus(Release),
    VictoriaMetrics(Edition),
}

impl Program {
    /// Returns the release whose syntax the program reads.
    pub(super) fn release(self) -> Release {
        match self {
            Self::Prometheus(release) => release,
            Self::VictoriaMetrics(_) => Release::Usual,
        }
    }

    /// Starts the program with these samples, or returns `None` if it can't be had.
    #[track_caller]
    pub(super) fn start(self, whose: Whose) -> Option<Server> {
        let text = samples::open_metrics(self.release(), whose);
        Some(match self {
            Self::Prometheus(release) => {
                tools::need(release.server())?;
                tools::need(release.promtool())?;
                let samples = Samples::OpenMetrics(text);
                let options = Options { release, samples, ..Options::default() };
                Server::Prometheus(Prometheus::start(options).unwrap())
            }
            Self::VictoriaMetrics(edition) => {
                tools::need(edition.server())?;
                let samples = Some(text);
                let options = victoria_metrics::Options { edition, samples, ..Default::default() };
                Server::VictoriaMetrics(VictoriaMetrics::start(&options).unwrap())
            }
        })
    }
}

impl Server {
    pub(super) fn address(&self) -> SocketAddr {
        match self {
            Self::Prometheus(server) => server.address(),
            Self::VictoriaMetrics(server) => server.address(),
        }
    }

    /// Starts a gateway in front of the server, with the configuration that is returned for the name of its API.
    pub(super) fn guarded(&self, host: Host, configuration: impl Fn(&str) -> String) -> Deployment {
        let api = match self {
            Self::Prometheus(_) => "prometheus",
            Self::VictoriaMetrics(_) => "victoriametrics",
        };
        let options = deployment::Options {
            workers: 1,
            ..deployment::Options::configured(self.address(), &configuration(api))
        };
        Deployment::start(host, &options).unwrap()
    }
}
