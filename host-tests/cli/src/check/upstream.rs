//! Asks the server behind a mount which API it speaks, and compares that with `mounts[].api`.

use crate::server_url::ServerUrl;
use anyhow::{Context, Result, bail};
use promward::api::mount::{Mount, Mounts};
use promward_harness::client::{Answer, Client};
use serde_json::Value;
use std::str::FromStr;
use std::time::Duration;

/// The longest time that a server may take for an answer.
const DEADLINE: Duration = Duration::from_secs(5);

/// A server to ask, and the mount that it is behind: `URL`, or `PREFIX=URL`.
#[derive(Clone, Debug)]
pub struct Upstream {
    prefix: Option<String>,
    server: ServerUrl,
    /// The certificates that its own has to be signed by, as PEM.
    trusted: Option<Vec<u8>>,
}

impl FromStr for Upstream {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let (prefix, url) = match text.split_once('=').filter(|(prefix, _)| prefix.starts_with('/')) {
            Some((prefix, url)) => (Some(prefix.to_owned()), url),
            None => (None, text),
        };
        Ok(Self { prefix, server: ServerUrl::of_either_scheme(url)?, trusted: None })
    }
}

/// A server that a program answers as: its name, and the API that a mount in front of it should have.
type Program = (&'static str, &'static str);

const PROMETHEUS: Program = ("Prometheus", "prometheus");
const VICTORIA_METRICS: Program = ("VictoriaMetrics", "victoriametrics");
const THANOS: Program = ("Thanos", "thanos");
const MIMIR: Program = ("Mimir", "mimir");
const ALERTMANAGER: Program = ("Alertmanager", "alertmanager");

impl Upstream {
    /// Returns the same server, which is asked by TLS only if its certificate is signed by one of these (PEM).
    #[must_use]
    pub fn trusting(self, authorities: &[u8]) -> Self {
        Self { trusted: Some(authorities.to_vec()), ..self }
    }

    /// Asks the server, and returns the warning about the mount, if there is one.
    pub(super) fn warning(&self, mounts: &Mounts) -> Option<String> {
        let url = &self.server.url;
        self.compare(mounts).unwrap_or_else(|error| Some(format!("{url}: {error:#}")))
    }

    fn compare(&self, mounts: &Mounts) -> Result<Option<String>> {
        let (number, mount) = self.mount(mounts)?;
        let (name, api) = self.program()?;
        let differs = promward::api::named(api).is_some() && mount.api.name != api;
        let url = &self.server.url;
        Ok(differs.then(|| format!("{url} answers as {name}: mounts[{number}].api should be \"{api}\"")))
    }

    /// Returns the mount that the server is behind, with its index.
    fn mount<'a>(&self, mounts: &'a Mounts) -> Result<(usize, &'a Mount)> {
        let is_meant = |mount: &Mount| match self.prefix.as_deref() {
            Some(prefix) => mount.prefix.as_str() == prefix.trim_end_matches('/'),
            None => !mount.api.sections.is_empty(),
        };
        let mut meant = mounts.iter().filter(|(_, mount)| is_meant(mount)).map(|(id, mount)| (id.0, mount));
        match (meant.next(), meant.next()) {
            (Some(mount), None) => Ok(mount),
            (None, _) if self.prefix.is_some() => bail!("no mount has this prefix"),
            _ => bail!("say which mount this is behind: --upstream /prometheus={}", self.server.url),
        }
    }

    /// Asks the server who it is. VictoriaMetrics says so where it is asked for its health, Mimir in the information
    /// about its build; Thanos alone lists its stores, and Alertmanager its receivers.
    fn program(&self) -> Result<Program> {
        let healthy = self.get("/-/healthy")?.text();
        if healthy.starts_with("VictoriaMetrics") {
            return Ok(VICTORIA_METRICS);
        }
        let receivers = self.get("/api/v2/receivers")?;
        if receivers.status == 200 && receivers.json().is_ok_and(|said| said.is_array()) {
            return Ok(ALERTMANAGER);
        }
        let build = self.get("/api/v1/status/buildinfo")?;
        let said = build.json().ok().filter(|_| build.status == 200);
        let Some(said) = said.filter(|said| said["status"] == "success") else {
            bail!("it answers {} to /api/v1/status/buildinfo, and doesn't say what it is", build.status);
        };
        if said["data"]["application"].as_str().is_some_and(|name| name.contains("Mimir")) {
            return Ok(MIMIR);
        }
        let stores = self.get("/api/v1/stores")?;
        let lists = |said: Value| said["status"] == "success";
        Ok(if stores.status == 200 && stores.json().is_ok_and(lists) { THANOS } else { PROMETHEUS })
    }

    fn get(&self, path: &str) -> Result<Answer> {
        let ServerUrl { address, host, is_https, .. } = &self.server;
        let client = match &self.trusted {
            Some(authorities) if *is_https => Client::https(*address).trust(authorities).server_name(host),
            None if *is_https => bail!("say who has signed its certificate: --cacert FILE"),
            _ => Client::plain(*address),
        };
        let client = client.deadline(DEADLINE);
        client.get(&format!("{}{path}", self.server.path)).context("no server answers there")
    }
}
