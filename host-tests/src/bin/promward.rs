//! The command line of promward.

use anyhow::Result;
use clap::{Parser, Subcommand};
use promward_host_tests::check;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

/// Guards Prometheus on a network that nobody trusts.
#[derive(Debug, Parser)]
#[command(name = "promward", bin_name = "promward", version = version(), arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Says whether the filter takes a configuration, and what it opens to whom.
    #[command(after_help = CHECK_HELP)]
    Check {
        /// A configuration (JSON), or a file of Envoy's (YAML or JSON) that holds one or more; `-` is standard input.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

const CHECK_HELP: &str = "\
In a file of Envoy's every Wasm filter is checked, wherever it stands: in a bootstrap file, or as the resource of a
filter that is discovered (ECDS). A refused configuration is one line that names the field.

Examples:
  cargo promward check envoy/envoy.yaml
  cargo promward check promward.json
  kubectl get configmap envoy -o jsonpath='{.data.envoy\\.yaml}' | cargo promward check -

Exit codes:
  0  every configuration is valid
  1  the filter refuses at least one
  2  a file can't be read, or there is no configuration in it";

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse_from(without_separator(std::env::args_os().collect()));
    match arguments.command {
        Command::Check { files } => {
            let verdict = check::run(&files, &mut io::stdout().lock(), &mut io::stderr().lock())?;
            Ok(ExitCode::from(verdict.exit_code()))
        }
    }
}

/// `promward 0.1.0 (git …)`, without the name that clap writes itself.
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
