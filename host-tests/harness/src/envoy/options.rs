//! What stands in for the addresses, ports and paths that the shipped files name.

use super::shipped::Shipped;
use super::variants::{self, Variant};
use super::{Addresses, CERTIFICATE};
use crate::tools::Version;
use anyhow::{Context, Result};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// What marks a place of the machine that the files are written for.
const FOREIGN: [&str; 2] = ["/etc/promward", "0.0.0.0"];

/// The first Envoy whose admin can be told which paths it has.
pub const ALLOWS_PATHS: Version = Version::new(1, 37, 0);

/// Where the files of variants lie, below the directory of the main one.
const JWKS: &str = "jwks.json";
pub(super) const POLICY: &str = "ecds/promward.yaml";

/// What stands in for what the shipped file names.
#[derive(Clone, Debug)]
pub struct Options {
    /// The directory with `example.com.crt` and `example.com.key`, for `/etc/promward/certificates`. It is watched.
    /// [`Variant::ClientCertificates`] needs `clients-ca.crt` in it.
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
    /// What is added to the shipped file; nothing if empty.
    pub variants: Vec<Variant>,
    /// The keys that [`Variant::Jwt`] verifies tokens with: a JSON Web Key Set, for `/etc/promward/jwks.json`.
    pub jwks: Option<String>,
    /// How many workers Envoy runs.
    pub concurrency: u32,
    /// Further texts of the main file and what stands in for each. A text that it doesn't contain is an error.
    pub replace: Vec<(String, String)>,
    /// Further arguments for Envoy, such as `--log-level debug`.
    pub arguments: Vec<String>,
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
            variants: Vec::new(),
            jwks: None,
            concurrency: 2,
            replace: Vec::new(),
            arguments: Vec::new(),
        }
    }

    /// Writes all files, with everything replaced, into a directory, for an Envoy of this version. Gives the one that it
    /// starts with.
    pub(super) fn write(&self, envoy: Version, addresses: Addresses, directory: &Path) -> Result<PathBuf> {
        let (main, certificate) = (directory.join("envoy.yaml"), directory.join("certificate.yaml"));
        write(&main, &self.main(envoy, addresses, directory)?)?;
        let mut secret = Shipped::new("sds/certificate.yaml", CERTIFICATE);
        secret.replace("/etc/promward/certificates", text(&self.certificates)?)?;
        write(&certificate, &secret.finish(&FOREIGN)?)?;
        if self.has(Variant::Jwt) {
            let keys = self.jwks.as_deref().context("there are no keys to verify tokens with")?;
            write(&directory.join(JWKS), keys)?;
        }
        if self.has(Variant::Watched) {
            let policy = directory.join(POLICY);
            let watched = policy.parent().context("a file stands in a directory")?;
            fs::create_dir(watched).with_context(|| format!("cannot make {}", watched.display()))?;
            write(&policy, &self.policy(self.configuration.as_deref())?)?;
        }
        Ok(main)
    }

    /// The watched file with everything replaced, and this configuration of the filter's.
    pub(super) fn policy(&self, configuration: Option<&str>) -> Result<String> {
        let mut policy = Shipped::new("ecds/promward.yaml", &variants::policy()?);
        self.set_up_filter(&mut policy)?;
        if let Some(configuration) = configuration {
            policy.replace_block("value: |", configuration)?;
        }
        policy.finish(&FOREIGN)
    }

    fn main(&self, envoy: Version, addresses: Addresses, directory: &Path) -> Result<String> {
        let mut main = Shipped::new("envoy.yaml", &variants::render(&self.variants)?);
        if envoy < ALLOWS_PATHS {
            // As envoy/README.md tells its users to.
            main.remove_list("  allow_paths:")?;
        }
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
        main.replace("/etc/promward/sds/certificate.yaml", text(&directory.join("certificate.yaml"))?)?;
        if self.has(Variant::ClientCertificates) {
            main.replace("/etc/promward/certificates", text(&self.certificates)?)?;
        }
        if self.has(Variant::Jwt) {
            main.replace("/etc/promward/jwks.json", text(&directory.join(JWKS))?)?;
        }
        if self.has(Variant::Watched) {
            main.replace("/etc/promward/ecds", text(&directory.join("ecds"))?)?;
        } else {
            self.set_up_filter(&mut main)?;
        }
        for (old, new) in &self.replace {
            main.replace(old, new)?;
        }
        if !self.has(Variant::Watched)
            && let Some(configuration) = &self.configuration
        {
            main.replace_block("value: |", configuration)?;
        }
        main.finish(&FOREIGN)
    }

    fn set_up_filter(&self, file: &mut Shipped) -> Result<()> {
        file.replace("/etc/promward/promward.wasm", text(&self.module)?)?;
        if self.allow_on_headers_stop_iteration {
            file.replace("allow_on_headers_stop_iteration: false", "allow_on_headers_stop_iteration: true")?;
        }
        Ok(())
    }

    fn has(&self, variant: Variant) -> bool {
        self.variants.contains(&variant)
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().with_context(|| format!("not a path that YAML can hold: {}", path.display()))
}
