//! The connections and requests that a deployment has open, as the kernel and Envoy count them. When the count is back
//! at its first value, nothing has leaked.

use super::{Deployment, GLANCE, PATIENCE, Running};
use anyhow::{Context, Result, bail};
use promward_harness::process;
use std::fs;
use std::thread;
use std::time::Instant;

/// Envoy's counts of open requests and connections.
const ACTIVE: [&str; 4] = [
    "http.https.downstream_rq_active",
    "http.https.downstream_cx_active",
    "cluster.prometheus.upstream_rq_active",
    "cluster.prometheus.upstream_rq_pending_active",
];

/// The open connections and requests of a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// Connections of clients, without the listening sockets.
    pub clients: usize,
    /// Connections to the server.
    pub upstream: usize,
    /// Open requests and connections by Envoy's name of the count. Empty on the embedded host.
    pub active: Vec<(&'static str, u64)>,
    /// All descriptors of Envoy's process. `None` on the embedded host, which shares a process with others.
    pub descriptors: Option<usize>,
}

impl Open {
    /// Checks that no client is connected and no request is open. Connections to the server may be kept.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.clients == 0 && self.active.iter().all(|&(_, value)| value == 0)
    }
}

impl Deployment {
    /// Counts what is open now.
    pub fn open(&self) -> Result<Open> {
        let sockets = fs::read_to_string("/proc/net/tcp").context("cannot list the machine's connections")?;
        let sockets: Vec<_> =
            sockets.lines().filter_map(Socket::read).filter(|socket| socket.is_owned).collect();
        let (https, upstream) = (self.https().port(), self.upstream.port());
        let clients = sockets.iter().filter(|socket| socket.local == https && !socket.listens).count();
        let upstream = sockets.iter().filter(|socket| socket.remote == upstream).count();
        let (mut active, mut descriptors) = (Vec::new(), None);
        if let Running::Envoy(envoy) = &self.running {
            for name in ACTIVE {
                active.push((name, envoy.stat(name)?.unwrap_or_default()));
            }
            descriptors = Some(process::descriptors(envoy.process().id())?);
        }
        Ok(Open { clients, upstream, active, descriptors })
    }

    /// Waits for at most a minute until `is_as_wanted` holds, and returns what is open then.
    ///
    /// # Errors
    ///
    /// Fails if it doesn't hold by then. The message has `what`, and what is open instead.
    pub fn wait_until_open(&self, what: &str, is_as_wanted: impl Fn(&Open) -> bool) -> Result<Open> {
        let start = Instant::now();
        loop {
            let open = self.open()?;
            if is_as_wanted(&open) {
                return Ok(open);
            }
            if start.elapsed() > PATIENCE {
                bail!("waited {PATIENCE:?} for {what} in vain: {open:?}");
            }
            thread::sleep(GLANCE);
        }
    }
}

/// A line of the kernel's table of connections.
struct Socket {
    local: u16,
    remote: u16,
    listens: bool,
    /// Is set while a process holds the socket.
    is_owned: bool,
}

impl Socket {
    /// Reads `sl local remote state queues timer retransmits uid timeout inode …`. The first line of the table has
    /// names.
    fn read(line: &str) -> Option<Self> {
        let port = |address: &str| u16::from_str_radix(address.rsplit(':').next()?, 16).ok();
        let mut fields = line.split_whitespace().skip(1);
        let (local, remote, state) = (port(fields.next()?)?, port(fields.next()?)?, fields.next()?);
        Some(Self { local, remote, listens: state == "0A", is_owned: fields.nth(5)? != "0" })
    }
}
