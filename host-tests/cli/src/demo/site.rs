//! The site of a demo: a certificate of its own authority, and promward in front of a server, on Envoy with the shipped
//! file or on the embedded host.

use super::embedded::Embedded;
use anyhow::{Context, Result};
use promward_harness::certificates::Authority;
use promward_harness::envoy::{self, Envoy};
use promward_harness::process::Process;
use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use tempfile::TempDir;

/// What runs the filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// Real Envoy with the shipped file.
    Envoy,
    /// The proxy-wasm host of this repository.
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

/// The parts that a site is made of.
pub(super) struct Options<'a> {
    /// The module to run.
    pub(super) module: &'a Path,
    /// The filter's configuration (JSON).
    pub(super) configuration: &'a str,
    /// The server behind.
    pub(super) upstream: SocketAddr,
    /// The port of https.
    pub(super) https: u16,
    /// The port of http, which only redirects.
    pub(super) http: u16,
}

/// A running site. It ends with this value.
pub(super) struct Site {
    running: Running,
    authority: Authority,
    _certificates: TempDir,
}

enum Running {
    Envoy(Box<Envoy>),
    Embedded(Embedded),
}

impl Site {
    /// Starts a site and waits until it serves.
    ///
    /// # Errors
    ///
    /// When the host can't be had, or it refuses the configuration; the message has its last lines.
    pub(super) fn start(host: Host, options: &Options<'_>) -> Result<Self> {
        let certificates = tempfile::tempdir().context("cannot make a directory for certificates")?;
        let authority = Authority::new("promward's own authority")?;
        let files = authority.server()?.write(certificates.path(), "example.com")?;
        let running = match host {
            Host::Envoy => {
                let mut envoy = envoy::Options::new(certificates.path(), options.module, options.upstream);
                envoy.configuration = Some(options.configuration.to_owned());
                envoy.https_port = Some(options.https);
                envoy.http_port = Some(options.http);
                Running::Envoy(Box::new(Envoy::start(&envoy)?))
            }
            Host::Embedded => Running::Embedded(Embedded::start(options, &files)?),
        };
        Ok(Self { running, authority, _certificates: certificates })
    }

    /// Returns the authority that signed the site's certificate.
    pub(super) fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Returns the process of the host.
    pub(super) fn process(&self) -> &Process {
        match &self.running {
            Running::Envoy(envoy) => envoy.process(),
            Running::Embedded(embedded) => embedded.process(),
        }
    }

    /// Reads a counter or gauge over all workers, by the name that the filter gave it; 0 while there is none.
    ///
    /// # Errors
    ///
    /// When the host doesn't answer.
    pub(super) fn metric(&self, name: &str) -> Result<u64> {
        let admin = match &self.running {
            Running::Envoy(envoy) => envoy.admin(),
            Running::Embedded(embedded) => embedded.admin(),
        };
        Ok(envoy::stat(admin, &format!("wasmcustom.{name}"))?.unwrap_or_default())
    }
}
