//! Runs a real Alertmanager, which holds the alerts and silences that a test gives it, and notifies nobody.

use crate::client::{Answer, Client, Request};
use crate::process::{self, Process};
use crate::tools::{self, Program};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tempfile::TempDir;

/// The time that it has to start, and for each later wait.
const START: Duration = Duration::from_secs(60);

/// A route for everything, whose groups show an alert at once.
const CONFIGURATION: &str = "route: { receiver: nobody, group_by: [alertname], group_wait: 0s }
receivers: [{ name: nobody }]
";

/// A release of Alertmanager.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Release {
    /// The release in the machine's archive: 0.25 or later.
    #[default]
    Usual,
    /// A release that reads matchers in UTF-8.
    Newer,
}

impl Release {
    /// Returns the program that serves.
    #[must_use]
    pub const fn server(self) -> Program {
        match self {
            Self::Usual => Program::Alertmanager,
            Self::Newer => Program::NewerAlertmanager,
        }
    }

    /// Returns the tool that comes with it.
    #[must_use]
    pub const fn amtool(self) -> Program {
        match self {
            Self::Usual => Program::Amtool,
            Self::Newer => Program::NewerAmtool,
        }
    }
}

/// A running Alertmanager with data of its own, which is removed when it is dropped.
pub struct Alertmanager {
    process: Process,
    address: SocketAddr,
    _directory: TempDir,
}

impl Alertmanager {
    /// Starts Alertmanager on a free port of 127.0.0.1, with these flags beside those that it needs, and waits until it is ready.
    ///
    /// # Errors
    ///
    /// Returns an error if it can't be found or fetched, or isn't ready within a minute; the error shows its last lines.
    pub fn start(release: Release, flags: &[&str]) -> Result<Self> {
        let tool = tools::find(release.server())?;
        let directory = tempfile::tempdir().context("cannot make a directory for Alertmanager")?;
        let path = directory.path().join("alertmanager.yml");
        fs::write(&path, CONFIGURATION).with_context(|| format!("cannot write {}", path.display()))?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, process::free_port()?));
        let mut command = tool.command();
        command.current_dir(directory.path());
        command.args(["--config.file=alertmanager.yml", "--storage.path=data", "--cluster.listen-address="]);
        command.arg(format!("--web.listen-address={address}")).args(flags);
        let process = Process::start("Alertmanager", command)?;
        let server = Self { process, address, _directory: directory };
        server.process.wait_until("ready", START, || {
            process::get(address, "/-/ready").is_ok_and(|(status, _)| status == 200).then_some(())
        })?;
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

    /// Sends it alerts, each given by its labels, and waits until it shows all of them in its groups.
    ///
    /// # Errors
    ///
    /// Returns an error if it refuses them, or doesn't show them within a minute.
    pub fn alert(&self, alerts: &[Value]) -> Result<()> {
        let posted: Vec<_> = alerts.iter().map(|labels| json!({ "labels": labels })).collect();
        let answer = self.send("POST", "/api/v2/alerts", Some(&Value::from(posted)))?;
        ensure!(answer.status == 200, "Alertmanager refused the alerts: {}", answer.text());
        self.process.wait_until("the alerts", START, || {
            let groups = self.send("GET", "/api/v2/alerts/groups", None).ok()?.json().ok()?;
            let shown: Vec<_> =
                groups.as_array()?.iter().filter_map(|group| group["alerts"].as_array()).flatten().collect();
            let is_shown = |labels: &Value| shown.iter().any(|alert| alert["labels"] == *labels);
            alerts.iter().all(is_shown).then_some(())
        })
    }

    /// Makes a silence with these matchers, for an hour from now on, and returns its id.
    ///
    /// # Errors
    ///
    /// Returns an error if it is refused.
    pub fn silence(&self, matchers: &Value) -> Result<String> {
        let answer = self.send("POST", "/api/v2/silences", Some(&silence(matchers)))?;
        ensure!(answer.status == 200, "Alertmanager refused the silence: {}", answer.text());
        let id = answer.json()?["silenceID"].as_str().map(str::to_owned);
        id.context("Alertmanager gave the silence no id")
    }

    /// Returns the silence with this id, as the server has it.
    ///
    /// # Errors
    ///
    /// Returns an error if there is none.
    pub fn silence_with(&self, id: &str) -> Result<Value> {
        let answer = self.send("GET", &format!("/api/v2/silence/{id}"), None)?;
        ensure!(answer.status == 200, "Alertmanager has no silence {id}");
        answer.json()
    }

    /// Sends it a request without a proxy.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no answer.
    pub fn send(&self, method: &str, target: &str, body: Option<&Value>) -> Result<Answer> {
        let mut request = Request::new(method, target);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        Client::plain(self.address).send(request)
    }
}

/// Returns a silence as it is posted, with these matchers. Its times are far apart, so that it holds whenever a test runs.
#[must_use]
pub fn silence(matchers: &Value) -> Value {
    json!({
        "matchers": matchers,
        "startsAt": "2000-01-01T00:00:00Z",
        "endsAt": "2999-01-01T00:00:00Z",
        "createdBy": "the test",
        "comment": "made by a test",
    })
}

/// Returns a matcher of a silence that only this value satisfies.
#[must_use]
pub fn equals(name: &str, value: &str) -> Value {
    json!({ "name": name, "value": value, "isRegex": false, "isEqual": true })
}
