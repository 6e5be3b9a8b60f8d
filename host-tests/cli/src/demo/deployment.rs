//! The deployment of a demo: a certificate of its own authority, and promward in front of a server, on Envoy with the
//! shipped file or on the embedded host.

use super::embedded::Embedded;
use super::parts::Parts;
use anyhow::{Context, Result};
use promward_harness::certificates::{Authority, Files};
use promward_harness::envoy::{self, Envoy};
pub use promward_harness::host::Host;
use promward_harness::process::Process;
use std::fs;
use std::path::Path;

/// The host names that are served: the guide's, and one that every browser on this machine can resolve.
pub(super) const DOMAINS: [&str; 2] = ["example.com", "localhost"];

/// A running deployment. Dropping this value ends it.
pub(super) struct Deployment {
    running: Running,
    authority: Authority,
}

enum Running {
    Envoy(Box<Envoy>),
    Embedded(Embedded),
}

impl Deployment {
    /// Starts a deployment and waits until it serves.
    ///
    /// # Errors
    ///
    /// Returns an error if the host is not available or refuses the configuration; the message has its last lines.
    pub(super) fn start(host: Host, parts: &Parts<'_>) -> Result<Self> {
        let authority = Authority::new("promward's own authority")?;
        let files = server_certificate(&authority, parts.certificates)?;
        let running = match host {
            Host::Envoy => {
                let mut envoy = envoy::Options::new(parts.certificates, parts.module, parts.upstream);
                envoy.configuration = Some(parts.configuration.to_owned());
                envoy.https_port = Some(parts.https);
                envoy.http_port = Some(parts.http);
                envoy.domains = DOMAINS.map(str::to_owned).to_vec();
                envoy.variants = parts.variants.to_vec();
                envoy.jwks.clone_from(&parts.jwks);
                envoy.clusters.clone_from(&parts.clusters);
                envoy.provider.clone_from(&parts.provider);
                Running::Envoy(Box::new(Envoy::start(&envoy)?))
            }
            Host::Embedded => Running::Embedded(Embedded::start(parts, &files)?),
        };
        Ok(Self { running, authority })
    }

    /// Returns the authority that signed the server's certificate.
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

    /// Reads a counter or gauge over all workers, by the filter's name for it; 0 if it doesn't exist yet.
    ///
    /// # Errors
    ///
    /// Returns an error if the host doesn't answer.
    pub(super) fn metric(&self, name: &str) -> Result<u64> {
        let admin = match &self.running {
            Running::Envoy(envoy) => envoy.admin(),
            Running::Embedded(embedded) => embedded.admin(),
        };
        Ok(envoy::stat(admin, &format!("wasmcustom.{name}"))?.unwrap_or_default())
    }
}

/// Makes the server's certificate. The file has the authority's certificate behind it, so that clients can be told to
/// trust either.
fn server_certificate(authority: &Authority, directory: &Path) -> Result<Files> {
    let server = authority.server()?;
    let files = server.write(directory, "example.com")?;
    fs::write(&files.certificate, server.certificate_pem() + &authority.pem())
        .with_context(|| format!("cannot write {}", files.certificate.display()))?;
    Ok(files)
}
