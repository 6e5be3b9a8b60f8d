//! A whole deployment, as a user has one: TLS for `example.com` in front of a server, on real Envoy with the shipped file or on
//! the embedded host. Every end-to-end scenario takes one, and runs on both; so does the demo.

mod idle;
mod options;
mod start;

use anyhow::{Context, Result, bail};
pub use idle::Open;
pub use options::{ClientCertificates, Options};
use promward_embedded::gateway::Gateway;
use promward_embedded::host::{Counts, MetricValue, Plugin};
use promward_harness::certificates::Authority;
use promward_harness::client::Client;
use promward_harness::envoy::Envoy;
use promward_harness::tools::{self, Program};
use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a metric may take to come to what a test waits for, and how often it is looked at.
const PATIENCE: Duration = Duration::from_secs(60);
const GLANCE: Duration = Duration::from_millis(5);

/// What Envoy puts before the names of metrics that a module defines.
const CUSTOM: &str = "wasmcustom";

/// Envoy's count of the VMs that it has made.
const VMS: &str = "wasm.envoy.wasm.runtime.v8.created";

/// The deployment's authority, in its directory: where the shipped file looks for those of client certificates.
const AUTHORITY: &str = "clients-ca.crt";

/// What runs the filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// Real Envoy with the shipped file.
    Envoy,
    /// The embedded gateway.
    Embedded,
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Envoy => "Envoy",
            Self::Embedded => "the embedded host",
        })
    }
}

impl Host {
    /// Whether this machine has it. Where it hasn't, that is printed, and where `CI` is set it is a failure.
    #[track_caller]
    #[must_use]
    pub fn is_here(self) -> bool {
        self == Self::Embedded || tools::need(Program::Envoy).is_some()
    }
}

/// A running deployment. It ends with this value.
pub struct Deployment {
    running: Running,
    upstream: SocketAddr,
    authority: Arc<Authority>,
    directory: TempDir,
}

enum Running {
    Envoy(Box<Envoy>),
    Embedded(Gateway, Plugin),
}

impl Deployment {
    /// Starts a deployment.
    ///
    /// # Errors
    ///
    /// When the module can't be built, the host can't be had, or it refuses the configuration; the message has its words.
    pub fn start(host: Host, options: &Options) -> Result<Self> {
        let module = options.module.clone().map_or_else(promward_module::build, Ok)?;
        let directory = tempfile::tempdir().context("cannot make a directory for certificates")?;
        let authority = match &options.authority {
            Some(authority) => Arc::clone(authority),
            None => Arc::new(Authority::new("promward's own authority")?),
        };
        let files = authority.server()?.write(directory.path(), "example.com")?;
        let authorities = directory.path().join(AUTHORITY);
        authority.write(&authorities)?;
        let running = match host {
            Host::Envoy => Running::Envoy(Box::new(start::start_envoy(options, &module, directory.path())?)),
            Host::Embedded => {
                let (gateway, plugin) = start::start_embedded(options, &module, &files, &authorities)?;
                Running::Embedded(gateway, plugin)
            }
        };
        Ok(Self { running, upstream: options.upstream, authority, directory })
    }

    /// Where https is served.
    #[must_use]
    pub fn https(&self) -> SocketAddr {
        match &self.running {
            Running::Envoy(envoy) => envoy.https(),
            Running::Embedded(gateway, _) => gateway.address(),
        }
    }

    /// Where plain http is served, which only redirects.
    #[must_use]
    pub fn http(&self) -> Option<SocketAddr> {
        match &self.running {
            Running::Envoy(envoy) => Some(envoy.http()),
            Running::Embedded(gateway, _) => gateway.plain_address(),
        }
    }

    /// A client that trusts the deployment's authority.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::https(self.https()).trust(self.authority.pem())
    }

    /// The authority that signed the deployment's certificate.
    #[must_use]
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Where the deployment's certificates are.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The Envoy that runs it, if it is one.
    #[must_use]
    pub fn envoy(&self) -> Option<&Envoy> {
        match &self.running {
            Running::Envoy(envoy) => Some(envoy),
            Running::Embedded(..) => None,
        }
    }

    /// Puts requests that begin from now on under another configuration of the filter's; those that have begun end under
    /// the old one. On Envoy the deployment has to be [watched](Options::watched).
    ///
    /// # Errors
    ///
    /// When the filter refuses it, and the old one stays; the message has its words.
    pub fn reconfigure(&self, configuration: &str) -> Result<()> {
        match &self.running {
            Running::Envoy(envoy) => envoy.reconfigure(configuration),
            Running::Embedded(gateway, _) => gateway.reconfigure(configuration),
        }
    }

    /// A counter's or gauge's value over all workers, by the name that the filter gave it; 0 while there is none.
    ///
    /// # Errors
    ///
    /// When Envoy's admin doesn't answer.
    pub fn metric(&self, name: &str) -> Result<u64> {
        match &self.running {
            Running::Envoy(envoy) => Ok(envoy.stat(&format!("{CUSTOM}.{name}"))?.unwrap_or_default()),
            Running::Embedded(_, plugin) => {
                let named = plugin.metrics().into_iter().find_map(|(other, value)| match value {
                    MetricValue::Counter(value) | MetricValue::Gauge(value) if other == name => Some(value),
                    _ => None,
                });
                Ok(named.unwrap_or_default())
            }
        }
    }

    /// Waits until a metric has come to a value, for a minute at most. Gives the value that it has.
    ///
    /// # Errors
    ///
    /// When it doesn't, and as [`metric`](Self::metric).
    pub fn wait_for_metric(&self, name: &str, at_least: u64) -> Result<u64> {
        let start = Instant::now();
        loop {
            let value = self.metric(name)?;
            if value >= at_least {
                return Ok(value);
            }
            if start.elapsed() > PATIENCE {
                bail!("the metric {name} is {value} after {PATIENCE:?}, and not {at_least} or more");
            }
            thread::sleep(GLANCE);
        }
    }

    /// How many VMs have been started so far: one more than before means that one has failed, or another configuration.
    ///
    /// # Errors
    ///
    /// When Envoy's admin doesn't answer.
    pub fn vms(&self) -> Result<u64> {
        match &self.running {
            Running::Envoy(envoy) => Ok(envoy.stat(VMS)?.unwrap_or_default()),
            Running::Embedded(_, plugin) => Ok(plugin.vms()),
        }
    }

    /// Host calls and instructions so far, over all workers and configurations; `None` on Envoy, which counts neither.
    #[must_use]
    pub fn counts(&self) -> Option<Counts> {
        match &self.running {
            Running::Envoy(_) => None,
            Running::Embedded(_, plugin) => Some(plugin.counts()),
        }
    }
}

/// Makes of each scenario, a function of a [`Host`], two tests: one on each host. What a host lacks is skipped by name.
#[macro_export]
macro_rules! on_both_hosts {
    ($($scenario:ident),* $(,)?) => {
        mod on_envoy {
            $(#[test]
            fn $scenario() {
                if $crate::deployment::Host::Envoy.is_here() {
                    super::$scenario($crate::deployment::Host::Envoy);
                }
            })*
        }

        mod on_the_embedded_host {
            $(#[test]
            fn $scenario() {
                super::$scenario($crate::deployment::Host::Embedded);
            })*
        }
    };
}
