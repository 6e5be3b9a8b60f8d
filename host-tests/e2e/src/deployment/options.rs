//! What a deployment is made of.

use promward_embedded::host::Log;
use promward_harness::certificates::Authority;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// What a deployment is made of.
#[derive(Clone)]
pub struct Options {
    /// The server that is guarded: the cluster `prometheus`.
    pub upstream: SocketAddr,
    /// The filter's configuration, in place of the shipped one.
    pub configuration: Option<String>,
    /// The module, in place of promward's own.
    pub module: Option<PathBuf>,
    /// Whether clients may present certificates.
    pub client_certificates: ClientCertificates,
    /// Whose certificates the deployment has and takes; one of its own if not given.
    pub authority: Option<Arc<Authority>>,
    /// Envoy's `allow_on_headers_stop_iteration`; `false` ships.
    pub allow_on_headers_stop_iteration: bool,
    /// On Envoy: verifies tokens with this JSON Web Key Set, as the shipped `jwt.yaml` does.
    pub jwks: Option<String>,
    /// On the embedded host, which verifies none: the property `metadata` of every request, as
    /// [`jwt::metadata`](promward_harness::jwt::metadata) writes it.
    pub metadata: Option<Vec<u8>>,
    /// On Envoy: the filter's configuration is a watched file, as in the shipped `watched.yaml`, which
    /// [`Deployment::reconfigure`](super::Deployment::reconfigure) needs. The embedded host can always do that.
    pub watched: bool,
    /// On Envoy: further texts of the shipped file and what stands in for each.
    pub replace: Vec<(String, String)>,
    /// Worker threads, a VM each.
    pub workers: u32,
    /// The port of https, a free one if not given.
    pub https_port: Option<u16>,
    /// The port of http, a free one if not given.
    pub http_port: Option<u16>,
    /// Where the embedded host writes the filter's log lines; Envoy writes them among its own.
    pub log: Log,
}

impl Options {
    /// The shipped configuration in front of a server, with two workers.
    #[must_use]
    pub fn new(upstream: SocketAddr) -> Self {
        Self {
            upstream,
            configuration: None,
            module: None,
            client_certificates: ClientCertificates::NotAsked,
            authority: None,
            allow_on_headers_stop_iteration: false,
            jwks: None,
            metadata: None,
            watched: false,
            replace: Vec::new(),
            workers: 2,
            https_port: None,
            http_port: None,
            log: Arc::new(|_, _| {}),
        }
    }

    /// The same with a configuration of the filter's own.
    #[must_use]
    pub fn configured(upstream: SocketAddr, configuration: &str) -> Self {
        Self { configuration: Some(configuration.to_owned()), ..Self::new(upstream) }
    }
}

/// Whether a deployment's clients are asked for certificates. None has to present one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientCertificates {
    /// They aren't.
    NotAsked,
    /// They are, and the deployment's [authority](super::Deployment::authority) has to have signed it.
    SignedByTheDeployment,
}
