//! The proxies that promward is compared with. Each has one worker, and stands in front of the same server with the
//! same TLS.

use super::callgrind;
use super::envoy::{self, Filter};
use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use promward_benches::costs::{self, Work};
use promward_harness::nginx::{self, Nginx};
use promward_harness::process::{self, Process};
use promward_harness::tools::{self, Program};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The longest time that a program may take to start.
const START: Duration = Duration::from_secs(60);

/// The name of an Envoy under valgrind, which takes longer to start.
const COUNTED: &str = "Envoy under valgrind";

/// A proxy, or a way to configure one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Peer {
    /// Envoy without a filter: a route with `prefix_rewrite`.
    Envoy,
    /// The same, with promward's headers.
    Headers,
    /// Envoy with a module of the SDK that does nothing.
    Empty,
    /// The shipped file with promward.
    Promward,
    /// Envoy with a Lua script that strips the prefix.
    Lua,
    /// Envoy's own filters for passwords, which takes SHA-1, and for access, on the path as it came.
    Own,
    /// nginx as in the guide.
    Nginx,
    /// nginx with kept connections to the server.
    NginxKept,
    /// The same, with passwords.
    NginxPasswords,
    /// Caddy, which remembers passwords.
    Caddy,
    /// vmauth, whose file has passwords in plain text.
    Vmauth,
}

/// The modules and certificates that all peers of a run share.
pub(crate) struct Setting {
    /// promward's module, and the empty one.
    pub(crate) module: PathBuf,
    pub(crate) empty: PathBuf,
    /// The directory with `example.com.crt` and `.key`.
    pub(crate) certificates: PathBuf,
    /// The authority that signed it, PEM.
    pub(crate) authority: String,
    /// The file that callgrind writes to, if the instructions of an Envoy are counted.
    pub(crate) counted: Option<PathBuf>,
}

pub(crate) struct Running {
    process: Started,
    pub(crate) address: SocketAddr,
    /// The time until it served.
    pub(crate) start: Duration,
    _directory: TempDir,
}

enum Started {
    Nginx(Nginx),
    Other(Process),
}

impl Peer {
    /// Returns the peers of a work. The others are compared with the first one.
    pub(crate) fn of(work: Work) -> Vec<Self> {
        use Peer::{
            Caddy, Empty, Envoy, Headers, Lua, Nginx, NginxKept, NginxPasswords, Own, Promward, Vmauth,
        };
        match work {
            Work::Prefix => vec![Envoy, Headers, Empty, Promward, Lua, Nginx, NginxKept, Caddy, Vmauth],
            Work::Password => vec![Envoy, Empty, Promward, Own, NginxPasswords, Caddy, Vmauth],
            Work::Restricted | Work::Form => vec![Envoy, Empty, Promward, Nginx, NginxKept],
            Work::LongAnswer => vec![Envoy, Headers, Empty, Promward],
            Work::Tried | Work::NewQueries | Work::Rules | Work::Alerts | Work::Write => {
                vec![Envoy, Empty, Promward]
            }
        }
    }

    /// Returns its name in tables.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Envoy => "Envoy, `prefix_rewrite`",
            Self::Headers => "Envoy, `prefix_rewrite` and the same headers",
            Self::Empty => "Envoy, an empty filter of the SDK",
            Self::Promward => "**promward**",
            Self::Lua => "Envoy, Lua",
            Self::Own => "Envoy, `basic_auth` (SHA-1) and `rbac`",
            Self::Nginx => "nginx, as in the guide",
            Self::NginxKept => "nginx, connections kept",
            Self::NginxPasswords => "nginx, bcrypt",
            Self::Caddy => "Caddy",
            Self::Vmauth => "vmauth, plain-text passwords",
        }
    }

    /// Describes what it does for a work, besides TLS and the prefix.
    pub(crate) const fn does(self, work: Work) -> &'static str {
        match (self, work) {
            (Self::Promward, _) | (_, Work::Prefix) => "all",
            (Self::Own | Self::NginxPasswords | Self::Caddy | Self::Vmauth, Work::Password) => "password",
            _ => "prefix only",
        }
    }

    pub(crate) const fn program(self) -> Program {
        match self {
            Self::Envoy | Self::Headers | Self::Empty | Self::Promward | Self::Lua | Self::Own => {
                Program::Envoy
            }
            Self::Nginx | Self::NginxKept | Self::NginxPasswords => Program::Nginx,
            Self::Caddy => Program::Caddy,
            Self::Vmauth => Program::Vmauth,
        }
    }

    /// Returns the least length of a round. nginx checks the passwords of all connections before it lets one of them
    /// continue.
    pub(crate) const fn least_round(self) -> Duration {
        match self {
            Self::NginxPasswords => Duration::from_secs(3),
            _ => Duration::ZERO,
        }
    }

    /// Starts the proxy in front of a server.
    pub(crate) fn start(
        self,
        work: Work,
        configuration: &str,
        setting: &Setting,
        upstream: SocketAddr,
        workers: u32,
    ) -> Result<Running> {
        let promward = Filter::Promward { module: &setting.module, configuration };
        match self {
            Self::Envoy => start_envoy(&Filter::None, setting, upstream, workers),
            Self::Headers => start_envoy(&Filter::Headers, setting, upstream, workers),
            Self::Empty => start_envoy(&Filter::Empty(&setting.empty), setting, upstream, workers),
            Self::Promward => start_envoy(&promward, setting, upstream, workers),
            Self::Lua => start_envoy(&Filter::Lua, setting, upstream, workers),
            Self::Own => start_envoy(&Filter::Own, setting, upstream, workers),
            Self::Nginx => start_nginx(setting, upstream, false, false),
            Self::NginxKept => start_nginx(setting, upstream, true, false),
            Self::NginxPasswords => start_nginx(setting, upstream, true, true),
            Self::Caddy => start_caddy(work, setting, upstream),
            Self::Vmauth => start_vmauth(work, setting, upstream),
        }
    }
}

