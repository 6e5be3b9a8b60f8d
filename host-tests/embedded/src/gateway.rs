//! The embedded gateway: a thin front of TLS and HTTP around the proxy-wasm host, for tests and for machines without
//! Envoy.
//!
//! It does what the shipped `envoy.yaml` has Envoy do around the filter and nothing more: it terminates TLS, hands each
//! request to the module, routes by the `x-promward-cluster` header that the module set, and streams both ways. It
//! reads a frame only when the one before has been sent, so that a body of any size takes little memory.
//!
//! hyper decides some things before the module can. It answers 400 to a target that isn't a URI to the `http` crate:
//! one with bytes that aren't UTF-8, with `<`, `>` or a control byte, with a backtick in the path or a `"` in the
//! query. It cuts off a fragment (`#…`). It leaves out the `content-length` of a 304.

mod accept;
mod body;
mod call;
mod fields;
mod headers;
mod options;
mod origin;
mod peer;
mod played;
mod root;
mod stream;
mod stream_ends;
mod tls;
mod worker;
mod worker_state;

use std::{
    net::SocketAddr,
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
};

use anyhow::{Context, Result, anyhow};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::sync::watch;

pub use options::{AccessLog, ClientCertificates, Options, TlsFiles};

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
    /// Returns an error if a port is taken, the certificate can't be used, or the module refuses to start.
    pub fn start(options: Options) -> Result<Self> {
        let certificates = Arc::new(tls::Certificates::load(options.tls.clone())?);
        let (stop, stopped) = watch::channel(false);
        // No worker listens for the first configuration: it starts with it or doesn't start.
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
                // All workers wait at the same socket, and an idle one takes the connection. Sockets that share a port
                // would let another process share it too, without notice.
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

    /// Puts new requests under another configuration of the module. Requests that have begun end under the old one.
    ///
    /// # Errors
    ///
    /// Returns an error if the module refuses the configuration. Then nothing has changed.
    pub fn reconfigure(&self, configuration: &str) -> Result<()> {
        let plugin = self.changes.borrow().plugin.reconfigured(configuration)?;
        let (taken, answers) = mpsc::channel();
        self.changes.send_replace(worker::Change { plugin, taken });
        for _ in &self.threads {
            answers.recv().context("a worker has ended")??;
        }
        Ok(())
    }

    /// Returns the address that serves TLS.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the address that redirects plain HTTP.
    pub fn plain_address(&self) -> Option<SocketAddr> {
        self.plain_address
    }

    /// Ends the gateway, as dropping it does.
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
