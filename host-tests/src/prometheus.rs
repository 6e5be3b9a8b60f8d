//! A real Prometheus that scrapes itself: what the guide guards, and what the tests stand in front of.

use crate::process::{self, Process};
use crate::tools::{self, Tool};
use anyhow::{Context, Result};
use std::ffi::OsString;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// How long it may take until it has started and scraped itself once.
const START: Duration = Duration::from_secs(60);

/// How Prometheus is to be started. The default is what the guide begins with: no flags about the web.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// `--web.external-url`.
    pub external_url: Option<String>,
    /// `--web.route-prefix`.
    pub route_prefix: Option<String>,
    /// `--web.enable-admin-api`.
    pub admin_api: bool,
    /// `--web.enable-lifecycle`.
    pub lifecycle: bool,
    /// Recording and alerting rules, as the text of a rule file.
    pub rules: Option<String>,
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
        let external = external.find('/').and_then(|slash| external.get(slash..)).unwrap_or_default();
        self.route_prefix.as_deref().unwrap_or(external).trim_end_matches('/')
    }

    fn flags(&self) -> Vec<String> {
        let mut flags = Vec::new();
        flags.extend(self.external_url.as_ref().map(|url| format!("--web.external-url={url}")));
        flags.extend(self.route_prefix.as_ref().map(|prefix| format!("--web.route-prefix={prefix}")));
        flags.extend(self.admin_api.then(|| "--web.enable-admin-api".to_owned()));
        flags.extend(self.lifecycle.then(|| "--web.enable-lifecycle".to_owned()));
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
    /// Starts it on a free port of 127.0.0.1 and waits until it has scraped itself, so that `label/job/values` says
    /// `prometheus`.
    ///
    /// # Errors
    ///
    /// When Prometheus can't be had, or doesn't get that far within a minute; the error shows its last lines.
    pub fn start(options: Options) -> Result<Self> {
        let tool = tools::prometheus()?;
        let directory = tempfile::tempdir().context("cannot make a directory for Prometheus")?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, process::free_port()?));
        write_configuration(directory.path(), address, &options)?;
        let process = Process::start("Prometheus", command(&tool, directory.path(), address, &options))?;
        let prometheus = Self { process, address, options, _directory: directory };
        prometheus.wait("its first scrape", "/api/v1/query?query=up", "\"1\"]")?;
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
    let mut configuration = format!(
        "global:\n  scrape_interval: 1s\n  evaluation_interval: 1s\n\
         scrape_configs:\n- job_name: prometheus\n  metrics_path: {}/metrics\n  static_configs:\n  - targets: ['{address}']\n",
        options.path()
    );
    if let Some(rules) = &options.rules {
        write("rules.yml", rules)?;
        configuration.push_str("rule_files: [rules.yml]\n");
    }
    write("prometheus.yml", &configuration)
}

fn command(tool: &Tool, directory: &Path, address: SocketAddr, options: &Options) -> Command {
    let mut command = tool.command();
    command.current_dir(directory);
    command.arg("--config.file=prometheus.yml").arg("--storage.tsdb.path=data");
    command.arg(format!("--web.listen-address={address}"));
    command.args(options.flags());
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
