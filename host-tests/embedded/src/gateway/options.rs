//! The options that a gateway is started with.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use crate::host::Plugin;

/// A function that takes the module's record of each request that has ended.
pub type AccessLog = Arc<dyn Fn(&str) + Send + Sync>;

/// The settings of a gateway: its listeners, its certificate, its module and its upstreams.
#[derive(Clone)]
pub struct Options {
    /// The address that serves TLS. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// The address that answers plain HTTP with a redirect (308) to https, if there is to be one. Port 0 takes a free
    /// one.
    pub plain: Option<SocketAddr>,
    pub tls: TlsFiles,
    /// The number of threads, each with a VM of its own; at least one.
    pub workers: usize,
    /// The upstream of each cluster, by the name that the module puts into `x-promward-cluster`. The gateway removes
    /// that header from a client's request before the module sees it.
    pub clusters: BTreeMap<String, SocketAddr>,
    /// The upstream of requests for which the module names no cluster. With `None` they are answered 404, as the
    /// shipped file does; a module that doesn't route needs an upstream here.
    pub upstream: Option<SocketAddr>,
    pub plugin: Plugin,
    /// The time that the upstream has from the end of a request to the head of its answer. After it the gateway answers
    /// 504.
    pub timeout: Duration,
    /// `true` lets trailers of HTTP/1.1 messages through (those announced by a `Trailer` header), `false` drops them:
    /// Envoy's `enable_trailers`. Trailers of HTTP/2 always reach the module.
    pub http1_trailers: bool,
    /// `true` writes the client's address and version of TLS into `x-promward-client`, as the shipped file does. `false`
    /// leaves what the client says there, and so do hosts other than Envoy.
    pub writes_client: bool,
    /// Receives the property that the shipped file shows in the access log, of each request for which the module sets it.
    pub access_log: AccessLog,
}

impl Options {
    /// Creates options with one worker on a free loopback port, no clusters, the shipped file's timeout, and Envoy's
    /// defaults.
    pub fn new(tls: TlsFiles, plugin: Plugin) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            plain: None,
            tls,
            workers: 1,
            clusters: BTreeMap::new(),
            upstream: None,
            plugin,
            timeout: Duration::from_secs(600),
            http1_trailers: false,
            writes_client: true,
            access_log: Arc::new(|_| {}),
        }
    }

    #[must_use]
    pub fn cluster(mut self, name: &str, address: SocketAddr) -> Self {
        self.clusters.insert(name.to_owned(), address);
        self
    }
}

/// The PEM files of a listener. The gateway looks at them for each new connection, and reads them again when they
/// changed.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The certificate, followed by its chain.
    pub certificate: PathBuf,
    /// The private key of the certificate.
    pub key: PathBuf,
    pub clients: ClientCertificates,
}

/// The setting whether clients are asked for a certificate. No client has to present one: the module decides about
/// that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientCertificates {
    /// The gateway doesn't ask.
    NotAsked,
    /// The gateway asks, and refuses a certificate that no authority in this PEM file has signed.
    SignedBy(PathBuf),
    /// The gateway asks, and the client has to prove that it has the certificate's key. Any signer will do: Envoy's
    /// `ACCEPT_UNTRUSTED`.
    Any,
}
