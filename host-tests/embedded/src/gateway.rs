//! The embedded gateway: a thin front of TLS and HTTP around the proxy-wasm host, for tests and for machines without Envoy.
//!
//! It does what the shipped `envoy.yaml` has Envoy do around the filter and nothing more: it terminates TLS, hands each
//! request to the module, routes by the `x-promward-cluster` header that the module set, and streams both ways. A frame is
//! read only when what came of the one before has been sent, so that a body of any size takes little memory.
//!
//! hyper decides some things before the module can. It answers 400 to a target that isn't a URI to the `http` crate: one
//! with bytes that aren't UTF-8, with `<`, `>` or a control byte, with a backtick in the path or a `"` in the query. It cuts
//! off a fragment (`#…`). It leaves the `content-length` of a 304 away.

mod accept;
mod body;
mod headers;
mod origin;
mod peer;
mod root;
mod stream;
mod stream_ends;
mod tls;
mod worker;

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::{Context, Result, anyhow};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::sync::watch;

use crate::host::Plugin;

/// What a gateway listens on, shows, runs and forwards to.
#[derive(Clone)]
pub struct Options {
    /// Where TLS is served. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where plain HTTP is answered with 301 to https; nowhere if `None`. Port 0 takes a free one.
    pub plain: Option<SocketAddr>,
    /// The certificate that is shown.
    pub tls: TlsFiles,
    /// How many threads there are, each with a VM of its own; at least one.
    pub workers: usize,
    /// The upstream of each cluster, by the name that the module puts into `x-promward-cluster`. A client's own is removed
    /// before the module sees the request.
    pub clusters: BTreeMap<String, SocketAddr>,
    /// Where requests go for which the module names no cluster. `None` answers them 404, as the shipped file does; a module
    /// that doesn't route needs one.
    pub upstream: Option<SocketAddr>,
    /// The module.
    pub plugin: Plugin,
    /// How long the upstream may take from the end of a request to the head of its answer, before it is answered 504.
    pub timeout: Duration,
    /// Whether trailers of HTTP/1.1 messages go through (those announced by a `Trailer` header), or are dropped: Envoy's
    /// `enable_trailers`. Trailers of HTTP/2 always reach the module.
    pub http1_trailers: bool,
}

impl Options {
    /// One worker on a free loopback port, no clusters yet, the shipped file's timeout, and Envoy's defaults.
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
        }
    }

    /// Adds a cluster.
    #[must_use]
    pub fn cluster(mut self, name: &str, address: SocketAddr) -> Self {
        self.clusters.insert(name.to_owned(), address);
        self
    }
}

/// PEM files. They are looked at for each new connection, and read again when they changed.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The certificate, with its chain.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Whether a client may present one, too.
    pub clients: ClientCertificates,
}

/// Whether clients are asked for certificates. None has to present one: that is for the module to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientCertificates {
    /// They aren't asked.
    NotAsked,
    /// They are asked, and a certificate has to be of one of the authorities in this PEM file.
    SignedBy(PathBuf),
    /// They are asked, and have to prove that they have the certificate's key; who signed it is not looked at: Envoy's
    /// `ACCEPT_UNTRUSTED`.
    Any,
}

/// A running gateway. Dropping it ends its threads and cuts its connections.
pub struct Gateway {
    address: SocketAddr,
    plain_address: Option<SocketAddr>,
    changes: watch::Sender<worker::Change>,
    stop: watch::Sender<bool>,
    threads: Vec<JoinHandle<()>>,
}

impl Gateway {
    /// Binds the listeners, loads the certificate, and starts the workers with their VMs.
    ///
    /// # Errors
    ///
    /// When a port is taken, the certificate can't be used, or the module refuses to start.
    pub fn start(options: Options) -> Result<Self> {
        let certificates = Arc::new(tls::Certificates::load(options.tls.clone())?);
        let (stop, stopped) = watch::channel(false);
        // Nobody listens for the first configuration: a worker starts with it or doesn't start.
        let first = worker::Change { plugin: options.plugin.clone(), taken: mpsc::channel().0 };
        let (changes, changed) = watch::channel(first);
        let listener = bind(options.listen)?;
        let address = local_address(&listener)?;
        let mut plain = options.plain.map(bind).transpose()?;
        let plain_address = plain.as_ref().map(local_address).transpose()?;
        let options = Arc::new(options);
        let mut gateway = Self { address, plain_address, changes, stop, threads: Vec::new() };
        for _ in 0..options.workers.max(1) {
            let task = worker::Task {
                options: Arc::clone(&options),
                certificates: Arc::clone(&certificates),
                // All workers wait at the same socket, and whoever is idle takes a connection. Sockets that share a port
                // would let another process share it too, unnoticed.
                listener: listener.try_clone().context("sharing the listener")?,
                address,
                plain: plain.take(),
                changes: changed.clone(),
                stopped: stopped.clone(),
            };
            gateway.threads.push(start_worker(task)?);
        }
        Ok(gateway)
    }

    /// Puts new requests under another configuration of the module; those that have begun end under the old one.
    ///
    /// # Errors
    ///
    /// When the module refuses it: then nothing has changed.
    pub fn reconfigure(&self, configuration: &str) -> Result<()> {
        let plugin = self.changes.borrow().plugin.reconfigured(configuration)?;
        let (taken, answers) = mpsc::channel();
        self.changes.send_replace(worker::Change { plugin, taken });
        for _ in &self.threads {
            answers.recv().context("a worker has ended")??;
        }
        Ok(())
    }

    /// Where TLS is served.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where plain HTTP is redirected.
    pub fn plain_address(&self) -> Option<SocketAddr> {
        self.plain_address
    }

    /// Ends it, as dropping does.
    pub fn stop(self) {}
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// Starts a worker's thread, and waits until it serves or says why it can't.
fn start_worker(task: worker::Task) -> Result<JoinHandle<()>> {
    let (ready, started) = mpsc::channel();
    let thread = thread::Builder::new()
        .name("gateway".to_owned())
        .spawn(move || task.run(&ready))
        .context("starting a worker's thread")?;
    match started.recv() {
        Ok(Ok(())) => Ok(thread),
        Ok(Err(error)) => Err(error.context("starting a worker")),
        Err(_) => Err(anyhow!("a worker ended before it was ready")),
    }
}

fn bind(address: SocketAddr) -> Result<Socket> {
    let bound = || {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(1024)?;
        std::io::Result::Ok(socket)
    };
    bound().with_context(|| format!("listening on {address}"))
}

fn local_address(socket: &Socket) -> Result<SocketAddr> {
    socket.local_addr()?.as_socket().context("a TCP socket has an address")
}
