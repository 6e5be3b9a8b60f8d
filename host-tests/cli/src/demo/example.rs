//! The examples of this repository. Each is a folder with a README, a configuration, and a `demo.yaml` that says what
//! to run and what to print.

use super::credentials::{self, ClientCertificate};
use super::deployment::{DOMAINS, Host};
use super::directory::{Directory, shown};
use super::progress::during;
use super::servers::Server;
use crate::explain::matrix::aligned;
use anyhow::{Context, Result, bail};
use promward_harness::envoy::variants::Variant;
use promward_harness::identity_provider::{self, IdentityProvider};
use promward_harness::prometheus::{self, Prometheus, Samples};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The file that describes how to run an example.
const DESCRIPTION: &str = "demo.yaml";

/// The script that sets up an example's identity provider, and the seconds after which a session there is renewed.
const PROVIDER: &str = "provider.mjs";
const SESSION: u32 = 300;

/// An example and its description.
#[derive(Clone, Debug)]
pub struct Example {
    name: String,
    folder: PathBuf,
    description: Description,
}

/// The parsed content of `demo.yaml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    /// The line for `cargo demo --list`.
    about: String,
    /// The example whose `prometheus.yml` and `rules.yml` are used.
    prometheus: String,
    /// Further flags of Prometheus.
    #[serde(default)]
    flags: Vec<String>,
    /// The answer of Prometheus that shows that its data is there.
    ready: Ready,
    /// The fragments that are added to the Envoy file.
    #[serde(default)]
    fragments: Vec<String>,
    /// Further servers to start, by the names of their clusters.
    #[serde(default)]
    servers: Vec<String>,
    /// Client certificates to make, by their names.
    #[serde(default)]
    certificates: BTreeMap<String, ClientCertificate>,
    /// The callers who may log in: a table, whose first row is its head.
    #[serde(default)]
    callers: Vec<Vec<String>>,
    /// `true` if a browser can show the page with a password alone.
    #[serde(default)]
    page: bool,
    /// The arguments of `curl` for each request that is shown.
    curl: Vec<String>,
}

/// A request to Prometheus, and a text that its answer holds.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ready {
    target: String,
    holds: String,
}

impl Example {
    /// Returns all examples, ordered by name.
    ///
    /// # Errors
    ///
    /// Returns an error if a folder of `examples/` can't be read, or its `demo.yaml` isn't one.
    pub fn all() -> Result<Vec<Self>> {
        let mut folders = folders()?;
        folders.retain(|folder| folder.join(DESCRIPTION).exists());
        folders.into_iter().map(Self::in_folder).collect()
    }

    /// Returns the example of this name.
    ///
    /// # Errors
    ///
    /// Returns an error that lists the names if there is none, and as [`Example::all`].
    pub fn named(name: &str) -> Result<Self> {
        let mut all = Self::all()?;
        match all.iter().position(|example| example.name == name) {
            Some(at) => Ok(all.swap_remove(at)),
            None if has_readme(name)? => {
                bail!(
                    "the example {name} needs more than a demo can start: examples/{name}/README.md says what runs it, and cargo \
                     promward test examples/{name}/tests.yaml asks its rules"
                )
            }
            None => {
                let names: Vec<_> = all.iter().map(|example| example.name.as_str()).collect();
                bail!("there is no such example; there are {}", names.join(", "))
            }
        }
    }

    /// Returns a line for each example, with its name and subject.
    ///
    /// # Errors
    ///
    /// Returns an error where [`Example::all`] does.
    pub fn list() -> Result<String> {
        let row = |example: &Self| [example.name.clone(), example.description.about.clone()];
        Ok(aligned(&Self::all()?.iter().map(row).collect::<Vec<_>>()))
    }

    fn in_folder(folder: PathBuf) -> Result<Self> {
        let file = folder.join(DESCRIPTION);
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let description =
            serde_norway::from_str(&text).with_context(|| format!("{} is wrong", file.display()))?;
        let name = folder.file_name().context("a folder has a name")?.to_string_lossy().into_owned();
        Ok(Self { name, folder, description })
    }

    /// Returns the name of the folder.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the path of the folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the fragments that are added to the Envoy file.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no fragment of a name.
    pub(super) fn variants(&self) -> Result<Vec<Variant>> {
        let variant = |name: &String| {
            let found = Variant::ALL.into_iter().find(|variant| variant.name() == name);
            found.with_context(|| format!("{}: there is no fragment {name}", self.name))
        };
        self.description.fragments.iter().map(variant).collect()
    }

    /// Checks that this host can run it.
    ///
    /// # Errors
    ///
    /// Returns an error with the reason if it can't.
    pub(super) fn check_host(&self, host: Host) -> Result<()> {
        if host == Host::Embedded && !self.description.servers.is_empty() {
            bail!("the example {} needs Envoy: the embedded host leads to one server only", self.name);
        }
        let variants = self.variants()?;
        let verifies =
            [Variant::Jwt, Variant::OpenIdConnect].iter().any(|variant| variants.contains(variant));
        if host == Host::Embedded && verifies {
            bail!(
                "the example {} needs Envoy: Envoy's filter jwt_authn verifies the tokens, and the embedded host has no \
                 such filter",
                self.name
            );
        }
        Ok(())
    }

