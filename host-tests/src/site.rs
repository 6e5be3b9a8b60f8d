//! A whole site, as a user has one: TLS for `example.com` in front of a server, on real Envoy with the shipped file or on
//! the embedded host. Every end-to-end scenario takes one, and runs on both; so does the demo.

use crate::certificates::{Authority, Files};
use crate::client::Client;
use crate::envoy::{self, Envoy};
use crate::gateway::{self, ClientCertificates, Gateway, TlsFiles};
use crate::host::{Log, Plugin, Settings};
use crate::tools::{self, Program};
use anyhow::{Context, Result};
use serde_norway::Value;
use std::fmt;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// The cluster that the shipped file has, and the guide's configuration names.
const CLUSTER: &str = "prometheus";

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

/// What a site is made of.
#[derive(Clone)]
pub struct Options {
    /// The server that is guarded: the cluster `prometheus`.
    pub upstream: SocketAddr,
    /// The filter's configuration, in place of the shipped one.
    pub configuration: Option<String>,
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

/// A running site. It ends with this value.
pub struct Site {
    running: Running,
    authority: Authority,
    directory: TempDir,
}

enum Running {
    Envoy(Box<Envoy>),
    Embedded(Gateway),
}

impl Site {
    /// Starts a site.
    ///
    /// # Errors
    ///
    /// When the module can't be built, the host can't be had, or it refuses the configuration; the message has its words.
    pub fn start(host: Host, options: &Options) -> Result<Self> {
        let module = promward_module::build()?;
        let directory = tempfile::tempdir().context("cannot make a directory for certificates")?;
        let authority = Authority::new("promward's own authority")?;
        let files = authority.server()?.write(directory.path(), "example.com")?;
        let running = match host {
            Host::Envoy => Running::Envoy(Box::new(start_envoy(options, &module, directory.path())?)),
            Host::Embedded => Running::Embedded(start_embedded(options, &module, &files)?),
        };
        Ok(Self { running, authority, directory })
    }

    /// Where https is served.
    #[must_use]
    pub fn https(&self) -> SocketAddr {
        match &self.running {
            Running::Envoy(envoy) => envoy.https(),
            Running::Embedded(gateway) => gateway.address(),
        }
    }

    /// Where plain http is served, which only redirects.
    #[must_use]
    pub fn http(&self) -> Option<SocketAddr> {
        match &self.running {
            Running::Envoy(envoy) => Some(envoy.http()),
            Running::Embedded(gateway) => gateway.plain_address(),
        }
    }

    /// A client that trusts the site's authority.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::https(self.https()).trust(self.authority.pem())
    }

    /// The authority that signed the site's certificate.
    #[must_use]
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Where the site's certificates are.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The Envoy that runs it, if it is one.
    #[must_use]
    pub fn envoy(&self) -> Option<&Envoy> {
        match &self.running {
            Running::Envoy(envoy) => Some(envoy),
            Running::Embedded(_) => None,
        }
    }
}

fn start_envoy(options: &Options, module: &Path, certificates: &Path) -> Result<Envoy> {
    let mut envoy = envoy::Options::new(certificates, module, options.upstream);
    envoy.configuration.clone_from(&options.configuration);
    envoy.concurrency = options.workers;
    envoy.https_port = options.https_port;
    envoy.http_port = options.http_port;
    Envoy::start(&envoy)
}

fn start_embedded(options: &Options, module: &Path, files: &Files) -> Result<Gateway> {
    let configuration = match &options.configuration {
        Some(configuration) => configuration.clone(),
        None => shipped_configuration()?,
    };
    let bytes = fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
    let mut settings = Settings::new(bytes, configuration);
    settings.vm_id = "promward".to_owned();
    settings.log = Arc::clone(&options.log);
    let tls = TlsFiles {
        certificate: files.certificate.clone(),
        key: files.key.clone(),
        clients: ClientCertificates::NotAsked,
    };
    let mut gateway = gateway::Options::new(tls, Plugin::load(settings)?).cluster(CLUSTER, options.upstream);
    gateway.workers = usize::try_from(options.workers)?;
    gateway.listen = local(options.https_port);
    gateway.plain = Some(local(options.http_port));
    Gateway::start(gateway)
}

/// The filter's configuration in the shipped file.
fn shipped_configuration() -> Result<String> {
    let file: Value = serde_norway::from_str(envoy::CONFIGURATION).context("the shipped file is no YAML")?;
    filter_configuration(&file).context("the shipped file configures no filter")
}

/// The first text under `configuration.value`, wherever it stands.
fn filter_configuration(node: &Value) -> Option<String> {
    if let Some(text) =
        node.get("configuration").and_then(|configuration| configuration.get("value")?.as_str())
    {
        return Some(text.to_owned());
    }
    match node {
        Value::Mapping(fields) => fields.values().find_map(filter_configuration),
        Value::Sequence(items) => items.iter().find_map(filter_configuration),
        _ => None,
    }
}

/// The port 0 is any that is free.
fn local(port: Option<u16>) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port.unwrap_or(0)))
}

/// Makes of each scenario, a function of a [`Host`], two tests: one on each host. What a host lacks is skipped by name.
#[macro_export]
macro_rules! on_both_hosts {
    ($($scenario:ident),* $(,)?) => {
        mod on_envoy {
            $(#[test]
            fn $scenario() {
                if $crate::site::Host::Envoy.is_here() {
                    super::$scenario($crate::site::Host::Envoy);
                }
            })*
        }

        mod on_the_embedded_host {
            $(#[test]
            fn $scenario() {
                super::$scenario($crate::site::Host::Embedded);
            })*
        }
    };
}
