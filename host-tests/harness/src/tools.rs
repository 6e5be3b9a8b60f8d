//! Finds the programs that the tests and the demo run: Envoy, Prometheus, VictoriaMetrics, nginx and so on.
//!
//! A clone has to prove itself with one command, without root, on a machine that has none of them. So a program is
//! taken from its variable ([`Program::variable`], such as `PROMWARD_ENVOY`, which may be a version too), else from
//! `PATH` if it is new enough, else it is fetched into `target/tools`. Only a program that has told its version is used.

mod apt;
mod debian;
mod fetch;
pub mod npm;
mod program;
mod pypi;
pub mod python;
mod version;

use anyhow::{Context, Result, anyhow, bail};
pub use fetch::run;
pub use program::Program;
use promward_module::installed;
use std::collections::BTreeMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;
pub use version::Version;

/// A program that was found and has told its version.
#[derive(Clone, Debug)]
pub struct Tool {
    /// The path of the executable.
    pub path: PathBuf,
    /// The version that it tells.
    pub version: Version,
    /// The directory that stands for `/` in its package, if it was fetched from Debian.
    pub root: Option<PathBuf>,
}

/// The programs that this process has found, and the reasons why others weren't.
static FOUND: Mutex<BTreeMap<Program, Result<Tool, String>>> = Mutex::new(BTreeMap::new());

/// Returns the program for a test that can't run without it. `None` means that the test has to be skipped; a line says
/// which one and why.
///
/// ```no_run
/// # use promward_harness::tools::{self, Program};
/// let Some(envoy) = tools::need(Program::Envoy) else { return };
/// ```
///
/// # Panics
///
/// Panics if the program can't be had and the variable `CI` is set: there a skipped proof is a missing proof.
#[track_caller]
pub fn need(program: Program) -> Option<Tool> {
    or_skip(find(program), &program)
}

/// Checks that one of several commands, which any of the packages that are named has, is in `PATH`, for a test that can't
/// run without. `None` means: skip the test. The command's name and the reason are printed.
///
/// # Panics
///
/// Panics where [`need`] does.
#[track_caller]
pub fn need_one_of(commands: &[&str], package: &str) -> Option<()> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path)
        .any(|directory| commands.iter().any(|command| directory.join(command).is_file()));
    let missing = || anyhow!("none of them is in PATH; Debian's package {package} has one");
    or_skip(found.then_some(()).ok_or_else(missing), &commands.join(", "))
}

/// Returns the directory of a Python environment's programs for a test that can't run without it. `None` means: skip the test.
/// The package and the reason are printed.
///
/// # Panics
///
/// Panics where [`need`] does.
#[track_caller]
pub fn need_python(environment: &python::Environment) -> Option<PathBuf> {
    or_skip(python::programs(environment), environment)
}

/// Returns what was found for a test that can't run without it. `None` means: skip the test. What is missing and the reason are
/// printed.
///
/// # Panics
///
/// Panics where [`need`] does.
#[track_caller]
pub fn or_skip<T>(found: Result<T>, what: &dyn fmt::Display) -> Option<T> {
    match found {
        Ok(found) => Some(found),
        Err(why) => {
            let continuous = env::var_os("CI").is_some_and(|value| !value.is_empty());
            assert!(!continuous, "{what} is needed where CI is set: {why:#}");
            // The test runner hides what a passing test prints, unless it is written directly.
            let test = thread::current().name().unwrap_or("a test").to_owned();
            let _ = writeln!(io::stderr(), "skipped: {test}: {what}: {why:#}");
            None
        }
    }
}

/// Finds Envoy, as [`find`] does.
///
/// # Errors
///
/// Returns an error where [`find`] does.
pub fn envoy() -> Result<Tool> {
    find(Program::Envoy)
}

/// Finds Prometheus, as [`find`] does.
///
/// # Errors
///
/// Returns an error where [`find`] does.
pub fn prometheus() -> Result<Tool> {
    find(Program::Prometheus)
}

/// Finds nginx, as [`find`] does.
///
/// # Errors
///
/// Returns an error where [`find`] does.
pub fn nginx() -> Result<Tool> {
    find(Program::Nginx)
}

/// Finds a program, and fetches it if need be. The first call may take a minute, and says on standard error what it
/// does. Later calls of the same process get the answer of the first one.
///
/// # Errors
///
/// Returns an error if the program isn't there and can't be fetched, or if the one that its variable names doesn't run.
pub fn find(program: Program) -> Result<Tool> {
    let mut found = FOUND.lock().unwrap();
    let answer =
        found.entry(program).or_insert_with(|| search(program).map_err(|error| format!("{error:#}")));
    answer.clone().map_err(|why| anyhow!(why))
}

