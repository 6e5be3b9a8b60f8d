//! The command as a Python wheel, with the module and all that a demo reads. `pip` puts the command into `bin`, and the rest
//! into `share/promward`, where the command looks for it.

use crate::checkout::{Checkout, path_with};
use anyhow::{Context, Result, ensure};
use promward_harness::tools::python;
use promward_module::installed::SHARE;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// The folders and files of the repository that the wheel has.
const SHIPPED: [&str; 4] = ["envoy", "examples", "filter/config.schema.json", "LICENSE"];

/// The description of the package for Python, with `MANIFEST` and `BOMS` to be replaced by paths.
const PROJECT: &str = include_str!("wheel/pyproject.toml");

/// The page of the package.
const PAGE: &str = include_str!("wheel/README.md");

/// The oldest C library that the command is compiled for: that of all distributions since 2014.
const PLATFORM: &str = "manylinux2014";

/// The way that the command is built.
#[derive(Clone, Debug)]
pub enum Build {
    /// For others: compiled by zig for old C libraries, optimized, and without a path of this machine.
    Release,
    /// As tests have it already: by this program in place of Cargo, without optimization.
    Debug {
        /// The path of the program.
        cargo: PathBuf,
    },
}

/// The parts of a wheel.
pub(crate) struct Wheel<'a> {
    pub(crate) checkout: &'a Checkout,
    /// The path of the module, which has its SHA-256 beside it.
    pub(crate) module: &'a Path,
    /// The paths of the software bills of materials.
    pub(crate) boms: [&'a Path; 2],
}

impl Wheel<'_> {
    /// Builds the command, and writes the wheel to the directory.
    ///
    /// # Errors
    ///
    /// Returns an error if a tool can't be had, or the command can't be built; the complaints are on standard error then.
    pub(crate) fn build(&self, build: &Build, directory: &Path) -> Result<()> {
        let target = self.checkout.target();
        let stage = directory.with_extension("stage");
        crate::remove(&stage)?;
        self.lay_out(&stage)?;

        let maturin = python::programs(&python::MATURIN)?;
        let mut command = promward_start::as_typed(maturin.join("maturin"));
        command.args(["build", "--locked", "--out"]).arg(directory).current_dir(&stage);
        command.env("SOURCE_DATE_EPOCH", self.checkout.time.to_string()).env_remove("RUSTFLAGS");
        match build {
            Build::Release => {
                let zig = python::programs(&python::ZIG)?;
                command.args(["--release", "--strip", "--zig", "--compatibility", PLATFORM]);
                command.env("PATH", path_with(&[zig])?);
                command.env("PROMWARD_PACKAGED", "1");
                command.env("CARGO_ENCODED_RUSTFLAGS", promward_module::without_paths());
                command.env("CARGO_TARGET_DIR", target.join("packaged"));
            }
            Build::Debug { cargo } => {
                command.args(["--profile", "dev"]).env("CARGO", cargo).env("CARGO_TARGET_DIR", &target);
            }
        }
        let status = command.stdin(Stdio::null()).status().context("cannot run maturin")?;
        ensure!(status.success(), "maturin could not build the wheel: {status}");
        Ok(())
    }

    /// Writes what maturin packs: the description, and the files for `share/promward`.
    fn lay_out(&self, stage: &Path) -> Result<()> {
        let share = stage.join("data/data").join(SHARE);
        let digest = promward_module::digest_file(self.module);
        for file in [self.module, &digest] {
            copy(file, &share.join(file.file_name().context("a file has a name")?))?;
        }
        for folder in SHIPPED {
            for path in self.checkout.files(folder)? {
                copy(&self.checkout.root.join(&path), &share.join(&path))?;
            }
        }
        let quoted = |path: &Path| format!("{:?}", path.display().to_string());
        let project = PROJECT
            .replace("MANIFEST", &quoted(&self.checkout.root.join("host-tests/cli/Cargo.toml")))
            .replace("BOMS", &self.boms.map(quoted).join(", "));
        for (name, text) in [("pyproject.toml", project.as_str()), ("README.md", PAGE)] {
            let path = stage.join(name);
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        }
        copy(&self.checkout.root.join("LICENSE"), &stage.join("LICENSE"))
    }
}

/// Copies a file, and makes the folder that it goes to.
fn copy(from: &Path, to: &PathBuf) -> Result<()> {
    let folder = to.parent().context("a file is in a folder")?;
    fs::create_dir_all(folder)
        .and_then(|()| fs::copy(from, to))
        .with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    Ok(())
}
