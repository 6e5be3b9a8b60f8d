//! A gateway with the probe as its module, and with a certificate of its own authority.

use std::{fs, net::SocketAddr, path::PathBuf, sync::OnceLock};

use promward_embedded::gateway::{ClientCertificates, Gateway, Options, TlsFiles};
use promward_embedded::host::{Plugin, Settings};
use promward_harness::certificates::{Authority, Files};
use promward_harness::client::Client;
use tempfile::TempDir;

pub(crate) struct SetUp {
    pub(crate) gateway: Gateway,
    pub(crate) authority: Authority,
    pub(crate) files: Files,
    directory: TempDir,
}

impl SetUp {
    /// Starts a gateway that forwards everything to `upstream`.
    pub(crate) fn new(upstream: SocketAddr) -> Self {
        Self::with(upstream, |options| options)
    }

    /// Starts such a gateway with other options.
    pub(crate) fn with(upstream: SocketAddr, change: impl FnOnce(Options) -> Options) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let authority = Authority::new("gateway test").unwrap();
        authority.write(&directory.path().join("ca.crt")).unwrap();
        let files = authority.server().unwrap().write(directory.path(), "server").unwrap();
        let options = change(Options { upstream: Some(upstream), ..options(&files) });
        Self { gateway: Gateway::start(options).unwrap(), authority, files, directory }
    }

    /// Returns options for another gateway with the same certificate.
    pub(crate) fn options(&self) -> Options {
        options(&self.files)
    }

    /// Returns a client that trusts the gateway.
    pub(crate) fn client(&self) -> Client {
        Client::https(self.gateway.address()).trust(self.authority.pem())
    }

    /// Renews the certificate of the gateway, and returns the new one.
    pub(crate) fn renew(&self) -> Vec<u8> {
        let renewed = self.authority.server().unwrap();
        renewed.write(self.directory.path(), "server").unwrap();
        renewed.certificate_der().to_vec()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

fn options(files: &Files) -> Options {
    let tls = TlsFiles {
        certificate: files.certificate.clone(),
        key: files.key.clone(),
        clients: ClientCertificates::NotAsked,
    };
    Options::new(tls, probe())
}

/// Returns the probe, which without an `x-probe` header lets everything pass. All tests share it, because compiling a
/// module takes longer than most of them.
fn probe() -> Plugin {
    static PROBE: OnceLock<Plugin> = OnceLock::new();
    let load = || {
        let module = fs::read(promward_module::build_package("promward-probe").unwrap()).unwrap();
        Plugin::load(Settings::new(module, "")).unwrap()
    };
    PROBE.get_or_init(load).clone()
}
