//! The command line of promward: parses arguments and runs the command.

use anyhow::{Context, Result};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use promward_cli::called::Called;
use promward_cli::demo::{Example, Host};
use promward_cli::line::Section;
use promward_cli::{check, demo, explain, hash, import, release, render, test, token};
use promward_module::installed;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Guards Prometheus on a network that you don't trust
#[derive(Debug, Parser)]
#[command(name = "promward", bin_name = "promward", version = version(), arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the guide or an example on this machine: Prometheus behind TLS at https://localhost:8443/prometheus/
    #[command(after_help = DEMO_HELP)]
    Demo(Box<DemoArguments>),
    /// Checks that the filter accepts a configuration
    #[command(after_help = CHECK_HELP)]
    Check {
        /// A configuration (JSON), or an Envoy file or objects of Kubernetes (YAML or JSON) that hold one or more; `-` is standard input
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// A running server to ask if it speaks the API of its mount; with several mounts write PREFIX=URL
        #[arg(long = "upstream", value_name = "[PREFIX=]URL")]
        upstreams: Vec<check::Upstream>,
        /// The certificates (PEM) that sign those of the servers, if they are asked by https
        #[arg(long, value_name = "FILE", requires = "upstreams")]
        cacert: Option<PathBuf>,
    },
    /// Explains what becomes of one request, room by room, or who may do what
    #[command(after_help = explain::HELP)]
    Explain(Box<explain::Arguments>),
    /// Runs policy tests: requests, and what has to become of them
    #[command(after_help = test::HELP)]
    Test(test::Arguments),
    /// Asks for a password, and prints its line for "users" in a configuration
    #[command(after_help = hash::HELP)]
    Hash {
        /// The user's name; without it only the hash is printed
        #[arg(value_parser = |name: &str| Section::Users.name(name))]
        name: Option<String>,
        /// The cost of the hash: each step doubles the time that a guess takes
        #[arg(long, value_name = "4..12", default_value_t = hash::COST, value_parser = clap::value_parser!(u32).range(4..=12))]
        cost: u32,
    },
    /// Makes a token for a program, prints it once, and prints its line for "tokens" in a configuration
    #[command(after_help = token::HELP)]
    Token {
        /// The name of the program in rules: token:NAME
        #[arg(value_parser = |name: &str| Section::Tokens.name(name))]
        name: String,
    },
    /// Turns another program's configuration into one of promward: htpasswd, nginx, prom-label-proxy, vmauth and others
    #[command(after_help = import::HELP)]
    Import(import::Arguments),
    /// Prints the Envoy file with a configuration of the filter in it, ready to load
    #[command(after_help = render::HELP)]
    Render(Box<render::Arguments>),
    /// Writes the files of a release, from a checkout: module, image, Python wheel, and lists of what is in them
    #[command(disable_help_flag = true)]
    Release {
        /// The options, which --help lists
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OPTION")]
        options: Vec<OsString>,
    },
}

