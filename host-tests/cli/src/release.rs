//! `promward release`: writes the files of a release. That needs the source, and libraries that no other command needs. So it
//! is a program of its own, which Cargo builds in the checkout when it is asked for.

use anyhow::{Context, Result};
use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::process::Stdio;

/// The name of the program.
const PROGRAM: &str = "promward-release";

/// The folder of its source in a checkout.
const FOLDER: &str = "host-tests/release";

/// Runs the program in the checkout that the current directory is in, and returns its exit code.
///
/// # Errors
///
/// Returns an error if the current directory is in no checkout, or Cargo can't be run.
pub fn run(arguments: &[OsString]) -> Result<u8> {
    let here = env::current_dir().context("the current directory is gone")?;
    let root = checkout(&here).context(
        "a release is made from the source: go to a checkout of promward, and run cargo promward release there",
    )?;
    let status = promward_start::cargo()
        .args(["run", "--quiet", "--bin", PROGRAM, "--"])
        .args(arguments)
        .current_dir(root)
        .stdin(Stdio::null())
        .status()
        .context("cannot run cargo, which builds what is released")?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

/// Returns the root of the checkout that a directory is in.
fn checkout(directory: &Path) -> Option<&Path> {
    directory.ancestors().find(|root| root.join(FOLDER).join("Cargo.toml").is_file())
}

#[cfg(test)]
mod tests {
    use super::checkout;
    use std::path::Path;

    #[test]
    fn a_checkout_is_found_from_each_of_its_folders_and_nowhere_else() {
        let root = promward_module::workspace().unwrap();
        assert_eq!(checkout(&root.join("filter/src")), Some(root.as_path()));
        assert_eq!(checkout(Path::new("/")), None);
    }
}
