//! Envoy with the shipped `envoy.yaml`. Only addresses, ports and paths are replaced in its text, so that tests run
//! what ships.

mod file;
mod fragment;
mod options;
pub(crate) mod shipped;
pub mod variants;

use crate::process::{self, Process, Stream};
use crate::tools::{self, Tool};
use anyhow::{Context, Result, bail, ensure};
pub use file::{ALLOWS_PATHS, Cluster, DIRECTORY, FileOptions};
pub use options::{Options, Provider};
use serde_json::Value;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// The time that Envoy may take to start. Most of it is for compiling the module.
const START: Duration = Duration::from_secs(60);

/// The time that Envoy may take to notice that a watched file has changed, and to use or refuse it.
const NOTICE: Duration = Duration::from_secs(60);

/// The words with which Envoy logs that it refuses a watched file. The reason follows.
const REJECTED: &str = "config update rejected";

/// The prefix of Envoy's statistics about the watched file of the filter.
const DISCOVERED: &str = "extension_config_discovery.http_filter.promward";

/// The main file as it ships.
pub const CONFIGURATION: &str = include_str!("../../../envoy/envoy.yaml");

/// The file that names the certificate, as it ships.
pub const CERTIFICATE: &str = include_str!("../../../envoy/sds/certificate.yaml");

/// The file of the watched filter, as it ships.
pub const ECDS: &str = include_str!("../../../envoy/ecds/promward.yaml");

/// A running Envoy. Dropping this value ends it.
pub struct Envoy {
    process: Process,
    addresses: Addresses,
    options: Options,
    file: PathBuf,
    directory: TempDir,
}

#[derive(Clone, Copy)]
struct Addresses {
    https: SocketAddr,
    http: SocketAddr,
    admin: SocketAddr,
}

impl Envoy {
    /// Starts Envoy and waits until it serves.
    ///
    /// # Errors
    ///
    /// Returns an error if Envoy is not available, if the shipped file lacks a text that is to be replaced, or if Envoy
    /// ends or isn't ready within a minute. The error has its last lines, with the reason if it refused a
    /// configuration.
    pub fn start(options: &Options) -> Result<Self> {
        let tool = tools::envoy()?;
        let addresses = Addresses {
            https: local(options.https_port)?,
            http: local(options.http_port)?,
            admin: local(None)?,
        };
        let directory = tempfile::tempdir().context("cannot make a directory for Envoy")?;
        let file = options.write(tool.version, addresses, directory.path())?;
        let process = Process::start("Envoy", command(&tool, &file, options))?;
        let envoy = Self { process, addresses, options: options.clone(), file, directory };
        envoy.process.wait_until("being ready", START, || {
            process::get(addresses.admin, "/ready").is_ok_and(|(status, _)| status == 200).then_some(())
        })?;
        Ok(envoy)
    }

    /// Replaces the watched file of [`Variant::Watched`](variants::Variant::Watched) by one with another configuration
    /// of the filter, by renaming, and waits until new requests are under it.
    ///
    /// # Errors
    ///
    /// Returns an error if Envoy refuses it and continues with the last one; the error has its last lines, with the
    /// reason. Also returns an error if Envoy runs without that variant.
    pub fn reconfigure(&self, configuration: &str) -> Result<()> {
        let refused = format!("{DISCOVERED}.config_fail");
        let used = format!("{DISCOVERED}.config_reload");
        let count = || Ok::<_, anyhow::Error>((self.stat(&used)?, self.stat(&refused)?));
        let told = || {
            let lines = self.process.lines(Stream::Errors);
            lines.iter().filter(|line| line.contains(REJECTED)).count()
        };
        let (before, told_before) = (count()?, told());
        let policy = self.directory.path().join(options::POLICY);
        let beside = policy.with_extension("new");
        fs::write(&beside, self.options.policy(Some(configuration))?)
            .and_then(|()| fs::rename(&beside, &policy))
            .with_context(|| format!("cannot replace {}", policy.display()))?;
        let after = self.process.wait_until("reading its watched file", NOTICE, || {
            count().ok().filter(|counted| *counted != before)
        })?;
        if after.1 != before.1 {
            // Its words come by a pipe, and may come later than the counter is asked for.
            self.process.wait_until("saying why it refused the file", NOTICE, || {
                (told() > told_before).then_some(())
            })?;
        }
        ensure!(after.1 == before.1, "Envoy refused the configuration: {}", self.process);
        Ok(())
    }

