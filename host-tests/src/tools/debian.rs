//! Programs from the machine's Debian archives, without installing anything: packages are downloaded and unpacked into a
//! directory that stands for `/`. apt gets lists, cache and status of its own, so that the machine's apt is left alone.

use super::fetch;
use anyhow::{Context, Result, ensure};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A tree of unpacked packages.
pub(super) struct Tree {
    /// The package that it is about, and the name of its directory.
    package: &'static str,
    /// Which of the packages that it depends on, directly or not, are needed here: beginnings of names. The rest is what
    /// every machine has, or is about installing.
    needs: &'static [&'static str],
    /// What must be there in the end.
    program: &'static str,
}

/// Prometheus with the scripts, styles and fonts of its pages, which Debian packs one by one.
pub(super) const PROMETHEUS: Tree =
    Tree { package: "prometheus", needs: &["libjs-", "fonts-"], program: "usr/bin/prometheus" };

/// nginx with its libraries, which a small machine may lack. Ubuntu has the program in `nginx-core`.
pub(super) const NGINX: Tree = Tree {
    package: "nginx",
    needs: &["nginx-common", "nginx-core", "libpcre", "libssl", "libcrypt1", "zlib1g"],
    program: "usr/sbin/nginx",
};

/// OpenSSL with its library.
pub(super) const OPENSSL: Tree = Tree { package: "openssl", needs: &["libssl"], program: "usr/bin/openssl" };

/// The directory of the unpacked tree, fetched unless it is there.
pub(super) fn tree(tree: &Tree) -> Result<PathBuf> {
    fetch::once(tree.package, |root| {
        fetch::say(&format!("fetching {} from the Debian archive", tree.package));
        let apt = Apt::prepare()?;
        let packages = apt.packages(tree)?;
        let downloads = root.join("packages");
        fs::create_dir(&downloads).with_context(|| format!("cannot make {}", downloads.display()))?;
        apt.download(&packages, &downloads)?;
        unpack(&downloads, root)?;
        ensure!(root.join(tree.program).is_file(), "{} is not in {}", tree.program, packages.join(", "));
        fs::remove_dir_all(&downloads).with_context(|| format!("cannot remove {}", downloads.display()))
    })
}

/// The value of `LD_LIBRARY_PATH` for programs of the tree at `root`.
pub(super) fn libraries(root: &Path) -> OsString {
    let triple = format!("{}-linux-gnu", std::env::consts::ARCH);
    let mut value = root.join("usr/lib").join(&triple).into_os_string();
    value.push(":");
    value.push(root.join("lib").join(&triple));
    value
}

fn unpack(downloads: &Path, root: &Path) -> Result<()> {
    for entry in fs::read_dir(downloads).with_context(|| format!("cannot read {}", downloads.display()))? {
        let package = entry.context("cannot list the downloaded packages")?.path();
        fetch::run(Command::new("dpkg").arg("-x").arg(&package).arg(root))?;
    }
    Ok(())
}

/// apt with a state of its own under `target/tools/apt`, and the machine's list of archives. No other process uses it
/// while this lives.
struct Apt {
    directory: PathBuf,
    _lock: fs::File,
}

impl Apt {
    fn prepare() -> Result<Self> {
        let directory = fetch::directory()?.join("apt");
        for part in ["state/lists/partial", "cache/archives/partial", "log"] {
            let part = directory.join(part);
            fs::create_dir_all(&part).with_context(|| format!("cannot make {}", part.display()))?;
        }
        let apt = Self { _lock: fetch::lock(&directory.join("lock"))?, directory };
        let status = apt.directory.join("state/status");
        fs::write(&status, "").with_context(|| format!("cannot write {}", status.display()))?;
        apt.update();
        Ok(apt)
    }

    /// One of the machine's archives may be out of reach without being needed, so that a failure is only shown: if it
    /// matters, the download fails.
    fn update(&self) {
        fetch::say("reading the lists of the Debian archive");
        if let Err(error) = fetch::run(self.command("apt-get").arg("update")) {
            fetch::say(&format!("not all lists could be read: {error:#}"));
        }
    }

    fn packages(&self, tree: &Tree) -> Result<Vec<String>> {
        let mut depends = self.command("apt-cache");
        depends.args(["depends", "--recurse"]);
        depends.args(
            ["suggests", "recommends", "conflicts", "breaks", "replaces", "enhances"]
                .map(|kind| format!("--no-{kind}")),
        );
        let listed = fetch::run(depends.arg(tree.package))?;
        let mut packages: Vec<String> = listed
            .lines()
            .filter(|line| line.starts_with(|first: char| first.is_ascii_alphanumeric()))
            .filter(|name| {
                *name == tree.package || tree.needs.iter().any(|beginning| name.starts_with(beginning))
            })
            .map(str::to_owned)
            .collect();
        packages.sort();
        packages.dedup();
        ensure!(!packages.is_empty(), "the Debian archive lists no package {}", tree.package);
        Ok(packages)
    }

    fn download(&self, packages: &[String], into: &Path) -> Result<()> {
        fetch::say(&format!("downloading {} packages", packages.len()));
        fetch::run(self.command("apt-get").arg("download").args(packages).current_dir(into)).map(drop)
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        let settings = [
            ("Dir::State", "state"),
            ("Dir::State::status", "state/status"),
            ("Dir::Cache", "cache"),
            ("Dir::Log", "log"),
        ];
        for (setting, place) in settings {
            command.arg("-o").arg(format!("{setting}={}", self.directory.join(place).display()));
        }
        // A download as root goes through a user who can't write here, unless it is told not to.
        command.args(["-o", "APT::Sandbox::User=root", "-o", "Acquire::Languages=none"]);
        command.env("LC_ALL", "C.UTF-8");
        command
    }
}
