//! apt with lists, cache and status of its own, so that the machine's apt isn't touched.

use super::{Version, fetch};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The address of Debian's releases, served by whichever server is near.
const DEBIAN: &str = "http://deb.debian.org/debian";

/// The name of the list of archives, if it isn't the machine's list.
const SOURCES: &str = "sources.list";

/// A place that packages come from.
pub(super) enum Archive {
    /// The archives that the machine itself uses.
    Machine,
    /// A release of Debian that the machine itself doesn't use.
    Debian {
        /// The name of the release, such as `testing`.
        suite: &'static str,
        /// The file of keys that the release is signed with.
        keys: PathBuf,
    },
}

/// apt with a state of its own under `target/tools`. No other process uses that state while this value lives.
pub(super) struct Apt {
    directory: PathBuf,
    archive: Archive,
    _lock: fs::File,
}

impl Apt {
    /// Reads the lists of an archive.
    pub(super) fn prepare(archive: Archive) -> Result<Self> {
        let directory = match &archive {
            Archive::Machine => fetch::directory()?.join("apt"),
            Archive::Debian { suite, .. } => fetch::directory()?.join(format!("apt-{suite}")),
        };
        for part in ["state/lists/partial", "cache/archives/partial", "log"] {
            let part = directory.join(part);
            fs::create_dir_all(&part).with_context(|| format!("cannot make {}", part.display()))?;
        }
        let apt = Self { _lock: fetch::lock(&directory.join("lock"))?, directory, archive };
        apt.write("state/status", "")?;
        if let Archive::Debian { suite, keys } = &apt.archive {
            apt.write(SOURCES, &format!("deb [signed-by={}] {DEBIAN} {suite} main\n", keys.display()))?;
        }
        apt.update();
        Ok(apt)
    }

    /// Reads the lists anew. One of the machine's archives may be out of reach without being needed, so a failure is
    /// only shown: if it matters, the download fails.
    fn update(&self) {
        fetch::say("reading the lists of the Debian archive");
        if let Err(error) = fetch::run(self.command("apt-get").arg("update")) {
            fetch::say(&format!("not all lists could be read: {error:#}"));
        }
    }

    fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.directory.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Returns the version of a package, if the archive has it.
    pub(super) fn version(&self, package: &str) -> Option<Version> {
        let shown =
            fetch::run(self.command("apt-cache").args(["show", "--no-all-versions", package])).ok()?;
        shown.lines().find_map(|line| Version::within(line.strip_prefix("Version:")?))
    }

    /// Returns a package, and those of its direct and indirect dependencies whose names begin with one of `needs`.
    pub(super) fn packages(&self, package: &str, needs: &[&str]) -> Result<Vec<String>> {
        let mut depends = self.command("apt-cache");
        depends.args(["depends", "--recurse"]);
        depends.args(
            ["suggests", "recommends", "conflicts", "breaks", "replaces", "enhances"]
                .map(|kind| format!("--no-{kind}")),
        );
        let listed = fetch::run(depends.arg(package))?;
        let mut packages: Vec<String> = listed
            .lines()
            .filter(|line| line.starts_with(|first: char| first.is_ascii_alphanumeric()))
            .filter(|name| *name == package || needs.iter().any(|beginning| name.starts_with(beginning)))
            .map(str::to_owned)
            .collect();
        packages.sort();
        packages.dedup();
        ensure!(!packages.is_empty(), "the Debian archive lists no package {package}");
        Ok(packages)
    }

    /// Downloads packages into a directory.
    pub(super) fn download(&self, packages: &[String], into: &Path) -> Result<()> {
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
        if let Archive::Debian { .. } = self.archive {
            let sources = self.directory.join(SOURCES);
            command.arg("-o").arg(format!("Dir::Etc::sourcelist={}", sources.display()));
            command.args(["-o", "Dir::Etc::sourceparts=-"]);
        }
        // When run as root, apt downloads as another user, who can't write here; this setting turns that off.
        command.args(["-o", "APT::Sandbox::User=root", "-o", "Acquire::Languages=none"]);
        command.env("LC_ALL", "C.UTF-8");
        command
    }
}
