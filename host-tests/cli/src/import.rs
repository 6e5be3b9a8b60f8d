//! `promward import`: turns the configuration of another program into one of promward. What is uncertain is left out and
//! said, so that nothing gets open that the original keeps closed.

mod draft;
mod flags;
mod hashes;
mod htpasswd;
mod kube_rbac_proxy;
mod nginx;
mod oauth2_proxy;
mod prom_label_proxy;
mod rights;
mod upstream;
mod vmauth;
mod web_config;

use crate::check::read_named;
use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, ValueEnum};
use draft::{Imported, Note};
use promward::api::{self, PROFILES, Profile};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The text of `promward import --help` after the options.
pub const HELP: &str = "\
Standard output has the configuration, which the filter accepts. Standard error says what is left out of the original and what
remains to be done, line by line. Nothing gets open that the original keeps closed: a class of requests is given where the
original gives all of it. Passwords in plain text become bcrypt hashes, and tokens become their SHA-256.

  htpasswd          a password file; its users may read
  nginx             an nginx.conf, with auth_basic and the password files that it names (beside it, or by their paths)
  web-config        Prometheus' --web.config.file
  prom-label-proxy  its command line, or a manifest of Kubernetes that runs it
  vmauth            its -auth.config
  kube-rbac-proxy   its configuration with static rights, its command line, or a manifest
  oauth2-proxy      its configuration file, its command line, or a manifest

Examples:
  cargo promward import nginx /etc/nginx/sites-enabled/prometheus > promward.json
  cargo promward import vmauth auth.yml --prefix /prometheus > promward.json
  echo 'prom-label-proxy -label tenant -label-value a -upstream http://localhost:9090' | cargo promward import prom-label-proxy -
  cargo promward check promward.json

Exit codes:
  0  a configuration is printed; read what is left out
  1  nothing can be carried over, or the filter would refuse it
  2  wrong arguments, or a file that can't be read";

/// The arguments of `promward import`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The program that the file is for
    kind: Kind,
    /// The file; `-` is standard input
    file: PathBuf,
    /// The public prefix of the mount [default: that of the original, or /]
    #[arg(long, value_name = "PATH")]
    prefix: Option<String>,
    /// The API of the server behind [default: guessed from its name and port]
    #[arg(long, value_parser = api)]
    api: Option<&'static Profile>,
}

/// A program whose configuration can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    Htpasswd,
    Nginx,
    #[value(alias = "web.yml")]
    WebConfig,
    PromLabelProxy,
    Vmauth,
    KubeRbacProxy,
    #[value(name = "oauth2-proxy")]
    Oauth2Proxy,
}

/// The settings that the command line adds to an original.
#[derive(Clone, Copy, Debug)]
struct Options<'a> {
    prefix: Option<&'a str>,
    api: Option<&'static Profile>,
}

impl<'a> Options<'a> {
    fn prefix(&self, default: &'a str) -> &'a str {
        self.prefix.unwrap_or(default)
    }
}

/// The reason why there is no configuration.
#[derive(Debug)]
enum Failed {
    /// The text isn't what it should be.
    Nothing(String),
    /// It was read, and what is left of it is no configuration.
    Left(Vec<Note>, String),
}

impl From<String> for Failed {
    fn from(why: String) -> Self {
        Self::Nothing(why)
    }
}

fn api(name: &str) -> Result<&'static Profile, String> {
    api::named(name).ok_or_else(|| {
        let names: Vec<_> = PROFILES.iter().map(|profile| profile.name).collect();
        format!("the APIs are {}", names.join(", "))
    })
}

/// Imports a file, prints the configuration to `output`, and the notes about it to `errors`. Returns the exit code.
///
/// # Errors
///
/// Returns an error if nothing can be carried over, or if `output` or `errors` can't be written to.
pub fn run(arguments: &Arguments, output: &mut dyn Write, errors: &mut dyn Write) -> Result<u8> {
    let file = arguments.file.display();
    let is_text = |bytes| String::from_utf8(bytes).map_err(|_| format!("{file}: this is no text of UTF-8"));
    let text = match read_named(&arguments.file).and_then(is_text) {
        Ok(text) => text,
        Err(error) => {
            writeln!(errors, "promward: {error}")?;
            return Ok(2);
        }
    };
    let options = Options { prefix: arguments.prefix.as_deref(), api: arguments.api };
    let directory = arguments.file.parent().unwrap_or(Path::new("."));
    let text = text.trim_start_matches('\u{feff}');
    let imported = match arguments.kind {
        Kind::Htpasswd => htpasswd::import(text, &options),
        Kind::Nginx => nginx::import(text, directory, &options),
        Kind::WebConfig => web_config::import(text, &options),
        Kind::PromLabelProxy => prom_label_proxy::import(text, &options),
        Kind::Vmauth => vmauth::import(text, &options),
        Kind::KubeRbacProxy => kube_rbac_proxy::import(text, &options),
        Kind::Oauth2Proxy => oauth2_proxy::import(text, &options),
    };
    match imported.and_then(Imported::with_rights) {
        Ok(imported) => print(&imported, output, errors).map(|()| 0),
        Err(Failed::Nothing(why)) => bail!("{file}: {why}"),
        Err(Failed::Left(notes, why)) => {
            say(&notes, errors)?;
            bail!("{file}: {why}")
        }
    }
}

fn print(imported: &Imported, output: &mut dyn Write, errors: &mut dyn Write) -> Result<()> {
    say(&imported.notes, errors)?;
    let text = serde_json::to_string_pretty(&imported.draft).context("the configuration can't be written")?;
    promward::config::load(text.as_bytes())
        .map_err(|error| anyhow!("what was carried over is no configuration yet: {error}"))?;
    writeln!(output, "{text}")?;
    Ok(())
}

fn say(notes: &[Note], errors: &mut dyn Write) -> io::Result<()> {
    notes.iter().try_for_each(|note| writeln!(errors, "{note}"))
}

/// Returns `true` if a list has a name. A star in it stands for any end.
fn is_listed(list: &[&str], name: &str) -> bool {
    let is_it =
        |known: &&str| known.strip_suffix('*').map_or(name == *known, |begin| name.starts_with(begin));
    list.iter().any(is_it)
}
