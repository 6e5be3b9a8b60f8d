//! The options of a deployment.

use promward_embedded::host::Log;
use promward_harness::certificates::Authority;
use promward_harness::envoy::Provider;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// The options of a deployment.
#[derive(Clone)]
pub struct Options {
    /// The server behind promward, which is the cluster `prometheus`.
    pub upstream: SocketAddr,
    /// The filter's configuration, in place of the shipped one.
    pub configuration: Option<String>,
    /// The module, in place of promward's own.
    pub module: Option<PathBuf>,
    pub client_certificates: ClientCertificates,
    /// The authority that signs the deployment's certificate and those of clients. Without one, the deployment makes
    /// its own.
    pub authority: Option<Arc<Authority>>,
    /// Envoy's `allow_on_headers_stop_iteration`, which is `false` in the shipped file.
    pub allow_on_headers_stop_iteration: bool,
    /// On Envoy: verifies tokens with this JSON Web Key Set, as the fragment `jwt.yaml` does.
    pub jwks: Option<String>,
    /// On Envoy: leads people to this provider, as the fragment `openid-connect.yaml` does.
    pub provider: Option<Provider>,
    /// On the embedded host, which verifies no tokens: the property `metadata` of every request, as
    /// [`jwt::metadata`](promward_harness::jwt::metadata) writes it.
    pub metadata: Option<Vec<u8>>,
    /// On Envoy: the filter's configuration is a watched file, as in the fragment `watched.yaml`.
    /// [`Deployment::reconfigure`](super::Deployment::reconfigure) needs that. On the embedded host it always works.
    pub watched: bool,
    /// On Envoy: WebSockets pass, as with the fragment `websockets.yaml`.
    pub websockets: bool,
    /// On Envoy: further texts of the shipped file, each with its replacement.
    pub replace: Vec<(String, String)>,
    /// `false` takes out of the shipped file what writes the client into `x-promward-client`.
    pub writes_client: bool,
    /// The number of worker threads, each with a VM.
    pub workers: u32,
    /// The port of https, or a free one.
    pub https_port: Option<u16>,
    /// The port of http, or a free one.
    pub http_port: Option<u16>,
    /// Receives the filter's log lines on the embedded host. Envoy writes them among its own.
    pub log: Log,
}

impl Options {
    /// Returns the options for the shipped configuration in front of a server, with two workers.
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
            provider: None,
            metadata: None,
            watched: false,
            websockets: false,
            replace: Vec::new(),
            writes_client: true,
            workers: 2,
            https_port: None,
            http_port: None,
            log: Arc::new(|_, _| {}),
        }
    }

    /// Returns the same options with another configuration of the filter.
    #[must_use]
    pub fn configured(upstream: SocketAddr, configuration: &str) -> Self {
        Self { configuration: Some(configuration.to_owned()), ..Self::new(upstream) }
    }
}

/// The choice to ask clients for certificates. No client has to present one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientCertificates {
    NotAsked,
    /// Clients may present a certificate, and the deployment's [authority](super::Deployment::authority) has to have
    /// signed the certificate.
    SignedByTheDeployment,
}
