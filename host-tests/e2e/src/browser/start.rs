//! Starts a browser. Chromium and its driver are both processes of ours, and Chromium is in one process group with its
//! children. Were it started by the driver, we couldn't end it.

use super::log::Log;
use super::{Browser, PATIENCE};
use anyhow::{Context, Result};
use fantoccini::ClientBuilder;
use hyper_util::client::legacy::connect::HttpConnector;
use promward_harness::certificates;
use promward_harness::process::{self, Process};
use promward_harness::tools::{self, Program};
use serde_json::json;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use tokio::runtime;
use tokio::time::timeout;

/// The flags of every browser: no window, no requests of its own, and a window of a known size.
const FLAGS: [&str; 11] = [
    "--headless=new",
    // The sandbox needs rights that a container doesn't have.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--remote-debugging-port=0",
    "--window-size=1280,1000",
];

/// The text that Chromium prints before the address that its driver needs.
const LISTENS: &str = "DevTools listening on ws://";

/// The hosts that a browser can reach. It reaches no others.
#[derive(Clone, Debug, Default)]
pub struct Options {
    names: Vec<(String, SocketAddr)>,
    keys: Vec<String>,
}

impl Options {
    /// Adds a deployment with a name: `https://NAME` is served at this address, with this certificate (PEM). The
    /// browser trusts the certificate's key, whoever signed it, and no other key.
    ///
    /// # Errors
    ///
    /// Fails if it is no certificate.
    pub fn deployment(self, name: &str, address: SocketAddr, certificate: &str) -> Result<Self> {
        self.trusted(&format!("{name}:443"), address, certificate)
    }

    /// Adds a site as [`deployment`](Self::deployment) does, by its name and port.
    ///
    /// # Errors
    ///
    /// Fails where [`deployment`](Self::deployment) does.
    pub fn trusted(mut self, authority: &str, address: SocketAddr, certificate: &str) -> Result<Self> {
        self.names.push((authority.to_owned(), address));
        self.keys.push(certificates::public_key_pin(certificate)?);
        Ok(self)
    }

    /// Adds a server that is reached by its address, such as one without a gateway.
    #[must_use]
    pub fn server(mut self, address: SocketAddr) -> Self {
        self.names.push((address.to_string(), address));
        self
    }

    /// Returns Chromium's rules for host names. A name that isn't listed isn't found.
    fn rules(&self) -> String {
        let rules = self.names.iter().map(|(name, address)| format!("MAP {name} {address}, "));
        rules.chain(["MAP * ~NOTFOUND".to_owned()]).collect()
    }
}

impl Browser {
    /// Starts a browser that shows an empty page.
    ///
    /// # Errors
    ///
    /// Fails if Chromium or its driver isn't there or doesn't start. The message has their last lines.
    pub fn start(options: &Options) -> Result<Self> {
        let profile = tempfile::tempdir().context("cannot make a directory for Chromium")?;
        let chromium = Process::start("Chromium", command(options, profile.path())?)?;
        let listens = chromium.wait_for_line(LISTENS, PATIENCE)?;
        let address = listens.split(LISTENS).nth(1).and_then(|rest| rest.split('/').next());
        let address = address.with_context(|| format!("Chromium listens nowhere: {listens}"))?;

        let port = process::free_port()?;
        let mut command = tools::find(Program::Chromedriver)?.command();
        command.arg(format!("--port={port}"));
        let driver = Process::start("ChromeDriver", command)?;
        driver.wait_for_line("started successfully", PATIENCE)?;

        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let wanted = json!({
            "goog:chromeOptions": { "debuggerAddress": address },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        });
        builder.capabilities(wanted.as_object().unwrap().clone());
        let url = format!("http://127.0.0.1:{port}");
        let client = runtime.block_on(async { timeout(PATIENCE, builder.connect(&url)).await });
        let client = client.with_context(|| format!("no session from {driver}"))?;
        let client = client.with_context(|| format!("no session from {driver}, for {chromium}"))?;
        let (log, login) = (Log::default(), None);
        Ok(Self { client, runtime, log, login, driver, chromium, _profile: profile })
    }
}

fn command(options: &Options, profile: &Path) -> Result<Command> {
    let mut command = tools::find(Program::Chromium)?.command();
    command.args(FLAGS);
    command.arg(format!("--user-data-dir={}", profile.display()));
    command.arg(format!("--host-resolver-rules={}", options.rules()));
    command.arg(format!("--ignore-certificate-errors-spki-list={}", options.keys.join(",")));
    command.arg("about:blank");
    // Files outside its profile are kept there too.
    command.env("HOME", profile);
    Ok(command)
}
