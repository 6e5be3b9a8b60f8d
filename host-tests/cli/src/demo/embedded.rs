//! The embedded host as a program of its own. Cargo compiles it when a demo asks for it, since few do, and its WebAssembly
//! engine takes minutes to compile.

use super::parts::Parts;
use super::progress;
use anyhow::{Context, Result, ensure};
use promward_harness::certificates::Files;
use promward_harness::process::{self, Process};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// The name of the package and of the program.
const PROGRAM: &str = "promward-embedded";

/// The time that the program may take to start. Most of it is for compiling the module.
const START: Duration = Duration::from_secs(60);

/// A running embedded host. Dropping this value ends it.
pub(super) struct Embedded {
    process: Process,
    admin: SocketAddr,
    _directory: TempDir,
}

impl Embedded {
    /// Compiles the program if necessary, starts it, and waits until it serves.
    ///
    /// # Errors
    ///
    /// Returns an error if Cargo can't build it, or it ends before it serves; the message has its last lines.
    pub(super) fn start(parts: &Parts<'_>, files: &Files) -> Result<Self> {
        let program = build()?;
        let directory = tempfile::tempdir().context("cannot make a directory for the embedded host")?;
        let configuration = directory.path().join("promward.json");
        fs::write(&configuration, parts.configuration)
            .with_context(|| format!("cannot write {}", configuration.display()))?;
        let admin = SocketAddr::from((Ipv4Addr::LOCALHOST, process::free_port()?));
        let mut command = Command::new(program);
        let mut path = |name: &str, path: &Path| {
            command.arg(name).arg(path);
        };
        path("--module", parts.module);
        path("--configuration", &configuration);
        path("--certificate", &files.certificate);
        path("--key", &files.key);
        if let Some(clients) = parts.clients() {
            path("--clients", &clients);
        }
        command.args(["--upstream", &parts.upstream.to_string()]);
        command.args(["--https-port", &parts.https.to_string()]);
        command.args(["--http-port", &parts.http.to_string()]);
        command.args(["--admin-port", &admin.port().to_string()]);
        let process = Process::start("the embedded host", command)?;
        process.wait_until("being ready", START, || {
            process::get(admin, "/ready").is_ok_and(|(status, _)| status == 200).then_some(())
        })?;
        Ok(Self { process, admin, _directory: directory })
    }

    pub(super) fn process(&self) -> &Process {
        &self.process
    }

    /// Returns the address of its admin.
    pub(super) fn admin(&self) -> SocketAddr {
        self.admin
    }
}

/// Lets Cargo build the program, and returns its path.
fn build() -> Result<PathBuf> {
    let target = promward_module::target_directory()?;
    let program = target.join("debug").join(PROGRAM);
    let what = match program.exists() {
        true => "building the embedded host",
        false => {
            "building the embedded host with its WebAssembly engine, which takes some minutes the first time"
        }
    };
    // With the features of the whole workspace, so that nothing is built again for the tests.
    let mut cargo = promward_start::cargo();
    cargo.args(["build", "--workspace", "--bin", PROGRAM, "--target-dir"]).arg(&target);
    cargo.current_dir(promward_module::workspace()?).stdin(Stdio::null());
    let status = progress::during(what, || cargo.status()).context("cannot run cargo")?;
    ensure!(status.success(), "cargo could not build {PROGRAM}: {status}");
    Ok(program)
}
