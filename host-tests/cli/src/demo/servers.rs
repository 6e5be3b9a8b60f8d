//! The servers of an example beside Prometheus: a real Alertmanager, and a stand-in for Grafana.

use anyhow::{Result, bail};
use promward_harness::alertmanager::{Alertmanager, Release};
use promward_harness::process::Process;
use promward_harness::stand_in;
use promward_harness::upstream::Upstream;
use std::net::SocketAddr;

/// A server, by the name of its cluster. Dropping this value ends it.
pub(super) struct Server {
    pub(super) name: String,
    running: Running,
}

enum Running {
    Alertmanager(Box<Alertmanager>),
    /// It runs in this process.
    StandIn(Upstream),
}

impl Server {
    /// Starts the server of this name, for a site at this URL.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no server of the name, or it is not available or doesn't start.
    pub(super) fn start(name: &str, site: &str) -> Result<Self> {
        let running = match name {
            "alertmanager" => {
                let external = format!("--web.external-url={site}/alertmanager");
                let flags = [external.as_str(), "--web.route-prefix=/"];
                Running::Alertmanager(Box::new(Alertmanager::start(Release::Usual, &flags)?))
            }
            "grafana" => Running::StandIn(Upstream::start(stand_in::grafana)?),
            _ => bail!("there is no server {name} for a demo"),
        };
        Ok(Self { name: name.to_owned(), running })
    }

    pub(super) fn address(&self) -> SocketAddr {
        match &self.running {
            Running::Alertmanager(server) => server.address(),
            Running::StandIn(server) => server.address(),
        }
    }

    /// Returns its process, if it has one of its own.
    pub(super) fn process(&self) -> Option<&Process> {
        match &self.running {
            Running::Alertmanager(server) => Some(server.process()),
            Running::StandIn(_) => None,
        }
    }
}
