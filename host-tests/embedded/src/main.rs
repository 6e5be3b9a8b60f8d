//! `promward-embedded`: a deployment on the embedded host, as a program of its own. `promward demo --host embedded`
//! starts it, so that the command line needs no WebAssembly engine.

mod admin;

use anyhow::{Context, Result};
use clap::Parser;
use promward_embedded::gateway::{self, ClientCertificates, Gateway, TlsFiles};
use promward_embedded::host::{FailurePolicy, Personality, Plugin, Settings};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

/// Serves TLS on 127.0.0.1 with a proxy-wasm module in front of one server, until it is told to end
#[derive(Debug, Parser)]
#[command(name = "promward-embedded", version)]
struct Arguments {
    /// The path of the proxy-wasm module
    #[arg(long)]
    module: PathBuf,
    /// The file with the module's configuration
    #[arg(long)]
    configuration: PathBuf,
    /// The server's certificate with its chain (PEM)
    #[arg(long)]
    certificate: PathBuf,
    /// The private key of the certificate (PEM)
    #[arg(long)]
    key: PathBuf,
    /// Certificates of the authorities that may have signed a client's certificate (PEM); without it clients are not
    /// asked for one
    #[arg(long)]
    clients: Option<PathBuf>,
    /// The cluster that the configuration names
    #[arg(long, default_value = "prometheus")]
    cluster: String,
    /// The server behind: address and port
    #[arg(long)]
    upstream: SocketAddr,
    /// The port of https, which serves
    #[arg(long)]
    https_port: u16,
    /// The port of http, which only redirects
    #[arg(long)]
    http_port: u16,
    /// The port of the admin: /ready and /stats, as Envoy has them
    #[arg(long)]
    admin_port: u16,
    /// The host whose behaviour towards the module is played: envoy, nginx or traffic-server
    #[arg(long = "as", default_value = Personality::ENVOY.name, value_parser = personality)]
    personality: Personality,
    /// The number of threads that serve, each with a VM of its own
    #[arg(long, default_value_t = 2)]
    workers: usize,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let read = |path: &PathBuf| fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let mut settings = Settings::new(read(&arguments.module)?, read(&arguments.configuration)?);
    settings.personality = arguments.personality;
    settings.vm_id = "promward".to_owned();
    settings.failure_policy = FailurePolicy::FailReload;
    settings.log = Arc::new(|level, line| eprintln!("{level:?} {line}"));
    let plugin = Plugin::load(settings)?;
    let tls = TlsFiles {
        certificate: arguments.certificate,
        key: arguments.key,
        clients: arguments.clients.map_or(ClientCertificates::NotAsked, ClientCertificates::SignedBy),
    };
    let mut options =
        gateway::Options::new(tls, plugin.clone()).cluster(&arguments.cluster, arguments.upstream);
    options.workers = arguments.workers;
    options.listen = local(arguments.https_port);
    options.plain = Some(local(arguments.http_port));
    let _gateway = Gateway::start(options)?;
    admin::serve(local(arguments.admin_port), &plugin)
}

fn personality(name: &str) -> Result<Personality, String> {
    let names = Personality::ALL.map(|personality| personality.name).join(", ");
    Personality::named(name).ok_or_else(|| format!("there are {names}"))
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}
