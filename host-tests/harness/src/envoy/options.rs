//! The addresses, ports and paths of a test machine, in place of those in the shipped files.

use super::Addresses;
use super::file::{Cluster, FileOptions, set_configuration};
use super::shipped::Shipped;
use super::variants::Variant;
use crate::tools::Version;
use anyhow::{Context, Result};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Texts that belong to the machine that the files are written for.
const FOREIGN: [&str; 2] = ["/etc/promward", "0.0.0.0"];

/// The paths of the other files, below the directory of the main one.
const SDS: &str = "sds/certificate.yaml";
const JWKS: &str = "jwks.json";
const CLIENT_SECRET: &str = "login/client-secret";
const SESSION_KEY: &str = "login/session-key";
pub(super) const POLICY: &str = "ecds/promward.yaml";

/// The provider that people log in at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// The port on 127.0.0.1 of `https://localhost`, for `https://id.example.com`.
    pub port: u16,
    /// The file of the authority that signed its certificate, for the machine's own authorities.
    pub authority: PathBuf,
    /// The secret that it knows this client by.
    pub client_secret: String,
    /// The key of the cookies of sessions.
    pub session_key: String,
}

/// The replacements for a test machine.
#[derive(Clone, Debug)]
pub struct Options {
    /// The directory with `example.com.crt` and `example.com.key`, for `/etc/promward/certificates`. It is watched.
    /// [`Variant::ClientCertificates`] needs `clients-ca.crt` in it.
    pub certificates: PathBuf,
    /// The module, for `/etc/promward/promward.wasm`.
    pub module: PathBuf,
    /// The address behind the cluster `prometheus`, for 127.0.0.1:9090.
    pub upstream: SocketAddr,
    /// Further servers, by the names of their clusters.
    pub clusters: Vec<(String, SocketAddr)>,
    /// The port on 127.0.0.1 for 443; a free one if `None`.
    pub https_port: Option<u16>,
    /// The port on 127.0.0.1 for 80; a free one if `None`.
    pub http_port: Option<u16>,
    /// The host names that are served; `example.com` ships.
    pub domains: Vec<String>,
    /// The filter's configuration, in place of the shipped one.
    pub configuration: Option<String>,
    /// Envoy's `allow_on_headers_stop_iteration`; `false` ships.
    pub allow_on_headers_stop_iteration: bool,
    /// The fragments that are added to the shipped file.
    pub variants: Vec<Variant>,
    /// The keys that [`Variant::Jwt`] verifies tokens with: a JSON Web Key Set, for `/etc/promward/jwks.json`.
    pub jwks: Option<String>,
    /// The provider that [`Variant::OpenIdConnect`] leads people to.
    pub provider: Option<Provider>,
    /// The number of Envoy's workers.
    pub concurrency: u32,
    /// Further replacements in the main file. A text that it doesn't contain is an error.
    pub replace: Vec<(String, String)>,
    /// Further arguments for Envoy, such as `--log-level debug`.
    pub arguments: Vec<String>,
}

impl Options {
    /// Returns the shipped configuration in front of `upstream`, with free ports and two workers.
    #[must_use]
    pub fn new(certificates: &Path, module: &Path, upstream: SocketAddr) -> Self {
        Self {
            certificates: certificates.to_owned(),
            module: module.to_owned(),
            upstream,
            clusters: Vec::new(),
            https_port: None,
            http_port: None,
            domains: FileOptions::default().domains,
            configuration: None,
            allow_on_headers_stop_iteration: false,
            variants: Vec::new(),
            jwks: None,
            provider: None,
            concurrency: 2,
            replace: Vec::new(),
            arguments: Vec::new(),
        }
    }

