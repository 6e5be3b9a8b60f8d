//! Where a demo keeps its files: a directory of its own below `target/demo`, named after its port, so that the `curl` line
//! of one day works on the next, and two demos at once don't meet.

use anyhow::{Context, Result};
use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What only lives as long as the demo: keys, data, the files of the programs.
const TEMPORARY: &str = "tmp";

/// A demo's directory. Logs, the authority's certificate and the filter's configuration stay in it, the rest goes when this value does.
pub(super) struct Directory {
    port: u16,
    path: PathBuf,
}

impl Directory {
    /// Makes it anew, and has all temporary files of this process made in it.
    ///
    /// # Errors
    ///
    /// When it can't be made.
    pub(super) fn make(port: u16) -> Result<Self> {
        let path = path_of(port)?;
        remove(&path)?;
        let temporary = path.join(TEMPORARY);
        fs::create_dir_all(&temporary).with_context(|| format!("cannot make {}", temporary.display()))?;
        if let Err(other) = tempfile::env::override_temp_dir(&temporary) {
            anyhow::bail!("temporary files go to {} already", other.display());
        }
        Ok(Self { port, path })
    }

    /// Removes what doesn't outlive the demo on that port.
    ///
    /// # Errors
    ///
    /// When it can't be removed.
    pub(super) fn clean(port: u16) -> Result<()> {
        remove(&path_of(port)?.join(TEMPORARY))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the authority's certificate is, for `curl --cacert`.
    pub(super) fn authority(&self) -> PathBuf {
        self.path.join("ca.crt")
    }

    /// Where the filter's configuration can be looked at.
    pub(super) fn configuration(&self) -> PathBuf {
        self.path.join("promward.json")
    }

    /// The path as it is typed from where the user stands.
    pub(super) fn shown(&self) -> String {
        shown(&self.path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // The demo is over; what is left is removed by the next one.
        let _ = Self::clean(self.port);
    }
}

/// A path as it is typed from where the user stands.
pub(super) fn shown(path: &Path) -> String {
    let here = env::current_dir().unwrap_or_default();
    path.strip_prefix(&here).unwrap_or(path).display().to_string()
}

fn path_of(port: u16) -> Result<PathBuf> {
    Ok(promward_module::target_directory()?.join("demo").join(port.to_string()))
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}
