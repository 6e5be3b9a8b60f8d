//! Fetches things into `target/tools`: one process fetches while the others wait, and a fetch that broke off never
//! counts as complete.

use anyhow::{Context, Result, ensure};
use promward_module::target_directory;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Returns the directory `target/tools/NAME`, which `fill` makes unless it is there. `fill` gets an empty directory
/// beside it, which takes the name only after `fill` has succeeded.
///
/// # Errors
///
/// Returns the errors of `fill`, and an error if files can't be written.
pub(super) fn once(name: &str, fill: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let tools = directory()?;
    let whole = tools.join(name);
    if whole.is_dir() {
        return Ok(whole);
    }
    let _lock = lock(&tools.join(format!("{name}.lock")))?;
    if whole.is_dir() {
        return Ok(whole);
    }
    let partial = tools.join(format!("{name}.partial"));
    if partial.exists() {
        fs::remove_dir_all(&partial).with_context(|| format!("cannot remove {}", partial.display()))?;
    }
    fs::create_dir_all(&partial).with_context(|| format!("cannot make {}", partial.display()))?;
    fill(&partial)?;
    fs::rename(&partial, &whole).with_context(|| format!("cannot make {}", whole.display()))?;
    say(&format!("{name} is in {}", whole.display()));
    Ok(whole)
}

/// Returns the directory `target/tools`.
pub(super) fn directory() -> Result<PathBuf> {
    let tools = target_directory()?.join("tools");
    fs::create_dir_all(&tools).with_context(|| format!("cannot make {}", tools.display()))?;
    Ok(tools)
}

/// Waits for the lock of the file `path`, which is held as long as the returned file lives.
pub(super) fn lock(path: &Path) -> Result<File> {
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
    Ok(file)
}

/// Shows progress: a first fetch takes long enough to look like a hang.
pub(super) fn say(line: &str) {
    eprintln!("tools: {line}");
}

/// Runs a command to its end and returns its standard output. Its complaints are shown only in the error.
///
/// # Errors
///
/// Returns an error if it can't be run or fails.
pub fn run(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot run {name}"))?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {}: {}", output.status, complaint.trim());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