    /// Writes all files with their replacements into a directory, for an Envoy of this version. Returns the path of the
    /// main one.
    pub(super) fn write(&self, envoy: Version, addresses: Addresses, directory: &Path) -> Result<PathBuf> {
        let files = self.files(envoy, addresses, directory)?;
        let main = directory.join("envoy.yaml");
        write(&main, &self.main(&files)?)?;
        write(&directory.join(SDS), &Shipped::new(SDS, &files.sds()?).finish(&FOREIGN)?)?;
        if self.has(Variant::Jwt) {
            let keys = self.jwks.as_deref().context("there are no keys to verify tokens with")?;
            write(&directory.join(JWKS), keys)?;
        }
        if let Some(provider) = &self.provider {
            write(&directory.join(CLIENT_SECRET), &provider.client_secret)?;
            write(&directory.join(SESSION_KEY), &provider.session_key)?;
        }
        if self.has(Variant::Watched) {
            write(&directory.join(POLICY), &self.policy(self.configuration.as_deref())?)?;
        }
        Ok(main)
    }

    /// Renders the watched file with this configuration of the filter.
    pub(super) fn policy(&self, configuration: Option<&str>) -> Result<String> {
        let files = FileOptions {
            configuration: configuration.map(str::to_owned),
            module: Some(text(&self.module)?.to_owned()),
            ..FileOptions::default()
        };
        let mut policy = Shipped::new(POLICY, &files.ecds()?);
        self.set_up_filter(&mut policy)?;
        policy.finish(&FOREIGN)
    }

    fn files(&self, envoy: Version, addresses: Addresses, directory: &Path) -> Result<FileOptions> {
        Ok(FileOptions {
            variants: self.variants.clone(),
            configuration: None,
            domains: self.domains.clone(),
            listen: addresses.https.ip(),
            https_port: addresses.https.port(),
            http_port: addresses.http.port(),
            admin_port: addresses.admin.port(),
            upstream_host: self.upstream.ip().to_string(),
            upstream_port: self.upstream.port(),
            clusters: self.clusters.iter().map(cluster).collect(),
            directory: text(directory)?.to_owned(),
            certificates: Some(text(&self.certificates)?.to_owned()),
            module: Some(text(&self.module)?.to_owned()),
            envoy,
        })
    }

    fn main(&self, files: &FileOptions) -> Result<String> {
        let mut main = Shipped::new("envoy.yaml", &files.envoy()?);
        if let Some(provider) = &self.provider {
            provider.take_the_place_of_the_shipped_one(&mut main)?;
        }
        for (old, new) in &self.replace {
            main.replace(old, new)?;
        }
        if !self.has(Variant::Watched) {
            self.set_up_filter(&mut main)?;
            if let Some(configuration) = &self.configuration {
                set_configuration(&mut main, configuration)?;
            }
        }
        main.finish(&FOREIGN)
    }

    fn set_up_filter(&self, file: &mut Shipped) -> Result<()> {
        if self.allow_on_headers_stop_iteration {
            file.replace("allow_on_headers_stop_iteration: false", "allow_on_headers_stop_iteration: true")?;
        }
        Ok(())
    }

    fn has(&self, variant: Variant) -> bool {
        self.variants.contains(&variant)
    }
}

impl Provider {
    fn take_the_place_of_the_shipped_one(&self, file: &mut Shipped) -> Result<()> {
        let address = format!("address: 127.0.0.1, port_value: {}", self.port);
        file.replace("address: id.example.com, port_value: 443", &address)?;
        file.replace("https://id.example.com", &format!("https://localhost:{}", self.port))?;
        file.replace("id.example.com", "localhost")?;
        file.replace("/etc/ssl/certs/ca-certificates.crt", text(&self.authority)?)
    }
}

fn cluster((name, address): &(String, SocketAddr)) -> Cluster {
    Cluster { name: name.clone(), host: address.ip().to_string(), port: address.port() }
}

/// Writes a file, and makes its directory.
fn write(path: &Path, text: &str) -> Result<()> {
    let directory = path.parent().context("a file stands in a directory")?;
    fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().with_context(|| format!("not a path that YAML can hold: {}", path.display()))
}
