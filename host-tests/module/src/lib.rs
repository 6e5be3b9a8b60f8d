//! Builds the WebAssembly modules of this workspace: the one for users, and those that tests and benchmarks load.
//!
//! Tests need the module before they start, and Cargo can't depend on a package for another target. So Cargo is run
//! once more, for `wasm32-wasip1`, in the same target directory. Cargo's own lock makes parallel calls wait for each
//! other, and files appear whole or not at all, so any number of test processes may call this at once.

mod compact;
pub mod counting;
mod finish;
pub mod installed;

use anyhow::{Context, Result, ensure};
use promward_start::{TARGET, cargo, ensure_target};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Stdio};
use std::sync::{Mutex, PoisonError};

/// The Cargo profile that the modules are built with.
const PROFILE: &str = "module";

/// The feature that makes promward's VM trap on request, and the directory, below the target directory, for its build.
/// In the same directory each build would replace the other's artifact.
const TRAP: &str = "trap-on-request";

/// The file name of the module for users.
const FILE: &str = "promward.wasm";

/// The file name of the same module with the names of its functions.
const NAMED: &str = "promward.names.wasm";

/// A lock for writing a file: threads of one process share the name of the file that is renamed.
static WRITING: Mutex<()> = Mutex::new(());

/// Builds the module for users and returns its path, `promward.wasm` in the target directory. Beside it are
/// `promward.wasm.sha256`, as `sha256sum -c` reads it, and the same module with [names](named_file). A second call in the same process returns the first one's
/// answer.
///
/// # Errors
///
/// Returns an error if the build fails (the compiler's messages are on standard error then) or a file can't be written.
pub fn build() -> Result<PathBuf> {
    static MODULE: Mutex<Option<PathBuf>> = Mutex::new(None);
    once(&MODULE, || build_in(&workspace()?, &target_directory()?))
}

/// Builds the module for users from the source in `workspace`, as [`build`] does, and returns its path in the target
/// directory.
///
/// # Errors
///
/// Returns an error where [`build`] does.
pub fn build_in(workspace: &Path, target_directory: &Path) -> Result<PathBuf> {
    let artifact = build_artifact("promward", None, workspace, target_directory)?;
    let module = finish_into(&artifact, target_directory)?;
    let digest = sha256(&fs::read(&module).with_context(|| format!("cannot read {}", module.display()))?);
    write_whole(&digest_file(&module), format!("{digest}  {FILE}\n").as_bytes())?;
    Ok(module)
}

/// Builds the same module with a deliberate defect, for tests of what follows one: a request with the header
/// `x-promward-trap` makes the VM trap. The file is in a directory of its own.
///
/// # Errors
///
/// Returns an error where [`build`] does.
pub fn build_that_traps() -> Result<PathBuf> {
    static MODULE: Mutex<Option<PathBuf>> = Mutex::new(None);
    once(&MODULE, || {
        let directory = target_directory()?.join(TRAP);
        finish_into(&build_artifact("promward", Some(TRAP), &workspace()?, &directory)?, &directory)
    })
}

/// Builds the module of the workspace's package `name` (`promward-probe`, `promward-empty`) and returns the artifact's path.
/// A second call in the same process returns the first one's answer.
///
/// # Errors
///
/// Returns an error if the target can't be installed, or the build fails.
pub fn build_package(name: &str) -> Result<PathBuf> {
    static MODULES: Mutex<BTreeMap<String, PathBuf>> = Mutex::new(BTreeMap::new());
    let mut built = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(path) = built.get(name) {
        return Ok(path.clone());
    }
    let path = build_artifact(name, None, &workspace()?, &target_directory()?)?;
    built.insert(name.to_owned(), path.clone());
    Ok(path)
}

/// Returns the earlier result, or makes it while other threads wait.
fn once(made: &Mutex<Option<PathBuf>>, make: impl FnOnce() -> Result<PathBuf>) -> Result<PathBuf> {
    let mut made = made.lock().unwrap_or_else(PoisonError::into_inner);
    match &*made {
        Some(path) => Ok(path.clone()),
        None => Ok(made.insert(make()?).clone()),
    }
}

fn build_artifact(
    name: &str,
    feature: Option<&str>,
    workspace: &Path,
    target_directory: &Path,
) -> Result<PathBuf> {
    run_cargo(name, feature, workspace, target_directory)?;
    let file = format!("{}.wasm", name.replace('-', "_"));
    let path = target_directory.join(TARGET).join(PROFILE).join(file);
    ensure!(path.is_file(), "package {name} was built, but there is no {}", path.display());
    Ok(path)
}

