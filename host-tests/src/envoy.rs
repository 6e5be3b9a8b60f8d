//! Real Envoy with the shipped `envoy.yaml`: addresses, ports and paths are replaced in its text, and nothing else, so
//! that what is tested is what ships.

pub(crate) mod shipped;

use crate::process::{self, Process, Stream};
use crate::tools::{self, Tool};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use shipped::Shipped;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// How long Envoy may take to start; compiling the module is most of it.
const START: Duration = Duration::from_secs(60);

/// The file as it ships.
pub const CONFIGURATION: &str = include_str!("../../envoy/envoy.yaml");

/// The file that it names for the certificate, as it ships.
pub const CERTIFICATE: &str = include_str!("../../envoy/sds/certificate.yaml");

/// What marks a place of the machine that the files are written for.
const FOREIGN: [&str; 2] = ["/etc/promward", "0.0.0.0"];

/// What stands in for what the shipped file names.
#[derive(Clone, Debug)]
pub struct Options {
    /// The directory with `example.com.crt` and `example.com.key`, for `/etc/promward/certificates`. It is watched.
    pub certificates: PathBuf,
    /// The module, for `/etc/promward/promward.wasm`.
    pub module: PathBuf,
    /// Where the cluster `prometheus` leads, for 127.0.0.1:9090.
    pub upstream: SocketAddr,
    /// The port on 127.0.0.1 for 443; a free one if `None`.
    pub https_port: Option<u16>,
    /// The port on 127.0.0.1 for 80; a free one if `None`.
    pub http_port: Option<u16>,
    /// The filter's configuration, in place of the shipped one.
    pub configuration: Option<String>,
    /// Envoy's `allow_on_headers_stop_iteration`; `false` ships.
    pub allow_on_headers_stop_iteration: bool,
    /// How many workers Envoy runs.
    pub concurrency: u32,
    /// Further texts and what stands in for each. A text that the file doesn't contain is an error.
    pub replace: Vec<(String, String)>,
    /// Further arguments for Envoy, such as `--log-level debug`.
    pub arguments: Vec<String>,
}

/// A running Envoy.
pub struct Envoy {
    process: Process,
    addresses: Addresses,
    file: PathBuf,
    _directory: TempDir,
}

#[derive(Clone, Copy)]
struct Addresses {
    https: SocketAddr,
    http: SocketAddr,
    admin: SocketAddr,
}

impl Options {
    /// The shipped configuration in front of `upstream`, with free ports and two workers.
    #[must_use]
    pub fn new(certificates: &Path, module: &Path, upstream: SocketAddr) -> Self {
        Self {
            certificates: certificates.to_owned(),
            module: module.to_owned(),
            upstream,
            https_port: None,
            http_port: None,
            configuration: None,
            allow_on_headers_stop_iteration: false,
            concurrency: 2,
            replace: Vec::new(),
            arguments: Vec::new(),
        }
    }

    /// The two files with everything replaced; the second one lies at `certificate`.
    fn apply(&self, addresses: Addresses, certificate: &Path) -> Result<(String, String)> {
        let mut main = Shipped::new("envoy.yaml", CONFIGURATION);
        main.replace("address: 0.0.0.0", "address: 127.0.0.1")?;
        main.replace("port_value: 443 }", &format!("port_value: {} }}", addresses.https.port()))?;
        main.replace("port_value: 80 }", &format!("port_value: {} }}", addresses.http.port()))?;
        main.replace("port_value: 9901 }", &format!("port_value: {} }}", addresses.admin.port()))?;
        main.replace(
            "address: 127.0.0.1, port_value: 9090 }",
            &format!("address: \"{}\", port_value: {} }}", self.upstream.ip(), self.upstream.port()),
        )?;
        if addresses.https.port() != 443 {
            // The default port goes without saying, another one doesn't.
            main.replace(
                "https_redirect: true }",
                &format!("https_redirect: true, port_redirect: {} }}", addresses.https.port()),
            )?;
        }
        main.replace("/etc/promward/promward.wasm", text(&self.module)?)?;
        main.replace("/etc/promward/sds/certificate.yaml", text(certificate)?)?;
        if self.allow_on_headers_stop_iteration {
            main.replace("allow_on_headers_stop_iteration: false", "allow_on_headers_stop_iteration: true")?;
        }
        for (old, new) in &self.replace {
            main.replace(old, new)?;
        }
        if let Some(configuration) = &self.configuration {
            main.replace_block("value: |", configuration)?;
        }
        let mut secret = Shipped::new("sds/certificate.yaml", CERTIFICATE);
        secret.replace("/etc/promward/certificates", text(&self.certificates)?)?;
        Ok((main.finish(&FOREIGN)?, secret.finish(&FOREIGN)?))
    }
}

