//! Runs a real Prometheus, which scrapes itself or has samples from a file.

use crate::process::{self, Process};
use crate::tools::{self, Program, Tool};
use anyhow::{Context, Result, ensure};
use std::ffi::OsString;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// The time that it has to start and to scrape itself once.
const START: Duration = Duration::from_secs(60);

/// The name of the directory of its samples, in its own directory.
const DATA: &str = "data";

/// A release of Prometheus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Release {
    /// The release that the guide's tests and the demo run: 2.42 or later.
    #[default]
    Usual,
    /// A release from 3.0 on.
    Three,
}

impl Release {
    /// Returns the program that serves.
    #[must_use]
    pub const fn server(self) -> Program {
        match self {
            Self::Usual => Program::Prometheus,
            Self::Three => Program::Prometheus3,
        }
    }

    /// Returns the tool that makes its blocks.
    #[must_use]
    pub const fn promtool(self) -> Program {
        match self {
            Self::Usual => Program::Promtool,
            Self::Three => Program::Promtool3,
        }
    }
}

/// The beginning of a configuration that scrapes, and evaluates its rules, each second.
pub const EACH_SECOND: &str = "global:\n  scrape_interval: 1s\n  evaluation_interval: 1s\n";

/// The source of the samples.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Samples {
    /// Prometheus scrapes itself each second.
    #[default]
    Scraped,
    /// An OpenMetrics text with times, of any age. Nothing else is stored, so that answers at a fixed time are always
    /// the same.
    OpenMetrics(String),
    /// The samples that this configuration file leads to; it replaces the one that makes Prometheus scrape itself.
    /// `ADDRESS` in it is where Prometheus listens, `rules.yml` is the file of the rules, and other files have absolute
    /// paths. Prometheus has started when it is ready, whatever it has scraped by then.
    Configured(String),
}

/// The settings of Prometheus. The default is what the guide begins with: no flags about the web.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    pub release: Release,
    pub samples: Samples,
    /// The flag `--query.lookback-delta`: the greatest age of a sample that counts as the present one. `/federate`
    /// always asks for the present.
    pub lookback_delta: Option<String>,
    /// The value of the flag `--web.external-url`.
    pub external_url: Option<String>,
    /// The value of the flag `--web.route-prefix`.
    pub route_prefix: Option<String>,
    /// `true` adds the flag `--web.enable-admin-api`.
    pub admin_api: bool,
    /// `true` adds the flag `--web.enable-lifecycle`.
    pub lifecycle: bool,
    /// `true` adds the flag `--web.enable-remote-write-receiver`.
    pub remote_write_receiver: bool,
    /// Recording and alerting rules, as the text of a rule file.
    pub rules: Option<String>,
    /// Flags that are added at the end.
    pub further: Vec<String>,
}

impl Options {
    /// Returns the flags of the guide: Prometheus is served at `https://example.com/prometheus/` by a proxy that strips
    /// the prefix.
    #[must_use]
    pub fn guide() -> Self {
        Self {
            external_url: Some("https://example.com/prometheus".to_owned()),
            route_prefix: Some("/".to_owned()),
            ..Self::default()
        }
    }

    /// Returns the path that its pages and its API begin with: the route prefix, or else the path of the external URL,
    /// without a slash at its end.
    #[must_use]
    pub fn path(&self) -> &str {
        let external = self.external_url.as_deref().unwrap_or_default();
        let external = external.split_once("://").map_or(external, |(_, rest)| rest);
        let external = external.find('/').map_or("", |slash| &external[slash..]);
        self.route_prefix.as_deref().unwrap_or(external).trim_end_matches('/')
    }

    fn flags(&self) -> Vec<String> {
        let mut flags = Vec::new();
        flags.extend(self.external_url.as_ref().map(|url| format!("--web.external-url={url}")));
        flags.extend(self.route_prefix.as_ref().map(|prefix| format!("--web.route-prefix={prefix}")));
        flags.extend(self.admin_api.then(|| "--web.enable-admin-api".to_owned()));
        flags.extend(self.lifecycle.then(|| "--web.enable-lifecycle".to_owned()));
        flags.extend(self.remote_write_receiver.then(|| "--web.enable-remote-write-receiver".to_owned()));
        flags.extend(self.lookback_delta.as_ref().map(|delta| format!("--query.lookback-delta={delta}")));
        flags.extend(self.further.iter().cloned());
        flags
    }
}

/// A running Prometheus with data of its own, which is removed when it is dropped.
pub struct Prometheus {
    process: Process,
    address: SocketAddr,
    options: Options,
    _directory: TempDir,
}