/// Turns a linked module into the one for users, writes it to the directory, and returns its path.
fn finish_into(artifact: &Path, directory: &Path) -> Result<PathBuf> {
    let linked = fs::read(artifact).with_context(|| format!("cannot read {}", artifact.display()))?;
    let module = directory.join(FILE);
    let named = finish::finish(&linked)?;
    write_whole(&named_file(&module), &named)?;
    write_whole(&module, &compact::without_names(&named)?)?;
    Ok(module)
}

/// Returns the path of the file beside `module` that is the same module, with the names of its functions for the reader of a
/// backtrace. They are 19 KB that no request needs.
#[must_use]
pub fn named_file(module: &Path) -> PathBuf {
    module.with_file_name(NAMED)
}

/// Returns the path of the file beside `module` that holds its SHA-256.
#[must_use]
pub fn digest_file(module: &Path) -> PathBuf {
    let mut name = module.as_os_str().to_owned();
    name.push(".sha256");
    name.into()
}

/// Returns the SHA-256 of `bytes` in lower-case hexadecimal digits.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns the directory for files that can be made again. It is the workspace's target directory: `CARGO_TARGET_DIR` if it
/// is set (a relative one is below the workspace's root), else `target`. An installed command has one in the user's cache.
///
/// # Errors
///
/// Returns an error if the workspace's root doesn't exist any more, or if the user has no home.
pub fn target_directory() -> Result<PathBuf> {
    if installed::share().is_some() {
        return installed::cache();
    }
    Ok(target_directory_of(&workspace()?))
}

/// Returns the target directory of the workspace in this directory.
#[must_use]
pub fn target_directory_of(workspace: &Path) -> PathBuf {
    let chosen = env::var_os("CARGO_TARGET_DIR").filter(|value| !value.is_empty());
    workspace.join(chosen.unwrap_or_else(|| "target".into()))
}

/// Returns the root of the workspace of this build.
///
/// # Errors
///
/// Returns an error if it doesn't exist any more, or if this program was built to be installed.
pub fn workspace() -> Result<PathBuf> {
    let root = promward_start::workspace().context(
        "this promward is installed, and this needs its source: get that, and run cargo promward in it",
    )?;
    root.canonicalize().with_context(|| format!("the workspace {} is gone", root.display()))
}

fn run_cargo(package: &str, feature: Option<&str>, workspace: &Path, target_directory: &Path) -> Result<()> {
    ensure_target()?;
    let status = cargo()
        .current_dir(workspace)
        .stdin(Stdio::null())
        .args(["build", "--profile", PROFILE, "--target", TARGET, "--package", package, "--target-dir"])
        .arg(target_directory)
        .args(feature.map(|feature| format!("--features={feature}")))
        .env("CARGO_ENCODED_RUSTFLAGS", rust_flags())
        .env_remove("RUSTFLAGS")
        .status()
        .context("cannot run cargo")?;
    ensure!(status.success(), "cargo could not build the module of package {package}: {status}");
    Ok(())
}

/// Returns the compiler's flags beside the profile. Less inlining than usual makes the module 44 KB smaller: 26 by the threshold
/// of all functions, 18 by that of those marked `inline`. Still less saves little, and makes requests a tenth dearer.
///
/// The stack has 896 KiB. Data comes after it, so that all of it is below 1 MiB, where an address takes a byte less.
fn rust_flags() -> OsString {
    let mut flags = OsString::from("-Cllvm-args=-inline-threshold=50 -inlinehint-threshold=200\x1f");
    flags.push("-Clink-arg=-zstack-size=917504\x1f");
    flags.push(without_paths());
    flags
}

/// Returns the compiler's flags that keep the paths of the builder's machine out of what is built, so that it is the same,
/// byte for byte, wherever it is built. They are in the form of `CARGO_ENCODED_RUSTFLAGS`.
#[must_use]
pub fn without_paths() -> OsString {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")));
    let mut flags = OsString::from("--remap-path-prefix=");
    flags.push(home.unwrap_or_default().join("registry/src"));
    flags.push("=crates");
    flags
}

/// Writes a file beside the path and renames it, so that nobody ever reads half a file.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let _writing = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    if fs::read(path).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", process::id()));
    let beside = PathBuf::from(beside);
    fs::write(&beside, bytes).with_context(|| format!("cannot write {}", beside.display()))?;
    fs::rename(&beside, path).with_context(|| format!("cannot write {}", path.display()))
}
