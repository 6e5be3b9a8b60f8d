//! The crates that Cargo compiles into a package for a target, with what they depend on.

use crate::checkout::Checkout;
use anyhow::{Context, Result};
use promward_harness::tools::run;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// The form in which Cargo prints a crate, after its depth in the tree.
const FORMAT: &str = "|{p}|{l}|{r}";

/// A crate in a program.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Crate {
    pub(super) name: String,
    pub(super) version: String,
    /// The licence as an expression of SPDX.
    pub(super) license: String,
    /// The URL of its repository, or an empty text.
    pub(super) repository: String,
    /// The SHA-256 of the package, if it is from crates.io.
    pub(super) checksum: Option<String>,
    pub(super) description: Option<&'static str>,
}

/// The crates in a program.
pub(super) struct Crates {
    /// The crate that is the program.
    pub(super) main: Crate,
    /// Every crate with those that it depends on.
    pub(super) edges: BTreeMap<Crate, BTreeSet<Crate>>,
}

impl Crate {
    /// Returns the name by which the parts of a bill refer to it.
    pub(super) fn reference(&self) -> String {
        match self.checksum {
            Some(_) => format!("pkg:cargo/{}@{}", self.name, self.version),
            None => format!("{}@{}", self.name, self.version),
        }
    }
}

impl Crates {
    /// Returns all crates but the main one.
    pub(super) fn parts(&self) -> impl Iterator<Item = &Crate> {
        self.edges.keys().filter(|part| **part != self.main)
    }
}

/// Returns the crates that are compiled into this package. The standard library is one of them.
///
/// # Errors
///
/// Returns an error if Cargo or the compiler can't be run, or prints something that isn't understood.
pub(super) fn of(checkout: &Checkout, package: &str, target: &str) -> Result<Crates> {
    let tree = run(checkout.cargo().args(["tree", "--locked", "--no-dedupe", "--prefix", "depth"]).args([
        "--package",
        package,
        "--target",
        target,
        "--edges",
        "normal,no-proc-macro",
        "--format",
        FORMAT,
    ]))?;
    let checksums = checksums(&checkout.read("Cargo.lock")?)?;
    let mut edges = BTreeMap::<Crate, BTreeSet<Crate>>::new();
    // The crates on the way from the main one to the present line.
    let mut way: Vec<Crate> = Vec::new();
    for line in tree.lines().filter(|line| !line.is_empty()) {
        let (depth, part) = parse(line, &checksums).with_context(|| format!("cargo tree says {line:?}"))?;
        way.truncate(depth);
        if let Some(of) = way.last() {
            edges.entry(of.clone()).or_default().insert(part.clone());
        }
        edges.entry(part.clone()).or_default();
        way.push(part);
    }
    let main = way.into_iter().next().context("cargo tree says nothing")?;
    let standard = standard_library(checkout)?;
    edges.entry(main.clone()).or_default().insert(standard.clone());
    edges.insert(standard, BTreeSet::new());
    Ok(Crates { main, edges })
}

/// Reads a line of the tree: the depth, and the crate.
fn parse(line: &str, checksums: &BTreeMap<(String, String), String>) -> Option<(usize, Crate)> {
    let mut fields = line.split('|');
    let depth = fields.next()?.parse().ok()?;
    let mut words = fields.next()?.split(' ');
    let (name, version) = (words.next()?.to_owned(), words.next()?.strip_prefix('v')?.to_owned());
    let (license, repository) = (fields.next()?.to_owned(), fields.next()?.to_owned());
    let checksum = checksums.get(&(name.clone(), version.clone())).cloned();
    Some((depth, Crate { name, version, license, repository, checksum, description: None }))
}

/// Returns the SHA-256 of every package of `Cargo.lock` that is from crates.io, by name and version.
fn checksums(lock: &str) -> Result<BTreeMap<(String, String), String>> {
    let lock: toml::Value = toml::from_str(lock).context("Cargo.lock is wrong")?;
    let packages =
        lock.get("package").and_then(toml::Value::as_array).context("Cargo.lock has no packages")?;
    let row = |package: &toml::Value| {
        let text = |field| Some(package.get(field)?.as_str()?.to_owned());
        Some(((text("name")?, text("version")?), text("checksum")?))
    };
    Ok(packages.iter().filter_map(row).collect())
}

/// Returns Rust's standard library, which is compiled into everything.
fn standard_library(checkout: &Checkout) -> Result<Crate> {
    let said = run(Command::new("rustc").arg("--version").current_dir(&checkout.root))?;
    let version = said.split(' ').nth(1).context("rustc says no version")?;
    Ok(Crate {
        name: "rust-std".to_owned(),
        version: version.to_owned(),
        license: "MIT OR Apache-2.0".to_owned(),
        repository: "https://github.com/rust-lang/rust".to_owned(),
        checksum: None,
        description: Some(
            "The standard library of Rust, with the C library of the target where it is linked statically",
        ),
    })
}
