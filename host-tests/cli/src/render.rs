//! `promward render`: the shipped Envoy files with a user's configuration, names, ports and paths, ready to load.

use crate::check::{self, Verdict};
use anyhow::{Context, Result};
use clap::Args;
use promward_harness::envoy::variants::Variant;
use promward_harness::envoy::{Cluster, DIRECTORY, FileOptions};
use promward_harness::tools::Version;
use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The text of `promward render --help` after the options.
pub const HELP: &str = "\
Prints the shipped envoy/envoy.yaml with this configuration in it. Without arguments it is that file, byte for byte. The
configuration is checked first, as by `cargo promward check`.

--client-certificates, --jwt, --openid-connect, --rate-limit, --remote-write, --watched and --websockets add the lines of envoy/fragments, and can
be combined; --openid-connect does what --jwt does, too. envoy/README.md says what to change in them, and which files the directory must have. The number of workers is not in the file:
it is Envoy's own option --concurrency.

Examples:
  cargo promward render promward.json > envoy.yaml
  cargo promward render promward.json --domain prometheus.example.org --upstream prometheus:9090 --output envoy.yaml
  cargo promward render promward.json --directory /srv/promward --output /srv/promward/envoy.yaml
  cargo promward render promward.json --websockets --cluster grafana=localhost:3000 > envoy.yaml
  cargo promward render --sds --directory /srv/promward --output /srv/promward/sds/certificate.yaml
  cargo promward render --watched --output envoy.yaml
  cargo promward render --ecds promward.json --output /etc/promward/ecds/promward.yaml

Exit codes:
  0  the file is printed or written
  1  the filter refuses the configuration, or the file can't be written
  2  the configuration can't be read, or wrong arguments";

/// The arguments of `promward render`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The filter's configuration (JSON); `-` is standard input. Without it the file has the shipped one, which allows
    /// everything to everybody
    configuration: Option<PathBuf>,
    /// Writes to this file, by renaming, so that Envoy notices it in a directory that it watches
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Prints the filter as a resource of its own (ECDS): the file that --watched names
    #[arg(long, help_heading = "Another file in place of envoy.yaml")]
    ecds: bool,
    /// Prints the file that names the server's certificate (SDS)
    #[arg(
        long,
        conflicts_with_all = ["ecds", "configuration"],
        help_heading = "Another file in place of envoy.yaml"
    )]
    sds: bool,

    /// Asks clients for certificates, which the authority in certificates/clients-ca.crt must have signed
    #[arg(long, help_heading = "Fragments")]
    client_certificates: bool,
    /// Verifies JSON Web Tokens with the keys in jwks.json
    #[arg(long, help_heading = "Fragments")]
    jwt: bool,
    /// Lets people log in at an OpenID Connect provider, and verifies its tokens
    #[arg(long, conflicts_with = "jwt", help_heading = "Fragments")]
    openid_connect: bool,
    /// Asks a rate limit service about each request, so that several gateways count together
    #[arg(long, help_heading = "Fragments")]
    rate_limit: bool,
    /// Holds messages of remote write of up to 3 MiB, which the filter reads if their senders are restricted
    #[arg(long, help_heading = "Fragments")]
    remote_write: bool,
    /// Reads the filter from ecds/promward.yaml and watches that file, so that new rules need no restart
    #[arg(long, help_heading = "Fragments")]
    watched: bool,
    /// Lets WebSockets pass, which the filter allows at opaque mounts
    #[arg(long, help_heading = "Fragments")]
    websockets: bool,

    /// The host name that is served; may be given several times
    #[arg(
        long,
        value_name = "NAME",
        default_value = "example.com",
        value_parser = domain,
        help_heading = "Names, ports and paths"
    )]
    domain: Vec<String>,
    /// The server behind: a name or an address, and its port
    #[arg(
        long,
        value_name = "HOST:PORT",
        default_value = "127.0.0.1:9090",
        value_parser = host_and_port,
        help_heading = "Names, ports and paths"
    )]
    upstream: (String, u16),
    /// A further server: the name of its cluster, which a mount names, and its host and port; may be given several times
    #[arg(
        long,
        value_name = "NAME=HOST:PORT",
        value_parser = cluster,
        help_heading = "Names, ports and paths"
    )]
    cluster: Vec<Cluster>,
    /// The address to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0", help_heading = "Names, ports and paths")]
    listen: IpAddr,
    /// The port of https, which serves
    #[arg(long, value_name = "PORT", default_value_t = 443, help_heading = "Names, ports and paths")]
    https_port: u16,
    /// The port of http, which only redirects
    #[arg(long, value_name = "PORT", default_value_t = 80, help_heading = "Names, ports and paths")]
    http_port: u16,
    /// The port of Envoy's admin, on 127.0.0.1
    #[arg(long, value_name = "PORT", default_value_t = 9901, help_heading = "Names, ports and paths")]
    admin_port: u16,
    /// The directory of all files that the Envoy file names
    #[arg(
        long,
        value_name = "DIRECTORY",
        default_value = DIRECTORY,
        help_heading = "Names, ports and paths"
    )]
    directory: String,
    /// The directory of the certificates [default: certificates/ in the directory]
    #[arg(long, value_name = "DIRECTORY", help_heading = "Names, ports and paths")]
    certificates: Option<String>,
    /// The path of the module [default: promward.wasm in the directory]
    #[arg(long, value_name = "FILE", help_heading = "Names, ports and paths")]
    module: Option<String>,
    /// The oldest Envoy that has to understand the file; for 1.36 it has no list of paths that the admin allows
    #[arg(
        long,
        value_name = "VERSION",
        default_value = "1.37",
        value_parser = version,
        help_heading = "Names, ports and paths"
    )]
    envoy_version: Version,
}