impl Running {
    pub(crate) fn id(&self) -> u32 {
        match &self.process {
            Started::Nginx(nginx) => nginx.process().id(),
            Started::Other(process) => process.id(),
        }
    }
}

/// Starts a program, and waits until it listens.
fn started(command: Command, name: &str, address: SocketAddr, directory: TempDir) -> Result<Running> {
    let patience = if name == COUNTED { 10 * START } else { START };
    let begun = Instant::now();
    let process = Process::start(name, command)?;
    process.wait_until("listening", patience, || TcpStream::connect(address).ok())?;
    Ok(Running { process: Started::Other(process), address, start: begun.elapsed(), _directory: directory })
}

fn local() -> Result<SocketAddr> {
    Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, process::free_port()?)))
}

fn start_envoy(
    filter: &Filter<'_>,
    setting: &Setting,
    upstream: SocketAddr,
    workers: u32,
) -> Result<Running> {
    let (address, admin, directory) = (local()?, local()?, tempfile::tempdir()?);
    let text = envoy::configuration(filter, address, admin, upstream, &setting.certificates)?;
    let mut command = tools::envoy()?.command();
    command.arg("--config-path").arg(write(&directory, "envoy.yaml", &text)?);
    command.args(["--concurrency", &workers.to_string(), "--disable-hot-restart"]);
    let command = match &setting.counted {
        Some(file) => return started(callgrind::under(&command, file), COUNTED, address, directory),
        None => command,
    };
    started(command, "Envoy", address, directory)
}

fn start_nginx(setting: &Setting, upstream: SocketAddr, kept: bool, passwords: bool) -> Result<Running> {
    let (directory, begun) = (tempfile::tempdir()?, Instant::now());
    let file = write(&directory, "htpasswd", &format!("{}:{}\n", costs::USER, costs::HASH))?;
    let options = nginx::Options { keeps_connections: kept, passwords: passwords.then_some(file) };
    let nginx = Nginx::start_with(&setting.certificates, upstream, &options)?;
    let address = nginx.https();
    Ok(Running { process: Started::Nginx(nginx), address, start: begun.elapsed(), _directory: directory })
}

fn start_caddy(work: Work, setting: &Setting, upstream: SocketAddr) -> Result<Running> {
    let (address, directory) = (local()?, tempfile::tempdir()?);
    let passwords = match work.has_password() {
        true => format!("basicauth {{\n{} {}\n}}", costs::USER, STANDARD.encode(costs::HASH)),
        false => String::new(),
    };
    let (port, certificates) = (address.port(), setting.certificates.display());
    let text = format!(
        "{{
    admin off
    auto_https off
}}
https://example.com:{port} {{
    bind 127.0.0.1
    tls {certificates}/example.com.crt {certificates}/example.com.key
    {passwords}
    handle_path /prometheus/* {{
        reverse_proxy {upstream}
    }}
}}
"
    );
    let file = write(&directory, "Caddyfile", &text)?;
    let mut command = tools::find(Program::Caddy)?.command();
    command.args(["run", "--adapter", "caddyfile", "--config"]).arg(file);
    // Caddy keeps its state there.
    command.env("XDG_DATA_HOME", directory.path()).env("XDG_CONFIG_HOME", directory.path());
    command.env("GOMAXPROCS", "1");
    started(command, "Caddy", address, directory)
}

fn start_vmauth(work: Work, setting: &Setting, upstream: SocketAddr) -> Result<Running> {
    let (address, directory) = (local()?, tempfile::tempdir()?);
    let map = format!(
        "url_map: [{{ src_paths: [\"/prometheus/.*\"], url_prefix: \"http://{upstream}/\", \
         drop_src_path_prefix_parts: 1 }}]"
    );
    let text = match work.has_password() {
        true => format!("users: [{{ username: {}, password: {}, {map} }}]", costs::USER, costs::PASSWORD),
        false => format!("unauthorized_user: {{ {map} }}"),
    };
    let file = write(&directory, "auth.yml", &text)?;
    let mut command = tools::find(Program::Vmauth)?.command();
    command.arg(format!("-auth.config={}", file.display()));
    command.arg(format!("-httpListenAddr={address}")).arg("-tls");
    for (flag, end) in [("tlsCertFile", "crt"), ("tlsKeyFile", "key")] {
        let path = setting.certificates.join(format!("example.com.{end}"));
        command.arg(format!("-{flag}={}", path.display()));
    }
    command.env("GOMAXPROCS", "1");
    started(command, "vmauth", address, directory)
}

fn write(directory: &TempDir, name: &str, text: &str) -> Result<PathBuf> {
    let path = directory.path().join(name);
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}
