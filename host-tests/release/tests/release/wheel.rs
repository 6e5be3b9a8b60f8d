//! The wheel in an empty Python environment, on a machine without Rust: the command finds everything that belongs to it.

use crate::set_up::released;
use promward_harness::process;
use promward_harness::tools::{self, Program, Tool, python};
use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;

#[test]
fn a_command_that_pip_has_installed_needs_nothing_else_to_serve_the_guide() {
    let (Some(installed), Some(prometheus)) = (Installed::new(), tools::need(Program::Prometheus)) else {
        return;
    };
    assert_serves_the_guide(&installed, &prometheus);
    assert_knows_itself(&installed);
}

fn assert_serves_the_guide(installed: &Installed, prometheus: &Tool) {
    installed.lend(prometheus);
    let port = process::free_port().unwrap().to_string();
    let printed = installed.says(&["demo", "--smoke", "--port", &port]);
    assert!(printed.contains("The guide on Envoy"), "{printed}");
    assert!(printed.contains("The guide holds") && printed.contains("The rules hold"), "{printed}");
    // Envoy is the one of the package that the wheel depends on.
    let fetched = fs::read_dir(installed.cache().join("tools")).unwrap();
    let fetched: Vec<_> = fetched.map(|entry| entry.unwrap().file_name()).collect();
    assert!(!fetched.iter().any(|name| name.to_string_lossy().starts_with("envoy")), "{fetched:?}");
}

/// Checks that the command speaks of itself by its name, and finds its own files.
fn assert_knows_itself(installed: &Installed) {
    let version = format!("promward {} (git ", env!("CARGO_PKG_VERSION"));
    assert!(installed.says(&["--version"]).starts_with(&version));
    let help = installed.says(&["demo", "--help"]);
    assert!(help.contains("promward demo tenants") && !help.contains("cargo"), "{help}");
    assert!(installed.says(&["demo", "--list"]).contains("tenants"));
    let unknown = installed.run(&["demo", "tenant"]);
    let complaint = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(complaint.contains("there is no such example; there are "), "{complaint}");
    let released = installed.run(&["release"]);
    let complaint = String::from_utf8_lossy(&released.stderr).into_owned();
    assert!(!released.status.success() && complaint.contains("go to a checkout"), "{complaint}");
}

/// An environment that has the wheel and what it depends on, and nothing else.
struct Installed {
    directory: TempDir,
}

impl Installed {
    /// Installs the wheel, or returns `None` if PyPI can't be reached, so that the test is skipped.
    fn new() -> Option<Self> {
        let released = released()?;
        let directory = tempfile::tempdir().unwrap();
        let files = released.files();
        let wheel = files.iter().find(|file| file.extension().is_some_and(|it| it == "whl")).unwrap();
        let wheel = released.file(&wheel.to_string_lossy());
        let made = python::with_dependencies(&directory.path().join("environment"), &wheel);
        tools::or_skip(made, &"the wheel with what it depends on")?;
        Some(Self { directory })
    }

    /// Returns the directory of what it fetches.
    fn cache(&self) -> PathBuf {
        self.directory.path().join("cache/promward")
    }

    /// Puts a program that was fetched for other tests where the command would fetch it to.
    fn lend(&self, tool: &Tool) {
        let tools = self.cache().join("tools");
        fs::create_dir_all(&tools).unwrap();
        if let Some(root) = &tool.root {
            symlink(root, tools.join(root.file_name().unwrap())).unwrap();
        }
    }

    fn says(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
        printed
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(self.directory.path().join("environment/bin/promward"))
            .args(arguments)
            .current_dir(self.directory.path())
            .env("PATH", path_without(&["cargo", "rustc", "envoy"]))
            .env("HOME", self.directory.path())
            .env("XDG_CACHE_HOME", self.directory.path().join("cache"))
            .env_remove("CARGO")
            .env_remove("CARGO_TARGET_DIR")
            .env_remove(Program::Envoy.variable())
            .output()
            .unwrap()
    }
}

/// Returns `PATH` without the directories that have one of these programs.
fn path_without(programs: &[&str]) -> OsString {
    let path = env::var_os("PATH").unwrap();
    let others = env::split_paths(&path)
        .filter(|directory| !programs.iter().any(|program| directory.join(program).exists()));
    env::join_paths(others).unwrap()
}
