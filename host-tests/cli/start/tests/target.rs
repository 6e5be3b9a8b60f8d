//! A missing target is installed, or reported, before Cargo compiles anything.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A directory of programs that stand in for the compiler, rustup and Cargo, and record their calls.
struct Toolchain {
    directory: PathBuf,
}

impl Toolchain {
    fn new(name: &str) -> Self {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory).unwrap();
        let toolchain = Self { directory };
        toolchain.program("rustc", &format!("echo {}", toolchain.library().display()));
        toolchain.program("cargo", "");
        toolchain
    }

    /// Returns the directory of the target's standard library, which exists if it is installed.
    fn library(&self) -> PathBuf {
        self.directory.join("library")
    }

    fn program(&self, name: &str, does: &str) {
        let path = self.directory.join(name);
        let log = self.directory.join("calls");
        // Only built-in commands of the shell, because nothing else is in the path.
        let text =
            format!("#!/bin/sh\n[ {name} = rustc ] || echo \"{name} $*\" >>{}\n{does}\n", log.display());
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn start(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_promward-start"))
            .args(arguments)
            .env("PATH", &self.directory)
            .env("CARGO", self.directory.join("cargo"))
            .env("RUSTC", self.directory.join("rustc"))
            .output()
            .unwrap()
    }

    fn calls(&self) -> String {
        fs::read_to_string(self.directory.join("calls")).unwrap_or_default()
    }
}

const DEMO: [&str; 3] = ["promward", "demo", "--smoke"];

#[test]
fn a_target_that_is_there_costs_nothing() {
    let toolchain = Toolchain::new("there");
    fs::create_dir(toolchain.library()).unwrap();
    let output = toolchain.start(&DEMO);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    assert_eq!(toolchain.calls(), "cargo run --bin promward -- demo --smoke\n");
}

#[test]
fn a_missing_target_is_installed_by_rustup_and_said_in_one_line() {
    let toolchain = Toolchain::new("missing");
    // The path has no other programs, so `mkdir` has its absolute name.
    toolchain.program("rustup", &format!("/bin/mkdir {}", toolchain.library().display()));
    let output = toolchain.start(&DEMO);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        toolchain.calls(),
        "rustup target add wasm32-wasip1\ncargo run --bin promward -- demo --smoke\n"
    );
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "promward: the Rust target wasm32-wasip1 is not installed: running rustup target add wasm32-wasip1\n"
    );
}

#[test]
fn without_rustup_it_says_what_to_do_and_compiles_nothing() {
    let toolchain = Toolchain::new("no-rustup");
    let output = toolchain.start(&DEMO);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("there is no rustup in PATH") && said.contains("https://rustup.rs"), "{said}");
    assert_eq!(toolchain.calls(), "");
}

#[test]
fn a_rustup_that_fails_is_no_success() {
    let toolchain = Toolchain::new("failing");
    toolchain.program("rustup", "exit 1");
    let output = toolchain.start(&DEMO);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(toolchain.calls(), "rustup target add wasm32-wasip1\n");
}

#[test]
fn a_compiler_that_cannot_be_run_is_named_and_rustup_is_left_alone() {
    let toolchain = Toolchain::new("no-compiler");
    toolchain.program("rustup", "");
    fs::remove_file(toolchain.directory.join("rustc")).unwrap();
    let output = toolchain.start(&DEMO);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let compiler = toolchain.directory.join("rustc");
    let complaint = format!("cannot run the Rust compiler {}: No such file", compiler.display());
    assert!(said.contains(&complaint), "{said}");
    assert_eq!(toolchain.calls(), "");
}

#[test]
fn a_compiler_that_rustup_does_not_serve_is_named() {
    let toolchain = Toolchain::new("another-compiler");
    toolchain.program("rustup", "");
    let output = toolchain.start(&DEMO);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let compiler = toolchain.directory.join("rustc");
    assert!(said.contains(&format!("the compiler {} still doesn't have it", compiler.display())), "{said}");
    assert_eq!(toolchain.calls(), "rustup target add wasm32-wasip1\n");
}

#[test]
fn help_needs_no_target() {
    let toolchain = Toolchain::new("help");
    assert!(toolchain.start(&["promward", "demo", "--help"]).status.success());
    assert_eq!(toolchain.calls(), "cargo run --bin promward -- demo --help\n");
}

#[test]
fn an_upstream_that_is_no_url_is_refused_before_anything_is_compiled() {
    let toolchain = Toolchain::new("upstream");
    fs::create_dir(toolchain.library()).unwrap();
    for wrong in [&["--upstream", "localhost:9090"][..], &["--upstream=https://localhost"]] {
        let output = toolchain.start(&[&DEMO[..], wrong].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.ends_with(": write http://host:port or http://host:port/path\n"), "{said}");
        assert_eq!((output.status.code(), toolchain.calls().as_str()), (Some(1), ""));
    }
    for right in
        [&["--upstream", "http://localhost:9090"][..], &["--upstream=http://[::1]:9090/x"], &["--upstream"]]
    {
        assert_eq!(toolchain.start(&[&DEMO[..], right].concat()).status.code(), Some(0), "{right:?}");
    }
}