fn search(program: Program) -> Result<Tool> {
    if let Some(name) = env::var_os(program.variable()).filter(|value| !value.is_empty()) {
        return program
            .named(&name)
            .with_context(|| format!("{} names a program that doesn't run", program.variable()));
    }
    // What an installed command depends on was installed beside it, and fits it.
    let beside = installed::programs().unwrap_or_default();
    if let Some(tool) = [beside.into(), env::var_os("PATH").unwrap_or_default()]
        .iter()
        .find_map(|path: &OsString| on_path(program, path))
    {
        return Ok(tool);
    }
    program.fetch().with_context(|| {
        format!(
            "no {program} of version {} or later in PATH, and it can't be fetched (set {} to use one from elsewhere)",
            program.oldest(),
            program.variable()
        )
    })
}

/// Returns the first program in the directories of `path` that runs and is new enough. Scripts, such as those of pip
/// and pyenv, don't count: they start the program as a process of its own, which we couldn't control.
fn on_path(program: Program, path: &OsStr) -> Option<Tool> {
    env::split_paths(path)
        .flat_map(|directory| program.places(&directory))
        .filter(|candidate| is_binary(candidate))
        .filter_map(|candidate| Tool::check(program, &candidate, None).ok())
        .find(|tool| tool.version >= program.oldest())
}

fn is_binary(path: &Path) -> bool {
    let mut start = [0; 2];
    File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start != *b"#!"
}

impl Tool {
    /// Returns a command that runs the tool, with the libraries of its package. [`Process`](crate::process::Process)
    /// runs it in the background.
    #[must_use]
    pub fn command(&self) -> Command {
        command(&self.path, self.root.as_deref())
    }

    /// Runs the program to ask for its version.
    fn check(program: Program, path: &Path, root: Option<PathBuf>) -> Result<Self> {
        let output = command(path, root.as_deref())
            .arg(program.version_flag())
            .output()
            .with_context(|| format!("cannot run {}", path.display()))?;
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        if !output.status.success() {
            bail!("{} {}: {}: {said}", path.display(), program.version_flag(), output.status);
        }
        // Debian's VictoriaMetrics prints no version.
        let version = Version::within(&said)
            .or_else(|| debian::version(root.as_deref()?, program.package()))
            .with_context(|| format!("{} prints no version: {said}", path.display()))?;
        Ok(Self { path: path.to_owned(), version, root })
    }
}

fn command(path: &Path, root: Option<&Path>) -> Command {
    let mut command = Command::new(path);
    if let Some(root) = root {
        command.env("LD_LIBRARY_PATH", debian::libraries(root));
        // testssl.sh looks in /etc for its tables of ciphers, where another one may be installed, or none.
        let tables = root.join("etc/testssl");
        if tables.is_dir() {
            command.env("TESTSSL_INSTALL_DIR", tables);
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use super::{Program, Tool, on_path};
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    #[test]
    fn a_script_in_the_path_is_passed_over() {
        let directory = tempfile::tempdir().unwrap();
        let script = directory.path().join("envoy");
        fs::write(&script, "#!/bin/sh\necho envoy 9.9.9\n").unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(on_path(Program::Envoy, directory.path().as_os_str()).is_none());
    }

    #[test]
    fn a_program_behind_a_script_is_found_where_debian_has_it() {
        let places = Program::Chromium.places(Path::new("/usr/bin"));
        assert!(places.contains(&"/usr/bin/../lib/chromium/chromium".into()), "{places:?}");
    }

    #[test]
    fn an_envoy_of_a_python_environment_is_found_behind_its_script() {
        for libraries in ["site-packages", "dist-packages"] {
            let environment = tempfile::tempdir().unwrap();
            let package = environment.path().join("lib/python3.11").join(libraries).join("envoy/_bin");
            fs::create_dir_all(&package).unwrap();
            fs::write(package.join("envoy"), "").unwrap();
            let places = Program::Envoy.places(&environment.path().join("bin"));
            assert!(places.contains(&package.join("envoy")), "{places:?}");
        }
    }

    #[test]
    fn a_program_that_does_not_run_is_no_tool() {
        let refused = Tool::check(Program::Nginx, Path::new("/bin/false"), None).unwrap_err();
        assert!(refused.to_string().contains("/bin/false"), "{refused}");
    }
}
