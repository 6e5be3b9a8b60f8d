//! The files of an installed command. The Python wheel lays `promward` into a directory `bin`, and what belongs to it into
//! `share/promward` beside that. The command of a checkout has no such directory, and takes the same files from the
//! checkout.

use crate::FILE;
use anyhow::{Context, Result};
use std::env;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The directory of the files, as seen from the parent of the command's directory.
pub const SHARE: &str = "share/promward";

/// Returns the directory with the files of this command, if it is installed.
#[must_use]
pub fn share() -> Option<&'static Path> {
    static FOUND: LazyLock<Option<PathBuf>> = LazyLock::new(|| share_of(&env::current_exe().ok()?));
    FOUND.as_deref()
}

/// Returns the directory that has this command, if it is installed: its other programs may be there too.
#[must_use]
pub fn programs() -> Option<PathBuf> {
    share()?;
    Some(env::current_exe().ok()?.parent()?.to_owned())
}

/// Returns a file or folder that is given to users, by its path in the repository, such as `examples`.
///
/// # Errors
///
/// Returns an error if this command is not installed, and its workspace doesn't exist any more.
pub fn shipped(path: &str) -> Result<PathBuf> {
    match share() {
        Some(share) => Ok(share.join(path)),
        None => Ok(crate::workspace()?.join(path)),
    }
}

/// Returns the module for users: that of an installed command, or else the one of the workspace, which is built.
///
/// # Errors
///
/// Returns an error where [`build`](crate::build) does.
pub fn module() -> Result<PathBuf> {
    share().map_or_else(crate::build, |share| Ok(share.join(FILE)))
}

/// Returns a text that tells users to call this command, with the name by which an installed one is called.
#[must_use]
pub fn as_called(text: &str) -> String {
    match share() {
        Some(_) => text.replace("cargo promward", "promward").replace("cargo demo", "promward demo"),
        None => text.to_owned(),
    }
}

/// Returns the directory in the user's cache for files that an installed command makes or fetches.
pub(crate) fn cache() -> Result<PathBuf> {
    let chosen = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = chosen.or_else(|| Some(env::home_dir()?.join(".cache")));
    Ok(cache
        .context("there is no home directory for downloaded programs: set XDG_CACHE_HOME")?
        .join("promward"))
}

fn share_of(program: &Path) -> Option<PathBuf> {
    let share = program.parent()?.parent()?.join(SHARE);
    share.join(FILE).is_file().then_some(share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn an_installed_command_is_told_by_the_module_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let program = directory.path().join("bin/promward");
        let share = directory.path().join(SHARE);
        fs::create_dir_all(&share).unwrap();
        assert_eq!(share_of(&program), None);
        fs::write(share.join(FILE), "").unwrap();
        assert_eq!(share_of(&program), Some(share));
    }

    #[test]
    fn a_test_is_not_installed_and_takes_files_from_the_checkout() {
        assert_eq!(share(), None);
        assert!(shipped("examples/guide/README.md").unwrap().is_file());
        assert_eq!(as_called("cargo promward check"), "cargo promward check");
    }
}