    /// Starts its servers beside Prometheus, for a site at this URL.
    ///
    /// # Errors
    ///
    /// Returns an error if one can't be had or doesn't start.
    pub(super) fn start_servers(&self, site: &str) -> Result<Vec<Server>> {
        let start = |name: &String| during(&format!("starting {name}"), || Server::start(name, site));
        self.description.servers.iter().map(start).collect()
    }

    /// Starts its identity provider, for a site on this port, with its files in a directory. Returns `None` if it has none.
    ///
    /// # Errors
    ///
    /// Returns an error if the provider can't be had or doesn't start.
    pub(super) fn start_provider(&self, directory: PathBuf, https: u16) -> Result<Option<IdentityProvider>> {
        if !self.variants()?.contains(&Variant::OpenIdConnect) {
            return Ok(None);
        }
        let options = identity_provider::Options {
            script: self.folder.join(PROVIDER),
            directory,
            sites: DOMAINS.iter().map(|domain| format!("https://{domain}:{https}")).collect(),
            lifetime: SESSION,
        };
        during("starting the identity provider", || IdentityProvider::start(options)).map(Some)
    }

    /// Makes the certificates and keys that it needs, and returns the filter's configuration with them.
    ///
    /// # Errors
    ///
    /// Returns an error if one can't be made or written.
    pub(super) fn prepare(&self, certificates: &Path) -> Result<String> {
        let file = self.folder.join("promward.json");
        let configuration =
            fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        if self.description.certificates.is_empty() {
            return Ok(configuration);
        }
        credentials::client_certificates(&self.description.certificates, certificates, configuration)
    }

    /// Starts its Prometheus with this external URL, and waits until its data is there.
    ///
    /// # Errors
    ///
    /// Returns an error if a file can't be read, Prometheus is not available, or its data doesn't arrive.
    pub(super) fn start_prometheus(&self, external_url: &str, servers: &[Server]) -> Result<Prometheus> {
        let Description { prometheus, flags, ready, .. } = &self.description;
        let folder = self.folder.with_file_name(prometheus);
        let file = folder.join("prometheus.yml");
        let configuration =
            fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let alertmanager = servers.iter().find(|server| server.name == "alertmanager").map(Server::address);
        let configuration = match alertmanager {
            Some(address) => configuration.replace("localhost:9093", &address.to_string()),
            None => configuration,
        };
        let options = prometheus::Options {
            // Its own port is any free one.
            samples: Samples::Configured(configuration.replace("localhost:9090", "ADDRESS")),
            rules: fs::read_to_string(folder.join("rules.yml")).ok(),
            external_url: Some(external_url.to_owned()),
            further: flags.clone(),
            ..prometheus::Options::guide()
        };
        let prometheus = Prometheus::start(options)?;
        prometheus.wait("its first scrapes", &ready.target, &ready.holds)?;
        Ok(prometheus)
    }

    /// Returns `true` if a browser can show the page with a password alone.
    pub(super) fn has_page(&self) -> bool {
        self.description.page
    }

    /// Returns the table of the callers who may log in, with a remark; an empty text if nobody may.
    pub(super) fn callers(&self) -> String {
        if self.description.callers.is_empty() {
            return String::new();
        }
        let table = aligned(&self.description.callers);
        format!("{table}These are for trying only: everybody knows them.\n\n")
    }

    /// Returns the requests that are shown to the user, as they are typed.
    pub(super) fn commands(&self, directory: &Directory, url: &str) -> Vec<String> {
        let certificate = shown(&directory.certificates().join("example.com.crt"));
        let command = |arguments: &String| {
            let arguments = arguments
                .replace("{url}", url)
                .replace("{site}", url.trim_end_matches("/prometheus"))
                .replace("{directory}", &directory.shown())
                .replace("{example}", &shown(&self.folder));
            format!("curl --cacert {certificate} {arguments}")
        };
        self.description.curl.iter().map(command).collect()
    }
}

/// Returns `true` if there is an example of this name, which may have no demo.
fn has_readme(name: &str) -> Result<bool> {
    let is_it = |folder: &PathBuf| folder.file_name().is_some_and(|file| file == name);
    Ok(folders()?.iter().any(|folder| is_it(folder) && folder.join("README.md").exists()))
}

/// Returns the paths of everything in `examples/`, ordered by name.
fn folders() -> Result<Vec<PathBuf>> {
    let examples = promward_module::installed::shipped("examples")?;
    let entries = fs::read_dir(&examples).with_context(|| format!("cannot read {}", examples.display()))?;
    let mut folders: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    folders.sort();
    Ok(folders)
}
