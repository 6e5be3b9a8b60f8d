//! Runs real nginx with the `nginx.conf` of Prometheus' guide, which promward is compared with.

use crate::envoy::shipped::Shipped;
use crate::process::{self, Process};
use crate::tools;
use anyhow::{Context, Result};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// The time that nginx has to start.
const START: Duration = Duration::from_secs(30);

/// The configuration of the guide, word for word.
pub const CONFIGURATION: &str = "\
http {
    server {
        listen              443 ssl;
        server_name         example.com;
        ssl_certificate     /root/certs/example.com/example.com.crt;
        ssl_certificate_key /root/certs/example.com/example.com.key;

        location /prometheus/ {
            proxy_pass http://localhost:9090/;
        }
    }
}
events {}
";

/// The settings that run nginx without root and in the foreground. It runs as one process, so that none is left when it
/// is killed.
const MAIN: &str = "daemon off; master_process off; pid nginx.pid; error_log stderr notice;";

/// The directories for what nginx can't hold in memory; the built-in ones belong to root. Our clients use connections
/// for more than the usual 1,000 requests.
const PLACES: &str = "\
    access_log off;
    keepalive_requests 1000000;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
";

/// The settings by which nginx keeps connections to the server.
const UPSTREAM: &str = "upstream prometheus { server UPSTREAM; keepalive 16; }\n";
const KEEPS: &str = "proxy_http_version 1.1;\nproxy_set_header Connection \"\";\n";

/// The settings of nginx beyond the guide. The default adds none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The file of passwords (by `htpasswd`) that nginx asks for, except at `/prometheus/-/healthy`.
    pub passwords: Option<PathBuf>,
    /// `true` keeps connections to the server.
    pub keeps_connections: bool,
}

/// A running nginx with a directory of its own.
pub struct Nginx {
    process: Process,
    https: SocketAddr,
    _directory: TempDir,
}

impl Nginx {
    /// Starts nginx on a free port with the certificate `example.com.crt` and `.key` of this directory, in front of
    /// `upstream`, and waits until it listens.
    ///
    /// # Errors
    ///
    /// Returns an error if nginx can't be found or fetched, ends, or doesn't listen within half a minute; the error
    /// shows its last lines.
    pub fn start(certificates: &Path, upstream: SocketAddr) -> Result<Self> {
        Self::start_with(certificates, upstream, &Options::default())
    }

    /// Starts nginx as [`Nginx::start`] does, with settings beyond the guide.
    ///
    /// # Errors
    ///
    /// Returns an error where [`Nginx::start`] does.
    pub fn start_with(certificates: &Path, upstream: SocketAddr, options: &Options) -> Result<Self> {
        let tool = tools::nginx()?;
        let https = SocketAddr::from((Ipv4Addr::LOCALHOST, process::free_port()?));
        let directory = tempfile::tempdir().context("cannot make a directory for nginx")?;
        let file = directory.path().join("nginx.conf");
        std::fs::write(&file, configuration(https, certificates, upstream, options)?)
            .with_context(|| format!("cannot write {}", file.display()))?;
        let mut command = tool.command();
        command.arg("-p").arg(directory.path()).arg("-c").arg(&file).args(["-e", "stderr", "-g", MAIN]);
        let process = Process::start("nginx", command)?;
        process.wait_until("listening", START, || TcpStream::connect(https).ok())?;
        Ok(Self { process, https, _directory: directory })
    }

    /// Returns the address that serves HTTPS.
    #[must_use]
    pub fn https(&self) -> SocketAddr {
        self.https
    }

    /// Returns the process, with its id and its log.
    #[must_use]
    pub fn process(&self) -> &Process {
        &self.process
    }
}

fn configuration(
    https: SocketAddr,
    certificates: &Path,
    upstream: SocketAddr,
    options: &Options,
) -> Result<String> {
    let certificates = certificates.to_str().context("not a path that nginx.conf can hold")?;
    let mut file = Shipped::new("nginx.conf", CONFIGURATION);
    file.replace("443 ssl;", &format!("{https} ssl;"))?;
    file.replace("/root/certs/example.com/", &format!("{certificates}/"))?;
    let address = upstream.to_string();
    let (server, keeps, kept) = match options.keeps_connections {
        true => ("prometheus", KEEPS, UPSTREAM.replace("UPSTREAM", &address)),
        false => (address.as_str(), "", String::new()),
    };
    file.replace("proxy_pass http://localhost:9090/", &format!("{keeps}proxy_pass http://{server}/"))?;
    file.replace("http {\n", &format!("http {{\n{PLACES}{kept}"))?;
    if let Some(passwords) = &options.passwords {
        let place = "location /prometheus/ {\n";
        let asks = format!("auth_basic Prometheus;\nauth_basic_user_file {};\n", passwords.display());
        let open = format!("location /prometheus/-/healthy {{ proxy_pass http://{upstream}/-/healthy; }}\n");
        file.replace(place, &format!("{open}{place}{asks}"))?;
    }
    file.finish(&["/root/", ":9090"])
}

#[cfg(test)]
mod tests {
    use super::Nginx;
    use crate::certificates::Authority;
    use crate::client::Client;
    use crate::tools::{self, Program};
    use crate::upstream::{Reply, Upstream};

    #[test]
    fn the_guides_nginx_strips_the_prefix() {
        if tools::need(Program::Nginx).is_none() {
            return;
        }
        let authority = Authority::new("Test CA").unwrap();
        let certificates = tempfile::tempdir().unwrap();
        authority.server().unwrap().write(certificates.path(), "example.com").unwrap();
        let upstream = Upstream::start(|_| Reply::text("from upstream")).unwrap();
        let nginx = Nginx::start(certificates.path(), upstream.address()).unwrap();
        let client = Client::https(nginx.https()).trust(authority.pem());
        let answer = client.get("/prometheus/api/v1/label/job/values").unwrap();
        assert_eq!((answer.status, answer.text().as_str()), (200, "from upstream"));
        assert_eq!(upstream.wait_for(0).unwrap().target, "/api/v1/label/job/values");
    }
}