impl Envoy {
    /// Starts it and waits until it serves.
    ///
    /// # Errors
    ///
    /// When Envoy can't be had, when the shipped file lacks a text that is to be replaced, or when Envoy ends or isn't
    /// ready within a minute: the error shows its last lines, among them why a configuration was refused.
    pub fn start(options: &Options) -> Result<Self> {
        let tool = tools::envoy()?;
        let addresses = Addresses {
            https: local(options.https_port)?,
            http: local(options.http_port)?,
            admin: local(None)?,
        };
        let directory = tempfile::tempdir().context("cannot make a directory for Envoy")?;
        let file = directory.path().join("envoy.yaml");
        let certificate = directory.path().join("certificate.yaml");
        let (main, secret) = options.apply(addresses, &certificate)?;
        for (path, text) in [(&file, main), (&certificate, secret)] {
            fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
        }
        let process = Process::start("Envoy", command(&tool, &file, options))?;
        let envoy = Self { process, addresses, file, _directory: directory };
        envoy.process.wait_until("being ready", START, || {
            process::get(addresses.admin, "/ready").is_ok_and(|(status, _)| status == 200).then_some(())
        })?;
        Ok(envoy)
    }

    /// Where it serves HTTPS.
    #[must_use]
    pub fn https(&self) -> SocketAddr {
        self.addresses.https
    }

    /// Where it redirects plain HTTP.
    #[must_use]
    pub fn http(&self) -> SocketAddr {
        self.addresses.http
    }

    /// Where it tells about itself.
    #[must_use]
    pub fn admin(&self) -> SocketAddr {
        self.addresses.admin
    }

    /// The process: its id, what it logs.
    #[must_use]
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// The configuration that it runs with: the shipped one with the replacements.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// All statistics in Prometheus' form.
    ///
    /// # Errors
    ///
    /// When the admin doesn't answer.
    pub fn stats(&self) -> Result<String> {
        self.ask("/stats?format=prometheus")
    }

    /// One counter or gauge by Envoy's own name, `http.https.downstream_rq_2xx`; `None` if there is none of that name.
    ///
    /// # Errors
    ///
    /// When the admin doesn't answer, or the value isn't a number.
    pub fn stat(&self, name: &str) -> Result<Option<u64>> {
        let stats = self.ask("/stats")?;
        let value = stats.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        value.map(str::parse).transpose().with_context(|| format!("{name} is not a number"))
    }

    /// The access log so far, one JSON object a request. A request's line is written when the request has ended, so wait
    /// for it with [`Process::wait_until`].
    #[must_use]
    pub fn access_log(&self) -> Vec<Value> {
        let lines = self.process.lines(Stream::Output);
        lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    fn ask(&self, target: &str) -> Result<String> {
        let (status, body) = process::get(self.addresses.admin, target)?;
        if status != 200 {
            bail!("Envoy's admin answers {status} to {target}: {body}");
        }
        Ok(body)
    }
}

fn command(tool: &Tool, file: &Path, options: &Options) -> Command {
    let mut command = tool.command();
    command.arg("--config-path").arg(file);
    command.args(["--concurrency", &options.concurrency.to_string()]);
    // Several Envoys run at once, and none takes over from another.
    command.arg("--disable-hot-restart");
    // Milliseconds; the default of ten seconds would be waited for by every test that reads the access log.
    command.args(["--file-flush-interval-msec", "20"]);
    command.args(&options.arguments);
    command
}

fn local(port: Option<u16>) -> Result<SocketAddr> {
    let port = port.map_or_else(process::free_port, Ok)?;
    Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().with_context(|| format!("not a path that YAML can hold: {}", path.display()))
}
