//! The directory of a demo's files. Each demo has one of its own below `target`, so that its `curl` line also works on
//! another day, and two demos at once don't disturb each other.

use crate::shell_words::quote;
use anyhow::{Context, Result};
use std::env;
use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The subdirectory of files that are removed with the demo: data, and the programs' own files.
const TEMPORARY: &str = "tmp";

/// The file that tells the directory of a demo from any other one, and that a running demo locks.
const MARKER: &str = ".promward-demo";

/// The directory of a demo. Logs, certificates and the filter's configuration stay in it; dropping this value removes
/// the rest.
pub(super) struct Directory {
    path: PathBuf,
    _lock: File,
}

impl Directory {
    /// Makes a directory that the user chose, as [`Directory::make`] does. Files that no demo made are left alone.
    ///
    /// # Errors
    ///
    /// Returns an error where [`Directory::make`] does, or if the directory has files and isn't a demo's.
    pub(super) fn chosen(path: &Path) -> Result<Self> {
        refuse_foreign(path)?;
        Self::make(path)
    }

    /// Makes the directory if it doesn't exist, and makes it the place of all temporary files of this process. It has to
    /// be a demo's own.
    ///
    /// # Errors
    ///
    /// Returns an error if it can't be made, or another demo uses it.
    pub(super) fn make(path: &Path) -> Result<Self> {
        fs::create_dir_all(path).with_context(|| format!("cannot make {}", path.display()))?;
        let lock = lock(path)?;
        Self::clean(path)?;
        // Absolute, because a path of it may be typed in another directory.
        let path = path.canonicalize().with_context(|| format!("{} is gone", path.display()))?;
        let temporary = path.join(TEMPORARY);
        let directory = Self { path, _lock: lock };
        for made in [&temporary, &directory.certificates()] {
            fs::create_dir_all(made).with_context(|| format!("cannot make {}", made.display()))?;
        }
        if let Err(other) = tempfile::env::override_temp_dir(&temporary) {
            anyhow::bail!("temporary files go to {} already", other.display());
        }
        Ok(directory)
    }

    /// Removes the files that don't outlive the demo.
    ///
    /// # Errors
    ///
    /// Returns an error if they can't be removed.
    pub(super) fn clean(path: &Path) -> Result<()> {
        let temporary = path.join(TEMPORARY);
        match fs::remove_dir_all(&temporary) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot remove {}", temporary.display()))
            }
            _ => Ok(()),
        }
    }

    /// Returns the directory of certificates and their keys.
    pub(super) fn certificates(&self) -> PathBuf {
        self.path.join("certificates")
    }

    /// Returns the path of a file in it.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the path of the directory as the user can type it in the current directory.
    pub(super) fn shown(&self) -> String {
        shown(&self.path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // The demo is over, and the next one removes what is left.
        let _ = Self::clean(&self.path);
    }
}

/// Returns a path as the user can type it in the current directory.
pub(super) fn shown(path: &Path) -> String {
    let here = env::current_dir().unwrap_or_default();
    let path = path.strip_prefix(&here).unwrap_or(path).display().to_string();
    quote(&path)
}

/// Returns an error if the directory has files, and none of them says that it is a demo's.
fn refuse_foreign(path: &Path) -> Result<()> {
    let mut entries = match fs::read_dir(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.with_context(|| format!("cannot read {}", path.display()))?,
    };
    if entries.next().is_some() && !path.join(MARKER).is_file() {
        anyhow::bail!(
            "{} has files in it, and is not the directory of a demo (it has no file {MARKER}): choose a --directory that is \
             empty or doesn't exist",
            shown(path)
        );
    }
    Ok(())
}

/// Locks the directory for as long as the returned file lives.
fn lock(path: &Path) -> Result<File> {
    let file = path.join(MARKER);
    let lock = File::create(&file).with_context(|| format!("cannot write {}", file.display()))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => {
            anyhow::bail!("another demo runs in {}: choose another --directory", shown(path))
        }
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {}", file.display()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MARKER, lock, refuse_foreign, shown};
    use std::fs;
    use std::path::Path;

    #[test]
    fn a_directory_is_for_one_demo_at_a_time() {
        let directory = tempfile::tempdir().unwrap();
        let held = lock(directory.path()).unwrap();
        let error = lock(directory.path()).unwrap_err().to_string();
        assert!(error.contains("choose another --directory"), "{error}");
        drop(held);
        lock(directory.path()).unwrap();
    }

    #[test]
    fn a_chosen_directory_is_new_or_empty_or_a_demos() {
        let directory = tempfile::tempdir().unwrap();
        refuse_foreign(directory.path()).unwrap();
        refuse_foreign(&directory.path().join("new")).unwrap();
        let file = directory.path().join("ca.crt");
        fs::write(&file, "").unwrap();
        refuse_foreign(&file).unwrap_err();
        refuse_foreign(directory.path()).unwrap_err();
        fs::write(directory.path().join(MARKER), "").unwrap();
        refuse_foreign(directory.path()).unwrap();
    }

    #[test]
    fn a_path_is_shown_as_a_shell_takes_it() {
        assert_eq!(shown(Path::new("/a/b-c.crt")), "/a/b-c.crt");
        assert_eq!(shown(Path::new("/a b/it's")), r"'/a b/it'\''s'");
    }
}