/// Renders the file and prints it to `output`, or writes it where the arguments say. Messages about a wrong
/// configuration go to `errors`.
///
/// # Errors
///
/// Returns an error if a file or `output` can't be written.
pub fn run(arguments: &Arguments, output: &mut dyn Write, errors: &mut dyn Write) -> Result<Verdict> {
    if let Some(why) = arguments.port_that_is_taken() {
        writeln!(errors, "{why}")?;
        return Ok(Verdict::Unreadable);
    }
    let mut options = arguments.options();
    if let Some(file) = &arguments.configuration {
        if arguments.watched && !arguments.ecds {
            writeln!(
                errors,
                "with --watched the configuration is in a file of its own: `cargo promward render --ecds {}` prints it",
                file.display()
            )?;
            return Ok(Verdict::Unreadable);
        }
        match configuration(file) {
            Ok(text) => options.configuration = Some(text),
            Err((verdict, why)) => {
                writeln!(errors, "{}", why.trim_end())?;
                return Ok(verdict);
            }
        }
    }
    let text = match (arguments.ecds, arguments.sds) {
        (true, _) => options.ecds()?,
        (_, true) => options.sds()?,
        _ => options.envoy()?,
    };
    if let Some(file) = &arguments.configuration
        && let Some(why) = refused_by_listener(&text)
    {
        writeln!(errors, "{}: refused: {why}", file.display())?;
        if why.starts_with(check::VOUCHED) {
            writeln!(errors, "--client-certificates adds what is missing")?;
        }
        return Ok(Verdict::Refused);
    }
    match &arguments.output {
        Some(path) => write(path, &text).with_context(|| format!("cannot write {}", path.display()))?,
        None => output.write_all(text.as_bytes())?,
    }
    if let Some(note) = arguments.note_on_certificates() {
        writeln!(errors, "{note}")?;
    }
    Ok(Verdict::Valid)
}

impl Arguments {
    /// Returns a message about two listeners that would have the same port, if there are two.
    fn port_that_is_taken(&self) -> Option<String> {
        let [https, http, admin] = [
            ("--https-port", self.https_port),
            ("--http-port", self.http_port),
            ("--admin-port", self.admin_port),
        ];
        let pairs = [(https, http), (https, admin), (http, admin)];
        let ((one, port), (other, _)) = pairs.into_iter().find(|((_, one), (_, other))| one == other)?;
        Some(format!("{one} and {other} are both {port}: choose another for one of them"))
    }

    /// Returns a note that the certificate's file has to name the same directory, where that is not the shipped one. With
    /// another directory there Envoy starts, and breaks off every handshake.
    fn note_on_certificates(&self) -> Option<String> {
        let directory = self.directory.trim_end_matches('/');
        let is_shipped = directory == DIRECTORY && self.certificates.is_none();
        if is_shipped || self.ecds || self.sds {
            return None;
        }
        let certificates = self.certificates.as_ref();
        let certificates = certificates.map_or_else(String::new, |path| format!(" --certificates {path}"));
        Some(format!(
            "note: {directory}/sds/certificate.yaml names the certificate, and must match: cargo promward render --sds \
             --directory {directory}{certificates} --output {directory}/sds/certificate.yaml"
        ))
    }

