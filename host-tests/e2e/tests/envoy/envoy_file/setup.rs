//! Envoy with the shipped file, between a client that trusts its authority and a stand-in for Prometheus.

use anyhow::Result;
use promward_harness::certificates::Authority;
use promward_harness::client::Client;
use promward_harness::envoy::{Envoy, Options};
use promward_harness::tools::{self, Program, Tool};
use promward_harness::upstream::{Reply, Upstream};
use tempfile::TempDir;

/// A target that contains this is answered by the test itself, through [`Upstream::held`].
pub(crate) const HELD: &str = "held=1";

/// The path of an event stream, which is answered in the same way.
pub(crate) const EVENTS: &str = "/api/v1/notifications/live";

pub(crate) struct Setup {
    pub(crate) tool: Tool,
    pub(crate) authority: Authority,
    pub(crate) certificates: TempDir,
    pub(crate) upstream: Upstream,
    pub(crate) envoy: Envoy,
}

impl Setup {
    /// Starts Envoy, or returns `None` if there is no Envoy, so that the test is skipped.
    pub(crate) fn start() -> Option<Self> {
        Self::with(|_| ())
    }

    /// Starts Envoy as [`start`](Self::start) does, with other options.
    pub(crate) fn with(change: impl FnOnce(&mut Options)) -> Option<Self> {
        Self::try_start(change).map(Result::unwrap)
    }

    /// Starts Envoy as [`with`](Self::with) does, where it may refuse to start.
    pub(crate) fn try_start(change: impl FnOnce(&mut Options)) -> Option<Result<Self>> {
        let tool = tools::need(Program::Envoy)?;
        let authority = Authority::new("Test CA").unwrap();
        let certificates = tempfile::tempdir().unwrap();
        authority.server().unwrap().write(certificates.path(), "example.com").unwrap();
        let upstream =
            Upstream::start(|request| match request.target.contains(HELD) || request.target == EVENTS {
                true => Reply::hold(),
                false => Reply::text("from upstream"),
            });
        let upstream = upstream.unwrap();
        let mut options =
            Options::new(certificates.path(), &promward_module::build().unwrap(), upstream.address());
        change(&mut options);
        let envoy = Envoy::start(&options);
        Some(envoy.map(|envoy| Self { tool, authority, certificates, upstream, envoy }))
    }

    pub(crate) fn client(&self) -> Client {
        Client::https(self.envoy.https()).trust(self.authority.pem())
    }
}
