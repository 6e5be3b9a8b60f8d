//! Runs a real OpenID Connect provider: npm's `oidc-provider`, as a script of an example sets it up.

use crate::certificates::Authority;
use crate::envoy::Provider;
use crate::process::{self, Process};
use crate::tools::npm::{self, OIDC_PROVIDER};
use crate::tools::{self, Program};
use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The time that it has to start.
const START: Duration = Duration::from_secs(60);

/// The files in its directory.
const AUTHORITY: &str = "ca.crt";
const CLIENT_SECRET: &str = "client-secret";
const PROGRAM_SECRET: &str = "program-secret";

/// The settings of the provider.
#[derive(Clone, Debug)]
pub struct Options {
    /// The script that sets it up.
    pub script: PathBuf,
    /// The directory for its certificate, that of the authority that signed it (`ca.crt`), and its clients' secrets.
    pub directory: PathBuf,
    /// The URLs, without a path, of the site whose people it knows.
    pub sites: Vec<String>,
    /// The seconds until a token expires.
    pub lifetime: u32,
}

/// A running provider, at `https://localhost` on a free port. Dropping this value ends it.
pub struct IdentityProvider {
    process: Process,
    port: u16,
    options: Options,
    client_secret: String,
}

/// Returns `None`, after a line that says so, if a test has to be skipped because a provider can't be had.
///
/// # Panics
///
/// Panics where [`tools::need`] does.
#[track_caller]
pub fn need() -> Option<()> {
    tools::need(Program::Node)?;
    tools::or_skip(npm::package(&OIDC_PROVIDER), &OIDC_PROVIDER).map(drop)
}

impl IdentityProvider {
    /// Starts the provider with new secrets, and waits until it serves.
    ///
    /// # Errors
    ///
    /// Returns an error if Node or the package can't be had, or the script doesn't start; the error has its last lines.
    pub fn start(options: Options) -> Result<Self> {
        let library = npm::package(&OIDC_PROVIDER)?;
        let directory = &options.directory;
        fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
        let authority = Authority::new("The identity provider's authority")?;
        authority.write(&directory.join(AUTHORITY))?;
        let files = authority.server_for(&["localhost"])?.write(directory, "localhost")?;
        let [client_secret, program_secret] = [random()?, random()?];
        write_secret(&directory.join(CLIENT_SECRET), &client_secret)?;
        write_secret(&directory.join(PROGRAM_SECRET), &program_secret)?;
        let port = process::free_port()?;
        let mut command = tools::find(Program::Node)?.command();
        command.arg(&options.script).arg(library).arg(files.certificate).arg(files.key);
        command.arg(port.to_string()).args(&options.sites);
        command.env("CLIENT_SECRET", &client_secret).env("PROGRAM_SECRET", program_secret);
        command.env("SESSION_SECONDS", options.lifetime.to_string());
        let process = Process::start("the identity provider", command)?;
        process.wait_for_line("ready: ", START)?;
        Ok(Self { process, port, options, client_secret })
    }

    /// Returns its URL, by which its tokens name it.
    #[must_use]
    pub fn issuer(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// Returns the address on 127.0.0.1 where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// Returns its certificate, PEM.
    ///
    /// # Errors
    ///
    /// Returns an error if the file is gone.
    pub fn certificate(&self) -> Result<String> {
        let path = self.options.directory.join("localhost.crt");
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    }

    /// Returns the facts that an Envoy has to know to lead people to it, with a new key for its cookies.
    ///
    /// # Errors
    ///
    /// Returns an error if the system has no randomness.
    pub fn of_envoy(&self) -> Result<Provider> {
        Ok(Provider {
            port: self.port,
            authority: self.options.directory.join(AUTHORITY),
            client_secret: self.client_secret.clone(),
            session_key: random()?,
        })
    }

    /// Returns the process, with its id and its output: a line for each grant.
    #[must_use]
    pub fn process(&self) -> &Process {
        &self.process
    }
}

/// Returns 256 random bits as text.
fn random() -> Result<String> {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).ok().context("the system has no randomness")?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Writes a file that its owner alone can read.
fn write_secret(path: &Path, secret: &str) -> Result<()> {
    let _ = fs::remove_file(path);
    let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    created
        .and_then(|mut file| file.write_all(secret.as_bytes()))
        .with_context(|| format!("cannot write {}", path.display()))
}