#[derive(Debug, Args)]
struct DemoArguments {
    /// The example to run, a folder of examples/; without it, the guide with three users
    #[arg(value_parser = example)]
    name: Option<Example>,
    /// Lists the examples, with a line for each
    #[arg(long, conflicts_with = "name")]
    list: bool,
    /// The program that runs the filter [default: Envoy if it is available, else the embedded host]
    #[arg(long)]
    host: Option<HostName>,
    /// Guards a Prometheus that already runs, http://host:port or http://host:port/path, instead of starting one
    #[arg(long, value_name = "URL")]
    upstream: Option<String>,
    /// The port of https [default: 8443 if it is free, else any free one]
    #[arg(long)]
    port: Option<u16>,
    /// Tries what the guide or the example promises, prints what was expected and what came, and ends
    #[arg(long)]
    smoke: bool,
    /// The directory for certificates, logs and the configuration [default: target/NAME, or target/demo/PORT]
    #[arg(long)]
    directory: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum HostName {
    /// Envoy with the shipped envoy.yaml
    Envoy,
    /// The proxy-wasm host of this repository
    Embedded,
}

const DEMO_HELP: &str = "\
Builds the module, makes an authority and a certificate for example.com and localhost, and starts Prometheus and Envoy with
the shipped envoy.yaml. Three users may log in: viewer, operator and admin, whose passwords are made anew each time. It prints
the URL, the users, a request with curl, and the steps to the page, and ends all of it on Ctrl-C. Programs that aren't
installed are fetched into target/tools, without root.

With a NAME it runs that example in the same way. Its README describes what it shows.

With --smoke it tries what the guide's reader does, and what each user may do, or sends the requests of the example's README
(with bash and curl), and prints the expected and the actual results. On a Prometheus that already runs it changes nothing.

Examples:
  cargo demo
  cargo demo --list
  cargo demo tenants
  cargo demo --smoke
  cargo demo --smoke --host embedded
  cargo demo --upstream http://localhost:9090

Environment variables:
  PROMWARD_ENVOY       the envoy to use, in place of one in PATH or target/tools
  PROMWARD_PROMETHEUS  the prometheus to use, likewise
  CARGO_TARGET_DIR     the directory to use in place of target

Exit codes:
  0  it was told to end, or with --smoke every step went well
  1  something is not available, didn't start or ended by itself, or a step failed
  2  wrong arguments";

const CHECK_HELP: &str = "\
In an Envoy file every Wasm filter is checked, in a bootstrap file or as a discovered resource (ECDS). Among objects
of Kubernetes every WasmPlugin, TrafficExtension and EnvoyExtensionPolicy is checked, and every configuration and Envoy file in a
ConfigMap or Secret.
For a configuration that the filter refuses, one line names the object and the field.

If a valid one has users, it shows how many logins their hashes allow, and how many password checks may begin and wait, with a
warning if these don't fit together. It warns of hashes with a cost below 10, and refuses a hash of the empty password, which
the filter itself accepts. `cargo promward explain FILE --matrix` shows who may do what.

The last line is the digest that the filter logs when it accepts this configuration.

In an Envoy file it refuses callers that are known by a name in a certificate (uri_san, dns_san, subject) if the listener
validates no client certificates. If the file has no listener, a line says what to make sure of. It warns of mounts whose
cluster is not in the file, or whose routes look for another cluster. It refuses a filter that fails open (failure_policy:
FAIL_OPEN, fail_open: true, and failStrategy or failOpen in Kubernetes), and warns where clients choose the address that they
are counted by, and of buffers that the longest form doesn't fit into. Where the objects of Kubernetes around a plugin are in
the same file, it also warns of routes, tokens and buffers that don't fit.

It also warns of mounts and callers that no rule names, opaque mounts that remove cookies, rates on writers, and restrictions
that leave room for few selectors. A warning doesn't change the exit code.

With --upstream it asks a running server what it is, and warns if the mount has another API: a VictoriaMetrics, a Thanos or a
Mimir that is taken for a Prometheus. A server at an https URL needs --cacert, the file that curl takes as well.

If a file is no configuration, the message says what it is: YAML, a password file, or a file of Prometheus.

Examples:
  cargo promward check envoy/envoy.yaml
  cargo promward check promward.json
  cargo promward check promward.json --upstream http://localhost:8428
  cargo promward check promward.json --upstream https://vm.example.com:8427 --cacert ca.crt
  kubectl get wasmplugin,configmap -o yaml | cargo promward check -

Exit codes:
  0  every configuration is valid
  1  the filter refuses at least one, or somebody's password is empty
  2  a file can't be read, or has no configuration in it";

fn main() -> ExitCode {
    let command = Arguments::command().mut_subcommands(|command| {
        let help = command.get_after_help().map(|help| installed::as_called(&help.to_string()));
        command.after_help(help.unwrap_or_default())
    });
    let matches = command.get_matches_from(without_separator(std::env::args_os().collect()));
    let arguments = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    match run(arguments.command) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            // Without standard error, the exit code has to do.
            let _ = writeln!(errors(), "promward: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a command, and returns its exit code.
fn run(command: Command) -> Result<u8> {
    match command {
        Command::Demo(arguments) if arguments.list => {
            match write!(io::stdout(), "{}", Example::list()?).and_then(|()| io::stdout().flush()) {
                // The reader, such as `head`, has read as much as it wanted.
                Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
                written => written?,
            }
            Ok(0)
        }
        Command::Demo(arguments) => {
            let outcome = demo::run(&(*arguments).into())?;
            Ok(u8::from(outcome == demo::Outcome::Failed))
        }
        Command::Check { files, mut upstreams, cacert } => {
            if let Some(file) = cacert {
                let authorities = fs::read(&file).with_context(|| file.display().to_string())?;
                upstreams = upstreams.into_iter().map(|server| server.trusting(&authorities)).collect();
            }
            let verdict = check::run(&files, &upstreams, &mut output(), &mut errors())?;
            Ok(verdict.exit_code())
        }
        Command::Explain(arguments) => {
            let is_terminal = io::stdout().is_terminal();
            let verdict = explain::run(&arguments, is_terminal, &mut output(), &mut errors())?;
            Ok(verdict.exit_code())
        }
        Command::Test(arguments) => {
            let is_terminal = io::stderr().is_terminal();
            Ok(test::run(&arguments, is_terminal, &mut output(), &mut errors())?)
        }
        Command::Hash { name, cost } => {
            let options = hash::Options { name, cost };
            hash::run(&options, &mut output(), &mut errors())?;
            Ok(0)
        }
        Command::Token { name } => {
            token::run(&name, &mut output(), &mut errors())?;
            Ok(0)
        }
        Command::Import(arguments) => import::run(&arguments, &mut output(), &mut errors()),
        Command::Render(arguments) => {
            let verdict = render::run(&arguments, &mut output(), &mut errors())?;
            Ok(verdict.exit_code())
        }
        Command::Release { options } => release::run(&options),
    }
}

/// Returns standard output, with the name that this command is called by.
fn output() -> impl Write {
    Called::new(io::stdout().lock())
}

/// Returns standard error, with the name that this command is called by.
fn errors() -> impl Write {
    Called::new(io::stderr().lock())
}

impl From<DemoArguments> for demo::Options {
    fn from(arguments: DemoArguments) -> Self {
        Self {
            example: arguments.name,
            directory: arguments.directory,
            host: arguments.host.map(|host| match host {
                HostName::Envoy => Host::Envoy,
                HostName::Embedded => Host::Embedded,
            }),
            upstream: arguments.upstream,
            port: arguments.port,
            purpose: if arguments.smoke { demo::Purpose::Smoke } else { demo::Purpose::Stay },
        }
    }
}

/// Finds an example by its name.
fn example(name: &str) -> Result<Example, String> {
    Example::named(name).map_err(|error| format!("{error:#}"))
}

/// Returns the version, `0.1.0 (git …)`, without the name, which clap writes itself.
fn version() -> &'static str {
    promward::VERSION.strip_prefix("promward ").unwrap_or(promward::VERSION)
}

/// Drops one `--` after the subcommand: with the alias, `cargo demo -- --smoke` arrives as `demo -- --smoke`.
fn without_separator(mut arguments: Vec<OsString>) -> Vec<OsString> {
    if arguments.get(2).map(OsString::as_os_str) == Some(OsStr::new("--")) {
        arguments.remove(2);
    }
    arguments
}