    /// Returns the address of HTTPS.
    #[must_use]
    pub fn https(&self) -> SocketAddr {
        self.addresses.https
    }

    /// Returns the address of plain HTTP, which only redirects.
    #[must_use]
    pub fn http(&self) -> SocketAddr {
        self.addresses.http
    }

    /// Returns the address of the admin.
    #[must_use]
    pub fn admin(&self) -> SocketAddr {
        self.addresses.admin
    }

    /// Returns the process, with its id and its output.
    #[must_use]
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Returns the path of the main file, with the replacements made.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Returns all statistics in Prometheus' text format.
    ///
    /// # Errors
    ///
    /// Returns an error if the admin doesn't answer.
    pub fn stats(&self) -> Result<String> {
        self.ask("/stats?format=prometheus")
    }

    /// Returns a counter or gauge by Envoy's own name, such as `http.https.downstream_rq_2xx`, or `None` if there is
    /// none of that name.
    ///
    /// # Errors
    ///
    /// Returns an error if the admin doesn't answer, or the value isn't a number.
    pub fn stat(&self, name: &str) -> Result<Option<u64>> {
        stat(self.addresses.admin, name)
    }

    /// Returns the access log so far, one JSON object for each request. Envoy writes the line of a request when it has
    /// ended, so wait for it with [`Process::wait_until`].
    #[must_use]
    pub fn access_log(&self) -> Vec<Value> {
        let lines = self.process.lines(Stream::Output);
        lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Returns the filter's records of decisions in the access log so far, with `Null` for each request that it wasn't
    /// asked about. Wait for them as for [`access_log`](Self::access_log).
    #[must_use]
    pub fn records(&self) -> Vec<Value> {
        let read = |line: &Value| serde_json::from_str(line.get("promward")?.as_str()?).ok();
        self.access_log().iter().map(|line| read(line).unwrap_or_default()).collect()
    }

    fn ask(&self, target: &str) -> Result<String> {
        ask(self.addresses.admin, target)
    }
}

/// Reads a counter or gauge from the admin of Envoy, or from a program that answers `/stats` in the same form.
///
/// # Errors
///
/// Returns an error if the admin doesn't answer, or the value isn't a number.
pub fn stat(admin: SocketAddr, name: &str) -> Result<Option<u64>> {
    let stats = ask(admin, "/stats")?;
    let value = stats.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    value.map(str::parse).transpose().with_context(|| format!("{name} is not a number"))
}

fn ask(admin: SocketAddr, target: &str) -> Result<String> {
    let (status, body) = process::get(admin, target)?;
    if status != 200 {
        bail!("the admin of {admin} answers {status} to {target}: {body}");
    }
    Ok(body)
}

fn command(tool: &Tool, file: &Path, options: &Options) -> Command {
    let mut command = tool.command();
    command.arg("--config-path").arg(file);
    command.args(["--concurrency", &options.concurrency.to_string()]);
    // Several Envoys run at once, and none takes over from another.
    command.arg("--disable-hot-restart");
    // Milliseconds. With the default every test that reads the access log would wait ten seconds.
    command.args(["--file-flush-interval-msec", "20"]);
    command.args(&options.arguments);
    command
}

fn local(port: Option<u16>) -> Result<SocketAddr> {
    let port = port.map_or_else(process::free_port, Ok)?;
    Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
}
