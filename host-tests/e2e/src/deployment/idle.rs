//! What a deployment has open, as the kernel and Envoy count it: that it comes back to where it was is how a test knows that
//! nothing was leaked.

use super::{Deployment, GLANCE, PATIENCE, Running};
use anyhow::{Context, Result, bail};
use promward_harness::process;
use std::fs;
use std::thread;
use std::time::Instant;

/// What Envoy says is on its way.
const ACTIVE: [&str; 4] = [
    "http.https.downstream_rq_active",
    "http.https.downstream_cx_active",
    "cluster.prometheus.upstream_rq_active",
    "cluster.prometheus.upstream_rq_pending_active",
];

/// What a deployment has open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// Connections of clients, the listeners' own sockets not among them.
    pub clients: usize,
    /// Connections to the server.
    pub upstream: usize,
    /// Requests and connections that Envoy knows of, by its own name; none on the embedded host.
    pub active: Vec<(&'static str, u64)>,
    /// All descriptors of Envoy's process. None on the embedded host, which shares a process with others.
    pub descriptors: Option<usize>,
}

impl Open {
    /// Whether no client is there and nothing is on its way. Connections to the server may be kept.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.clients == 0 && self.active.iter().all(|&(_, value)| value == 0)
    }
}

impl Deployment {
    /// What it has open now.
    ///
    /// # Errors
    ///
    /// When the kernel or Envoy can't be asked.
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

    /// Waits for a minute at most until what it has open is as wanted, and gives it.
    ///
    /// # Errors
    ///
    /// When it isn't by then; the message has `what`, and what there is in its place.
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
    /// Whether a process has it still.
    is_owned: bool,
}

impl Socket {
    /// `sl local remote state queues timer retransmits uid timeout inode …`; the first line has names.
    fn read(line: &str) -> Option<Self> {
        let port = |address: &str| u16::from_str_radix(address.rsplit(':').next()?, 16).ok();
        let mut fields = line.split_whitespace().skip(1);
        let (local, remote, state) = (port(fields.next()?)?, port(fields.next()?)?, fields.next()?);
        Some(Self { local, remote, listens: state == "0A", is_owned: fields.nth(5)? != "0" })
    }
}
