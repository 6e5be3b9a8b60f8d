//! The parts that a deployment of a demo is made of, whichever host runs it.

use promward_harness::envoy::Provider;
use promward_harness::envoy::variants::Variant;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The file of the clients' authority, in the directory of certificates.
pub(super) const CLIENTS: &str = "clients-ca.crt";

/// The parts of a deployment.
pub(super) struct Parts<'a> {
    /// The path of the module.
    pub(super) module: &'a Path,
    /// The filter's configuration (JSON).
    pub(super) configuration: &'a str,
    /// The address of the server behind.
    pub(super) upstream: SocketAddr,
    pub(super) https: u16,
    /// The port of http, which only redirects.
    pub(super) http: u16,
    /// The directory where the server's certificate is written, and where those of other authorities are found.
    pub(super) certificates: &'a Path,
    /// The fragments that are added to the Envoy file.
    pub(super) variants: &'a [Variant],
    /// The addresses of further servers, by the names of their clusters.
    pub(super) clusters: Vec<(String, SocketAddr)>,
    /// The keys that verify JSON Web Tokens (a JSON Web Key Set).
    pub(super) jwks: Option<String>,
    /// The provider that people log in at.
    pub(super) provider: Option<Provider>,
}

impl Parts<'_> {
    /// Returns the file of the clients' authority, if clients are asked for certificates.
    pub(super) fn clients(&self) -> Option<PathBuf> {
        self.variants.contains(&Variant::ClientCertificates).then(|| self.certificates.join(CLIENTS))
    }
}
