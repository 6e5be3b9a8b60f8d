//! The beginning of `cargo demo` and `cargo wasm`: a program without dependencies, so that a missing target is
//! installed, or reported, in the first second. It then becomes the `cargo run` of the program that was asked for.

use promward_start::{cargo, ensure_target};
use std::env;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let Some((program, arguments)) = arguments.split_first() else {
        eprintln!("promward-start PROGRAM [ARGUMENT…]: the name of a program of this workspace is missing");
        return ExitCode::from(2);
    };
    if asks_for_help(arguments) {
        return run(program, arguments);
    }
    if let Some(url) = upstream(arguments).filter(|url| !url.starts_with("http://")) {
        eprintln!("promward: --upstream {url}: write http://host:port or http://host:port/path");
        return ExitCode::FAILURE;
    }
    match ensure_target() {
        Ok(()) => run(program, arguments),
        Err(error) => {
            eprintln!("promward: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Returns `true` if the program will only print something, for which it needs no target.
fn asks_for_help(arguments: &[OsString]) -> bool {
    arguments.iter().any(|argument| ["--help", "-h", "--list"].iter().any(|only| argument == only))
}

/// Returns the value of `--upstream`, so that one which is no URL is said before minutes are spent on compiling.
fn upstream(arguments: &[OsString]) -> Option<String> {
    let place = arguments.iter().position(|argument| argument.to_string_lossy().starts_with("--upstream"))?;
    let argument = arguments.get(place)?.to_string_lossy().into_owned();
    match argument.strip_prefix("--upstream")? {
        "" => Some(arguments.get(place + 1)?.to_string_lossy().into_owned()),
        joined => Some(joined.strip_prefix('=')?.to_owned()),
    }
}

/// Becomes `cargo run` with the name of the program and without a package: then Cargo takes the features of the whole
/// workspace, and builds nothing that it would have to build again for the tests.
fn run(program: &OsString, arguments: &[OsString]) -> ExitCode {
    let error = cargo().args(["run", "--bin"]).arg(program).arg("--").args(arguments).exec();
    eprintln!("promward: cannot run cargo: {error}");
    ExitCode::FAILURE
}
