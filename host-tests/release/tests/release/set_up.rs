//! The files of a release, made once for all tests.

use promward_harness::tools::{self, python};
use promward_release::{Build, Checkout, Options};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A `cargo` for maturin, which builds one package alone. Its crates have other features then than in the workspace, so that
/// all of them would be compiled once more. This one builds it with the workspace's, and gives it the name that it has in the
/// checkout that is released.
const CARGO: &str = r#"#!/bin/bash
set -o pipefail
[ "$1" = rustc ] || exec CARGO "$@"
# C code is compiled anew for another time.
unset SOURCE_DATE_EPOCH
cd ROOT
CARGO_TARGET_DIR=TARGET CARGO build --locked --bin promward --message-format json-render-diagnostics |
    sed "s|path+file://ROOT/|path+file://RELEASED/|g"
"#;

/// A release of a checkout.
pub(crate) struct Released {
    pub(crate) checkout: Checkout,
    /// The directory of the files.
    pub(crate) directory: PathBuf,
}

impl Released {
    /// Returns the path of a file of the release.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Returns the paths of all files, relative to the directory and in order.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let sums = fs::read_to_string(self.file(promward_release::SUMS)).unwrap();
        sums.lines().map(|line| line.split_once("  ").unwrap().1.into()).collect()
    }
}

/// Returns the release of this checkout, or `None` if maturin can't be had, so that the test is skipped.
pub(crate) fn released() -> Option<&'static Released> {
    static RELEASED: OnceLock<Released> = OnceLock::new();
    tools::need_python(&python::MATURIN)?;
    Some(RELEASED.get_or_init(|| {
        let checkout = Checkout::around(&promward_module::workspace().unwrap()).unwrap();
        let directory = checkout.target().join("release-files-of-tests");
        release(checkout, directory)
    }))
}

/// Releases a checkout with the command of this one.
pub(crate) fn release(checkout: Checkout, directory: PathBuf) -> Released {
    let programs = tempfile::tempdir().unwrap();
    let cargo = cargo(&checkout.root, programs.path());
    let options = Options { directory: directory.clone(), source: None, build: Build::Debug { cargo } };
    promward_release::write(&checkout, &options).unwrap();
    Released { checkout, directory }
}

/// Writes that `cargo` to a directory, for a release of the checkout `released`, and returns its path.
fn cargo(released: &Path, directory: &Path) -> PathBuf {
    let quoted = |path: &Path| format!("'{}'", path.display());
    let root = promward_module::workspace().unwrap();
    let script = CARGO
        .replace("file://ROOT", &format!("file://{}", root.display()))
        .replace("file://RELEASED", &format!("file://{}", released.display()))
        .replace("cd ROOT", &format!("cd {}", quoted(&root)))
        .replace(
            "=TARGET CARGO",
            &format!("={} CARGO", quoted(&promward_module::target_directory().unwrap())),
        )
        .replace(" CARGO ", &format!(" {} ", quoted(Path::new(env!("CARGO")))));
    let program = directory.join("cargo");
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    program
}
