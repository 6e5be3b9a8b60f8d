//! Runs a real VictoriaMetrics, which speaks Prometheus' API, reads a language of its own beside PromQL, and has other
//! pages.

use crate::client::{Client, Request};
use crate::process::{self, Process};
use crate::tools::{self, Program, Tool};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// The time that it has to start, and for each later wait.
const START: Duration = Duration::from_secs(60);

/// An edition of VictoriaMetrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Edition {
    /// The edition in the machine's archive: 1.79 or later.
    #[default]
    Usual,
    /// An edition that reads the newer MetricsQL.
    Newer,
}

impl Edition {
    /// Returns the program that serves.
    #[must_use]
    pub const fn server(self) -> Program {
        match self {
            Self::Usual => Program::VictoriaMetrics,
            Self::Newer => Program::NewerVictoriaMetrics,
        }
    }
}

/// The settings of VictoriaMetrics. By default it holds nothing and scrapes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    pub edition: Edition,
    /// An OpenMetrics text with times, of any age.
    pub samples: Option<String>,
    /// The targets to scrape, as the text of a configuration file of Prometheus. `ADDRESS` in it is where
    /// VictoriaMetrics itself listens.
    pub scrape: Option<String>,
    /// Flags that are added at the end.
    pub flags: Vec<String>,
}

/// A running VictoriaMetrics with data of its own, which is removed when it is dropped.
pub struct VictoriaMetrics {
    process: Process,
    address: SocketAddr,
    _directory: TempDir,
}

impl VictoriaMetrics {
    /// Starts VictoriaMetrics on a free port of 127.0.0.1, and waits until it has loaded its samples.
    ///
    /// # Errors
    ///
    /// Returns an error if it can't be found or fetched, doesn't take the samples, or isn't ready within a minute; the
    /// error shows its last lines.
    pub fn start(options: &Options) -> Result<Self> {
        let tool = tools::find(options.edition.server())?;
        let directory = tempfile::tempdir().context("cannot make a directory for VictoriaMetrics")?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, process::free_port()?));
        if let Some(scrape) = &options.scrape {
            let path = directory.path().join("scrape.yml");
            let text = scrape.replace("ADDRESS", &address.to_string());
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        }
        let command = command(&tool, directory.path(), address, options);
        let process = Process::start("VictoriaMetrics", command)?;
        let server = Self { process, address, _directory: directory };
        server.wait("health", "/health", "OK")?;
        if let Some(samples) = &options.samples {
            server.load(samples)?;
        }
        Ok(server)
    }

    /// Returns the address that it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the process, with its id and its output.
    #[must_use]
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Sends it a `GET` without a proxy, and returns the status and the body.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no answer.
    pub fn get(&self, target: &str) -> Result<(u16, String)> {
        process::get(self.address, target)
    }

    /// Waits until the answer to `target` is 200 and contains `wanted`.
    ///
    /// # Errors
    ///
    /// Returns an error if that doesn't happen within a minute. `what` tells in the error what was waited for.
    pub fn wait(&self, what: &str, target: &str, wanted: &str) -> Result<()> {
        self.process.wait_until(what, START, || {
            self.get(target).is_ok_and(|(status, body)| status == 200 && body.contains(wanted)).then_some(())
        })
    }

    /// Loads an OpenMetrics text, which later requests then see.
    fn load(&self, samples: &str) -> Result<()> {
        let body = in_milliseconds(samples);
        let request = Request::new("POST", "/api/v1/import/prometheus").body(body);
        let answer = Client::plain(self.address).send(request)?;
        ensure!(answer.status < 300, "VictoriaMetrics refused the samples: {}", answer.text());
        let (status, said) = self.get("/internal/force_flush")?;
        ensure!(status == 200, "VictoriaMetrics didn't flush its samples: {said}");
        Ok(())
    }
}

/// Returns the text with its times, which stand last in a line, in milliseconds: VictoriaMetrics doesn't read the
/// seconds of OpenMetrics.
fn in_milliseconds(samples: &str) -> String {
    let series = samples.lines().filter(|line| !line.starts_with('#'));
    series.map(|line| format!("{line}000\n")).collect()
}

fn command(tool: &Tool, directory: &Path, address: SocketAddr, options: &Options) -> Command {
    let mut command = tool.command();
    command.current_dir(directory);
    command.arg(format!("-httpListenAddr={address}")).arg("-storageDataPath=data");
    // Samples may be of any age, and new ones have to be visible at once.
    command.args(["-retentionPeriod=100y", "-search.latencyOffset=0s", "-memory.allowedBytes=256MB"]);
    // It counts the series that it fetched. An answer from its cache fetches fewer, and only it knows when it forgets
    // one.
    command.arg("-search.disableCache");
    if options.scrape.is_some() {
        command.arg("-promscrape.config=scrape.yml");
    }
    command.args(&options.flags);
    command
}