    fn options(&self) -> FileOptions {
        let variants = [
            (self.client_certificates, Variant::ClientCertificates),
            (self.jwt, Variant::Jwt),
            (self.openid_connect, Variant::OpenIdConnect),
            (self.rate_limit, Variant::RateLimit),
            (self.remote_write, Variant::RemoteWrite),
            (self.watched, Variant::Watched),
            (self.websockets, Variant::WebSockets),
        ];
        let (upstream_host, upstream_port) = self.upstream.clone();
        FileOptions {
            variants: variants
                .into_iter()
                .filter(|(wanted, _)| *wanted)
                .map(|(_, variant)| variant)
                .collect(),
            configuration: None,
            domains: self.domain.clone(),
            listen: self.listen,
            https_port: self.https_port,
            http_port: self.http_port,
            admin_port: self.admin_port,
            upstream_host,
            upstream_port,
            clusters: self.cluster.clone(),
            directory: self.directory.trim_end_matches('/').to_owned(),
            certificates: self.certificates.as_deref().map(|path| path.trim_end_matches('/').to_owned()),
            module: self.module.clone(),
            envoy: self.envoy_version,
        }
    }
}

/// Reads a configuration that the filter accepts, or returns the reason why there is none.
fn configuration(file: &Path) -> Result<String, (Verdict, String)> {
    let unreadable = |why: String| (Verdict::Unreadable, format!("{}: {why}", file.display()));
    let bytes = check::read(file).map_err(|error| unreadable(error.to_string()))?;
    let name = file.to_string_lossy();
    let findings = check::check(&name, &bytes).map_err(|error| unreadable(error.to_string()))?;
    if let Some(refused) = findings.iter().find(|finding| finding.loaded.is_err()) {
        return Err((Verdict::Refused, refused.to_string()));
    }
    match String::from_utf8(bytes) {
        Ok(text) if findings.iter().all(|finding| finding.place == name) => Ok(text),
        _ => Err(unreadable("this is an Envoy file: give the JSON that is in it".to_owned())),
    }
}

/// Returns the reason why the filter would refuse its configuration behind the listener of this file, or why the file
/// can't be read, if there is one.
fn refused_by_listener(rendered: &str) -> Option<String> {
    match check::check("envoy.yaml", rendered.as_bytes()) {
        Ok(findings) => findings.into_iter().find_map(|finding| finding.loaded.err()),
        Err(error) => Some(format!("the file with it can't be read: {error}")),
    }
}

/// Writes a file beside `path`, or beside what it leads to if it is a link, and renames it. If `path` isn't a regular file
/// (a pipe, for example) or is a link to nothing, writes to it directly.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let present = fs::metadata(path).ok();
    let goes_elsewhere = match &present {
        Some(present) => !present.is_file(),
        None => path.is_symlink(),
    };
    if goes_elsewhere {
        return fs::write(path, text);
    }
    let place = if present.is_some() { path.canonicalize()? } else { path.to_owned() };
    let directory = place.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // As for any new file, the user's umask is taken off.
    let any = Permissions::from_mode(0o666);
    let mut beside = tempfile::Builder::new().permissions(any).tempfile_in(directory)?;
    beside.write_all(text.as_bytes())?;
    if let Some(present) = present {
        beside.as_file().set_permissions(present.permissions())?;
    }
    beside.persist(&place)?;
    Ok(())
}

fn domain(text: &str) -> Result<String, String> {
    if text.is_empty() || text.contains('/') {
        return Err("write a host name, such as prometheus.example.org".to_owned());
    }
    if text == "*" {
        return Err("* is every name, and by any other name only health is served: name each".to_owned());
    }
    Ok(text.to_owned())
}

fn host_and_port(text: &str) -> Result<(String, u16), String> {
    let parts = text.rsplit_once(':').filter(|(host, _)| !host.is_empty());
    let (host, port) = parts.ok_or("write HOST:PORT, such as localhost:9090 or [::1]:9090")?;
    let port = port.parse().map_err(|_| format!("{port} is no port"))?;
    // Envoy wants an IPv6 address without its brackets.
    Ok((host.trim_start_matches('[').trim_end_matches(']').to_owned(), port))
}

fn cluster(text: &str) -> Result<Cluster, String> {
    let (name, server) =
        text.split_once('=').ok_or("write NAME=HOST:PORT, such as grafana=localhost:3000")?;
    if name.is_empty() || name == "prometheus" || name.contains(char::is_whitespace) {
        return Err("name the cluster as a mount does; \"prometheus\" is that of --upstream".to_owned());
    }
    let (host, port) = host_and_port(server)?;
    Ok(Cluster { name: name.to_owned(), host, port })
}

fn version(text: &str) -> Result<Version, String> {
    let dots = text.matches('.').count();
    let whole = if dots == 1 { format!("{text}.0") } else { text.to_owned() };
    Version::within(&whole).ok_or_else(|| "write a version such as 1.36 or 1.36.2".to_owned())
}

#[cfg(test)]
mod tests {
    use super::refused_by_listener;

    #[test]
    fn a_file_that_cannot_be_read_is_refused() {
        for text in ["a: [", "a: 1", ""] {
            let why = refused_by_listener(text);
            assert!(why.is_some_and(|why| why.starts_with("the file with it can't be read: ")), "{text}");
        }
    }
}
