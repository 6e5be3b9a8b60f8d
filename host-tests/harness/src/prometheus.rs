//! A real Prometheus, with what it scrapes of itself or with samples from a file: what the guide guards, and what the
//! tests stand in front of.

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

/// How long it may take until it has started and scraped itself once.
const START: Duration = Duration::from_secs(60);

/// Where it keeps its samples, in its directory.
const DATA: &str = "data";

/// Which Prometheus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Release {
    /// The one that the guide's tests and the demo run: 2.42 or later.
    #[default]
    Usual,
    /// 3.0 or later.
    Three,
}

impl Release {
    /// The server.
    #[must_use]
    pub const fn server(self) -> Program {
        match self {
            Self::Usual => Program::Prometheus,
            Self::Three => Program::Prometheus3,
        }
    }

    /// The tool that makes its blocks.
    #[must_use]
    pub const fn promtool(self) -> Program {
        match self {
            Self::Usual => Program::Promtool,
            Self::Three => Program::Promtool3,
        }
    }
}

/// What a configuration begins with that scrapes, and looks at its rules, each second.
pub const EACH_SECOND: &str = "global:\n  scrape_interval: 1s\n  evaluation_interval: 1s\n";

/// Where samples come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Samples {
    /// It scrapes itself each second.
    #[default]
    Scraped,
    /// An OpenMetrics text with times, of any age. Nothing else is stored, so that answers at a fixed time are always
    /// the same.
    OpenMetrics(String),
    /// What this configuration file says, in place of one that makes it scrape itself. `ADDRESS` in it is where Prometheus
    /// listens, `rules.yml` is the file of the rules, and other files have absolute paths. It has started when it is ready,
    /// whatever it has scraped by then.
    Configured(String),
}

/// How Prometheus is to be started. The default is what the guide begins with: no flags about the web.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Which Prometheus.
    pub release: Release,
    /// Where its samples come from.
    pub samples: Samples,
    /// `--query.lookback-delta`: how old a sample may be that counts as the present one. `/federate` always asks for the
    /// present.
    pub lookback_delta: Option<String>,
    /// `--web.external-url`.
    pub external_url: Option<String>,
    /// `--web.route-prefix`.
    pub route_prefix: Option<String>,
    /// `--web.enable-admin-api`.
    pub admin_api: bool,
    /// `--web.enable-lifecycle`.
    pub lifecycle: bool,
    /// `--web.enable-remote-write-receiver`.
    pub remote_write_receiver: bool,
    /// Recording and alerting rules, as the text of a rule file.
    pub rules: Option<String>,
    /// Further flags.
    pub further: Vec<String>,
}

impl Options {
    /// The flags of the guide: it is served at `https://example.com/prometheus/` by a proxy that strips the prefix.
    #[must_use]
    pub fn guide() -> Self {
        Self {
            external_url: Some("https://example.com/prometheus".to_owned()),
            route_prefix: Some("/".to_owned()),
            ..Self::default()
        }
    }

    /// The path that its pages and its API begin with: the route prefix, or else the external URL's path, without a slash
    /// at its end.
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

/// A running Prometheus with data of its own, which go when it is dropped.
pub struct Prometheus {
    process: Process,
    address: SocketAddr,
    options: Options,
    _directory: TempDir,
}

impl Prometheus {
    /// Starts it on a free port of 127.0.0.1 and waits until it has its samples: until it has scraped itself, so that
    /// `label/job/values` says `prometheus`, or has loaded what it was given.
    ///
    /// # Errors
    ///
    /// When Prometheus can't be had, doesn't take the samples, or doesn't get that far within a minute; the error shows
    /// its last lines.
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

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How it was started.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The process, for its id and what it prints.
    #[must_use]
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Asks it directly, without a proxy: status and body of `GET` of its path with `target` (from `/`) after it.
    ///
    /// # Errors
    ///
    /// When there is no answer.
    pub fn get(&self, target: &str) -> Result<(u16, String)> {
        process::get(self.address, &format!("{}{target}", self.options.path()))
    }

    /// Waits until the answer to `target` is 200 and contains `wanted`.
    ///
    /// # Errors
    ///
    /// When that doesn't come within a minute.
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

/// Makes blocks of an OpenMetrics text, for the server to load when it starts.
fn make_blocks(promtool: &Tool, directory: &Path, text: &str) -> Result<()> {
    let samples = directory.join("samples.txt");
    fs::write(&samples, text).with_context(|| format!("cannot write {}", samples.display()))?;
    let mut command = promtool.command();
    command.args(["tsdb", "create-blocks-from", "openmetrics"]).arg(samples).arg(directory.join(DATA));
    let output = command.output().context("cannot run promtool")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "promtool makes no blocks ({}): {said}", output.status);
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

/// Debian's package keeps pages and scripts outside the program, at paths that are built in: they lie elsewhere here.
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