impl Prometheus {
    /// Starts Prometheus on a free port of 127.0.0.1 and waits until it has its samples: until it has scraped itself,
    /// so that `label/job/values` says `prometheus`, or has loaded what it was given.
    ///
    /// # Errors
    ///
    /// Returns an error if Prometheus can't be found or fetched, doesn't take the samples, or isn't ready within a
    /// minute; the error shows its last lines.
    pub fn start(options: Options) -> Result<Self> {
        let tool = tools::find(options.release.server())?;
        let directory = tempfile::tempdir().context("cannot make a directory for Prometheus")?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, process::free_port()?));
        write_configuration(directory.path(), address, &options)?;
        if let Samples::OpenMetrics(text) = &options.samples {
            make_blocks(&tools::find(options.release.promtool())?, directory.path(), text)?;
        }
        let process = Process::start("Prometheus", command(&tool, directory.path(), address, &options))?;
        let prometheus = Self { process, address, options, _directory: directory };
        match prometheus.options.samples {
            Samples::Scraped => prometheus.wait("its first scrape", "/api/v1/query?query=up", "\"1\"]")?,
            Samples::OpenMetrics(_) | Samples::Configured(_) => {
                prometheus.wait("readiness", "/-/ready", "")?
            }
        }
        Ok(prometheus)
    }

    /// Returns the address that it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the settings that it was started with.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Returns the process, with its id and its output.
    #[must_use]
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Sends it a `GET` without a proxy, and returns the status and the body. `target` begins with `/` and follows the
    /// path of [`Options::path`].
    ///
    /// # Errors
    ///
    /// Returns an error if there is no answer.
    pub fn get(&self, target: &str) -> Result<(u16, String)> {
        process::get(self.address, &format!("{}{target}", self.options.path()))
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
}

fn write_configuration(directory: &Path, address: SocketAddr, options: &Options) -> Result<()> {
    let write = |name: &str, text: &str| {
        let path = directory.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    };
    let mut configuration = EACH_SECOND.to_owned();
    if options.samples == Samples::Scraped {
        configuration.push_str(&format!(
            "scrape_configs:\n- job_name: prometheus\n  metrics_path: {}/metrics\n  static_configs:\n  - targets: ['{address}']\n",
            options.path()
        ));
    }
    if let Some(rules) = &options.rules {
        write("rules.yml", rules)?;
        configuration.push_str("rule_files: [rules.yml]\n");
    }
    if let Samples::Configured(given) = &options.samples {
        configuration = given.replace("ADDRESS", &address.to_string());
    }
    write("prometheus.yml", &configuration)
}

/// Makes blocks of an OpenMetrics text, which the server loads when it starts.
fn make_blocks(promtool: &Tool, directory: &Path, text: &str) -> Result<()> {
    let samples = directory.join("samples.txt");
    fs::write(&samples, text).with_context(|| format!("cannot write {}", samples.display()))?;
    let mut command = promtool.command();
    command.args(["tsdb", "create-blocks-from", "openmetrics"]).arg(samples).arg(directory.join(DATA));
    let output = command.output().context("cannot run promtool")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "promtool made no blocks ({}): {said}", output.status);
    Ok(())
}

fn command(tool: &Tool, directory: &Path, address: SocketAddr, options: &Options) -> Command {
    let mut command = tool.command();
    command.current_dir(directory);
    command.arg("--config.file=prometheus.yml").arg(format!("--storage.tsdb.path={DATA}"));
    command.arg(format!("--web.listen-address={address}"));
    command.args(options.flags());
    // Samples from a file may be of any age.
    command.arg("--storage.tsdb.retention.time=100y");
    if let Some(root) = &tool.root {
        command.args(page_flags(root));
    }
    command
}

/// Returns flags for pages and scripts. Debian's package keeps them outside the program, at paths that are built in;
/// here they lie elsewhere.
fn page_flags(root: &Path) -> Vec<OsString> {
    let places = [
        ("--web.local-assets", "usr/share/prometheus/web"),
        ("--web.console.templates", "etc/prometheus/consoles"),
        ("--web.console.libraries", "etc/prometheus/console_libraries"),
    ];
    let present =
        places.into_iter().map(|(flag, place)| (flag, root.join(place))).filter(|(_, path)| path.is_dir());
    present
        .map(|(flag, path)| {
            let mut argument = OsString::from(flag);
            argument.push("=");
            argument.push(path);
            argument
        })
        .collect()
}
