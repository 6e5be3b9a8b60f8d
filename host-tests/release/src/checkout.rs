//! The checkout that is released: its commit, and what follows from that.

use anyhow::{Context, Result, ensure};
use promward_harness::tools;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A checkout of this repository at a commit.
#[derive(Clone, Debug)]
pub struct Checkout {
    /// The root of the checkout.
    pub root: PathBuf,
    /// The name of the commit (40 hexadecimal digits).
    pub commit: String,
    /// The time of the commit, in seconds since 1970. It is the time of everything that is released.
    pub time: u64,
    /// The same time as RFC 3339 writes it.
    pub created: String,
    /// The version of the workspace.
    pub version: String,
    /// `true` if files differ from the commit.
    pub is_changed: bool,
}

impl Checkout {
    /// Returns the checkout that the directory is in.
    ///
    /// # Errors
    ///
    /// Returns an error if it isn't in one of this repository, or if git can't be run.
    pub fn around(directory: &Path) -> Result<Self> {
        let root = git(directory, &["rev-parse", "--show-toplevel"])
            .context("a release is made in a checkout of promward, by git: go to one")?;
        let root = PathBuf::from(root);
        ensure!(
            ["Cargo.toml", "filter/Cargo.toml"].iter().all(|file| root.join(file).is_file()),
            "{} is not a checkout of promward: go to one",
            root.display()
        );
        let manifest: toml::Value =
            toml::from_str(&read(&root.join("Cargo.toml"))?).context("Cargo.toml is wrong")?;
        let version = manifest.get("workspace").and_then(|it| it.get("package")?.get("version")?.as_str());
        Ok(Self {
            commit: git(&root, &["rev-parse", "HEAD"])?,
            time: git(&root, &["log", "-1", "--format=%ct"])?.parse().context("a commit has a time")?,
            created: git(&root, &["log", "-1", "--format=%cd", "--date=format-local:%Y-%m-%dT%H:%M:%SZ"])?,
            version: version.context("Cargo.toml has no workspace.package.version")?.to_owned(),
            is_changed: !git(&root, &["status", "--porcelain"])?.is_empty(),
            root,
        })
    }

    /// Returns the directory that Cargo builds into.
    #[must_use]
    pub fn target(&self) -> PathBuf {
        promward_module::target_directory_of(&self.root)
    }

    /// Returns a command that runs Cargo in the checkout.
    pub(crate) fn cargo(&self) -> Command {
        let mut cargo = promward_start::cargo();
        cargo.current_dir(&self.root);
        cargo
    }

    /// Reads a text file of the checkout.
    pub(crate) fn read(&self, path: &str) -> Result<String> {
        read(&self.root.join(path))
    }

    /// Returns the paths of the files below a folder that are part of the repository, relative to the root.
    pub(crate) fn files(&self, folder: &str) -> Result<Vec<String>> {
        Ok(git(&self.root, &["ls-files", folder])?.lines().map(str::to_owned).collect())
    }
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Returns what git says, without the end of the line.
fn git(directory: &Path, arguments: &[&str]) -> Result<String> {
    // Times are written for this zone.
    let said = tools::run(Command::new("git").args(arguments).current_dir(directory).env("TZ", "UTC"))?;
    Ok(said.trim_end().to_owned())
}

/// Returns `PATH` with these directories before the others.
///
/// # Errors
///
/// Returns an error if a path has a colon.
pub(crate) fn path_with(first: &[PathBuf]) -> Result<OsString> {
    let path = env::var_os("PATH").unwrap_or_default();
    Ok(env::join_paths(first.iter().cloned().chain(env::split_paths(&path)))?)
}

#[cfg(test)]
mod tests {
    use super::Checkout;
    use std::path::Path;

    #[test]
    fn outside_of_a_checkout_nothing_is_released() {
        let error = Checkout::around(Path::new("/")).unwrap_err().to_string();
        assert!(error.contains("go to one"), "{error}");
    }

    #[test]
    fn a_checkout_knows_its_commit_and_version() {
        let checkout = Checkout::around(Path::new(".")).unwrap();
        assert_eq!(checkout.version, env!("CARGO_PKG_VERSION"));
        assert_eq!(checkout.commit.len(), 40);
        assert_eq!(checkout.created.len(), "2026-01-01T00:00:00Z".len(), "{}", checkout.created);
    }
}
