//! A whole deployment as a user has one: TLS for `example.com` in front of a server, on real Envoy with the shipped
//! file or on the embedded host. Every end-to-end scenario starts one, and runs on both hosts.

mod host;
mod idle;
mod options;
mod start;
pub mod unable;

use anyhow::{Context, Result, bail};
pub use host::Host;
pub use idle::Open;
pub use options::{ClientCertificates, Options};
use promward_embedded::gateway::Gateway;
use promward_embedded::host::{Counts, MetricValue, Plugin};
use promward_harness::certificates::Authority;
use promward_harness::client::Client;
use promward_harness::envoy::Envoy;
use serde_json::Value;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The longest wait for a value of a metric, and the pause between two looks at it.
const PATIENCE: Duration = Duration::from_secs(60);
const GLANCE: Duration = Duration::from_millis(5);

/// The prefix that Envoy puts before the names of a module's metrics.
const CUSTOM: &str = "wasmcustom";

/// Envoy's count of the VMs that it has started.
const VMS: &str = "wasm.envoy.wasm.runtime.v8.created";

/// The file with the deployment's authority, in its directory. The shipped file expects the authority of client
/// certificates there.
const AUTHORITY: &str = "clients-ca.crt";

/// A running deployment. It ends when this value is dropped.
pub struct Deployment {
    running: Running,
    upstream: SocketAddr,
    authority: Arc<Authority>,
    directory: TempDir,
    /// The access log of the embedded host. Envoy writes its own.
    records: Arc<Mutex<Vec<String>>>,
}

enum Running {
    Envoy(Box<Envoy>),
    Embedded(Gateway, Plugin),
}

impl Deployment {
    /// Starts a deployment and waits until it serves.
    ///
    /// # Errors
    ///
    /// Fails if the module can't be built, if the host isn't there, or if the host refuses the configuration; the
    /// message then has the host's words.
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
        let records: Arc<Mutex<Vec<String>>> = Arc::default();
        let running = match host.personality() {
            None => Running::Envoy(Box::new(start::start_envoy(options, &module, directory.path())?)),
            Some(personality) => {
                let written = Arc::clone(&records);
                let log = Arc::new(move |record: &str| written.lock().unwrap().push(record.to_owned()));
                let files = (&files, authorities.as_path());
                let (gateway, plugin) = start::start_embedded(options, &module, files, personality, log)?;
                Running::Embedded(gateway, plugin)
            }
        };
        Ok(Self { running, upstream: options.upstream, authority, directory, records })
    }

    /// Returns the address of https.
    #[must_use]
    pub fn https(&self) -> SocketAddr {
        match &self.running {
            Running::Envoy(envoy) => envoy.https(),
            Running::Embedded(gateway, _) => gateway.address(),
        }
    }

    /// Returns the address of plain http, where everything is redirected to https.
    #[must_use]
    pub fn http(&self) -> Option<SocketAddr> {
        match &self.running {
            Running::Envoy(envoy) => Some(envoy.http()),
            Running::Embedded(gateway, _) => gateway.plain_address(),
        }
    }

    /// Returns a client that trusts the deployment's authority.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::https(self.https()).trust(self.authority.pem())
    }

    /// Returns the authority that signed the deployment's certificate.
    #[must_use]
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Returns the directory with the deployment's certificates.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Returns the Envoy that runs the filter, or `None` on the embedded host.
    #[must_use]
    pub fn envoy(&self) -> Option<&Envoy> {
        match &self.running {
            Running::Envoy(envoy) => Some(envoy),
            Running::Embedded(..) => None,
        }
    }

    /// Replaces the filter's configuration. Requests that begin from now on get the new one; requests that have begun
    /// end under the old one. On Envoy the deployment has to be [watched](Options::watched).
    ///
    /// # Errors
    ///
    /// Fails if the filter refuses the configuration, and the old one stays. The message has the filter's words.
    pub fn reconfigure(&self, configuration: &str) -> Result<()> {
        match &self.running {
            Running::Envoy(envoy) => envoy.reconfigure(configuration),
            Running::Embedded(gateway, _) => gateway.reconfigure(configuration),
        }
    }

    /// Returns the value of a counter or gauge, summed over all workers, by the name that the filter gave it. It is 0
    /// while there is no such metric.
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

    /// Waits for at most a minute until a metric has reached a value, and returns the metric's value.
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

    /// Waits for at most a minute until this number of requests has ended, and returns the filter's record of each, as the
    /// access log has it: `Null` for one that the filter wasn't asked about.
    pub fn wait_for_records(&self, at_least: usize) -> Result<Vec<Value>> {
        let start = Instant::now();
        loop {
            let records = match &self.running {
                Running::Envoy(envoy) => envoy.records(),
                Running::Embedded(..) => {
                    let written = self.records.lock().unwrap();
                    written.iter().map(|record| serde_json::from_str(record)).collect::<Result<_, _>>()?
                }
            };
            if records.len() >= at_least {
                return Ok(records);
            }
            if start.elapsed() > PATIENCE {
                bail!("the access log has {} requests after {PATIENCE:?}: {records:?}", records.len());
            }
            thread::sleep(GLANCE);
        }
    }

    /// Returns the number of VMs that have been started so far. It grows when a VM has failed and when the
    /// configuration changes.
    pub fn vms(&self) -> Result<u64> {
        match &self.running {
            Running::Envoy(envoy) => Ok(envoy.stat(VMS)?.unwrap_or_default()),
            Running::Embedded(_, plugin) => Ok(plugin.vms()),
        }
    }

    /// Returns the host calls and instructions so far, of all workers and configurations, or `None` on Envoy, which
    /// counts neither.
    #[must_use]
    pub fn counts(&self) -> Option<Counts> {
        match &self.running {
            Running::Envoy(_) => None,
            Running::Embedded(_, plugin) => Some(plugin.counts()),
        }
    }
}

/// Makes two tests of each scenario, which is a function of a [`Host`]: one on Envoy, one on the embedded host. A test
/// whose host this machine lacks is skipped by name.
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

/// Makes four tests of each scenario: two as [`on_both_hosts`] does, and two on the embedded host as it plays nginx and
/// Traffic Server. A host that can't pass a scenario has a row in [`unable`](crate::deployment::unable), with the reason.
#[macro_export]
macro_rules! on_every_host {
    ($($scenario:ident),* $(,)?) => {
        $crate::on_both_hosts! { $($scenario),* }

        mod as_nginx {
            $(#[test]
            fn $scenario() {
                if $crate::deployment::unable::can($crate::deployment::Host::Nginx, module_path!(), stringify!($scenario)) {
                    super::$scenario($crate::deployment::Host::Nginx);
                }
            })*
        }

        mod as_traffic_server {
            $(#[test]
            fn $scenario() {
                let host = $crate::deployment::Host::TrafficServer;
                if $crate::deployment::unable::can(host, module_path!(), stringify!($scenario)) {
                    super::$scenario(host);
                }
            })*
        }
    };
}
