//! Makes sure that the compiler has the target of the modules, before minutes are spent on compiling anything else.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

/// The target that modules are compiled for.
pub const TARGET: &str = "wasm32-wasip1";

/// The beginnings of the variables by which Cargo describes a package to a program of it that it runs.
const PACKAGE_VARIABLES: [&str; 6] =
    ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE", "OUT_DIR"];

/// The reason why the compiler doesn't have the target, with a way to mend it.
#[derive(Debug)]
pub enum TargetError {
    /// The compiler, by its name, can't be run.
    NoCompiler(OsString, io::Error),
    /// No rustup is there that could install it.
    NoRustup,
    /// `rustup target add` failed, and has written the reason to standard error.
    RustupFailed,
    /// `rustup target add` went well, and the compiler of this name still doesn't have the target: it is another one than
    /// rustup's.
    StillMissing(OsString),
}

impl fmt::Display for TargetError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCompiler(compiler, error) => write!(
                formatter,
                "cannot run the Rust compiler {}: {error}.\nIf the variable RUSTC is set, correct or unset it; else install \
                 Rust by rustup (https://rustup.rs)",
                compiler.display()
            ),
            Self::NoRustup => write!(
                formatter,
                "the Rust target {TARGET} is not installed, and there is no rustup in PATH to install it.\n\
                 Install Rust by rustup (https://rustup.rs), or the package of your distribution that has the standard \
                 library of Rust for {TARGET}, and try again"
            ),
            Self::RustupFailed => write!(
                formatter,
                "the Rust target {TARGET} is not installed, and rustup could not install it: \
                 run \"rustup target add {TARGET}\" and try again"
            ),
            Self::StillMissing(compiler) => write!(
                formatter,
                "rustup has installed the Rust target {TARGET}, but the compiler {} still doesn't have it.\n\
                 If it is not rustup's compiler, put rustup's before it in PATH and unset RUSTC, or install the package of \
                 your distribution that has the standard library of Rust for {TARGET}",
                compiler.display()
            ),
        }
    }
}

impl std::error::Error for TargetError {}

/// Installs the target by rustup if the compiler doesn't have it, and says so in one line on standard error.
///
/// # Errors
///
/// Returns an error if the compiler can't be run, or if there is no rustup, it fails, or it installs the target for another
/// compiler.
pub fn ensure_target() -> Result<(), TargetError> {
    if is_installed()? {
        return Ok(());
    }
    eprintln!("promward: the Rust target {TARGET} is not installed: running rustup target add {TARGET}");
    let status = in_workspace("rustup")
        .args(["target", "add", TARGET])
        .stdin(Stdio::null())
        .status()
        .map_err(|_| TargetError::NoRustup)?;
    match status.success() {
        false => Err(TargetError::RustupFailed),
        true if is_installed()? => Ok(()),
        true => Err(TargetError::StillMissing(compiler())),
    }
}

/// Returns `true` if the compiler has a standard library for the target.
fn is_installed() -> Result<bool, TargetError> {
    let output = in_workspace(compiler())
        .args(["--print", "target-libdir", "--target", TARGET])
        .output()
        .map_err(|error| TargetError::NoCompiler(compiler(), error))?;
    Ok(Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir())
}

fn compiler() -> OsString {
    tool("RUSTC", "rustc")
}

/// Returns a command that runs Cargo as if a user had typed it.
#[must_use]
pub fn cargo() -> Command {
    as_typed(tool("CARGO", "cargo"))
}

/// Returns a command that runs a program as if a user had typed it. It is without the variables of an outer `cargo run` or
/// `cargo test`, because they would make build scripts run again, and everything that depends on them be built again.
#[must_use]
pub fn as_typed(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if PACKAGE_VARIABLES.iter().any(|beginning| text.starts_with(beginning)) {
            command.env_remove(&name);
        }
    }
    command
}

fn tool(variable: &str, name: &str) -> OsString {
    env::var_os(variable).filter(|value| !value.is_empty()).unwrap_or_else(|| name.into())
}

/// Returns a command that runs in the workspace, whose files determine the toolchain.
fn in_workspace(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    if let Some(root) = workspace() {
        command.current_dir(root);
    }
    command
}

/// Returns the root of the workspace that this is built in. A program that is built to be given to others (with
/// `PROMWARD_PACKAGED` in the environment) knows none: so it is the same, byte for byte, wherever it is built.
#[must_use]
pub fn workspace() -> Option<&'static Path> {
    const ROOT: Option<&str> = match option_env!("PROMWARD_PACKAGED") {
        Some(_) => None,
        None => Some(concat!(env!("CARGO_MANIFEST_DIR"), "/../../..")),
    };
    ROOT.map(Path::new)
}
