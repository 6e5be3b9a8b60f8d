//! Programs from Debian's archives, without installing anything: packages are downloaded and unpacked into a directory
//! that stands for `/`. Most come from the archives that the machine itself uses, so that they fit its libraries. If
//! those have a program only in a version that is too old, it comes from the first release of Debian that has a newer
//! one.

use super::apt::{Apt, Archive};
use super::{Version, fetch};
use anyhow::{Context, Result, bail, ensure};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A tree of unpacked packages.
pub(super) struct Tree {
    /// The name of its directory.
    name: &'static str,
    /// The package that has the program.
    package: &'static str,
    /// The oldest version of that package that is of use; `None` takes the one that the machine's archives have.
    oldest: Option<Version>,
    /// Beginnings of the names of direct and indirect dependencies that are needed here. Every machine has the others,
    /// or they are about installing.
    needs: &'static [&'static str],
    /// The file that must be there in the end.
    program: &'static str,
}

impl Tree {
    /// Returns the package that has the program.
    pub(super) const fn package(&self) -> &'static str {
        self.package
    }
}

/// Prometheus with the scripts, styles and fonts of its pages, which Debian packs one by one.
pub(super) const PROMETHEUS: Tree = Tree {
    name: "prometheus",
    package: "prometheus",
    oldest: None,
    needs: &["libjs-", "fonts-"],
    program: "usr/bin/prometheus",
};

/// A Prometheus from 3.0 on, which tells how it reads a query. Both programs link nothing but the C library.
pub(super) const PROMETHEUS_3: Tree = Tree {
    name: "prometheus-3",
    package: "prometheus",
    oldest: Some(Version::new(3, 0, 0)),
    needs: &["promtool"],
    program: "usr/bin/prometheus",
};

/// VictoriaMetrics with the one library that must be newer than a machine may have.
pub(super) const VICTORIA_METRICS: Tree = Tree {
    name: "victoria-metrics",
    package: "victoria-metrics",
    oldest: None,
    needs: &["libzstd"],
    program: "usr/bin/victoria-metrics",
};

/// A VictoriaMetrics that is newer than the one in stable releases.
pub(super) const NEWER_VICTORIA_METRICS: Tree =
    Tree { name: "newer-victoria-metrics", oldest: Some(NEWER_VICTORIA_METRICS_SINCE), ..VICTORIA_METRICS };

/// The first version that is new enough for [`NEWER_VICTORIA_METRICS`].
pub(super) const NEWER_VICTORIA_METRICS_SINCE: Version = Version::new(1, 113, 0);

/// An Alertmanager with `amtool` that reads matchers with names and values in UTF-8.
pub(super) const NEWER_ALERTMANAGER: Tree = Tree {
    name: "newer-alertmanager",
    package: "prometheus-alertmanager",
    oldest: Some(NEWER_ALERTMANAGER_SINCE),
    needs: &[],
    program: "usr/bin/prometheus-alertmanager",
};

/// The first version that is new enough for [`NEWER_ALERTMANAGER`].
pub(super) const NEWER_ALERTMANAGER_SINCE: Version = Version::new(0, 28, 0);

/// The keys of Debian's archives, for a machine that runs another distribution.
const KEYRING: Tree = Tree {
    name: "debian-archive-keyring",
    package: "debian-archive-keyring",
    oldest: None,
    needs: &[],
    program: KEYS,
};

/// The path of the keys in that package, below the directory that stands for `/`.
const KEYS: &str = "usr/share/keyrings/debian-archive-keyring.gpg";

/// Debian's releases by their state, the oldest first.
const SUITES: [&str; 3] = ["stable", "testing", "unstable"];

/// nginx with its libraries, which a small machine may lack. Ubuntu has the program in `nginx-core`.
pub(super) const NGINX: Tree = Tree {
    name: "nginx",
    package: "nginx",
    oldest: None,
    needs: &["nginx-common", "nginx-core", "libpcre", "libssl", "libcrypt1", "zlib1g"],
    program: "usr/sbin/nginx",
};

pub(super) const CADDY: Tree =
    Tree { name: "caddy", package: "caddy", oldest: None, needs: &["libzstd"], program: "usr/bin/caddy" };

pub(super) const OPENSSL: Tree = Tree {
    name: "openssl",
    package: "openssl",
    oldest: None,
    needs: &["libssl"],
    program: "usr/bin/openssl",
};

/// testssl.sh with `hexdump`, by which it reads what a server sends.
pub(super) const TESTSSL: Tree = Tree {
    name: "testssl",
    package: "testssl.sh",
    oldest: None,
    needs: &["bsdextrautils", "libsmartcols", "libtinfo"],
    program: "usr/bin/testssl",
};

/// skopeo with the libraries of signatures and storage that it is linked to.
pub(super) const SKOPEO: Tree = Tree {
    name: "skopeo",
    package: "skopeo",
    oldest: None,
    needs: &["libassuan", "libdevmapper", "libgpg-error", "libgpgme", "libselinux", "libudev"],
    program: "usr/bin/skopeo",
};

pub(super) const DOCKER_REGISTRY: Tree = Tree {
    name: "docker-registry",
    package: "docker-registry",
    oldest: None,
    needs: &[],
    program: "usr/bin/docker-registry",
};

/// curl with the libraries of the many protocols that it speaks: it doesn't start without them.
pub(super) const CURL: Tree = Tree {
    name: "curl",
    package: "curl",
    oldest: None,
    needs: &[
        "libbrotli",
        "libcom-err",
        "libcurl",
        "libdb",
        "libffi",
        "libgmp",
        "libgnutls",
        "libgssapi",
        "libhogweed",
        "libidn2",
        "libk5",
        "libkeyutils",
        "libkrb5",
        "libldap",
        "libnettle",
        "libnghttp2",
        "libp11",
        "libpsl",
        "librtmp",
        "libsasl2",
        "libssh2",
        "libssl",
        "libtasn1",
        "libunistring",
        "libzstd",
        "zlib1g",
    ],
    program: "usr/bin/curl",
};

/// Returns the directory of the unpacked tree, which is fetched unless it is there.
pub(super) fn tree(tree: &Tree) -> Result<PathBuf> {
    fetch::once(tree.name, |root| {
        fetch::say(&format!("fetching {} from the Debian archive", tree.name));
        let apt = tree.oldest.map_or_else(|| Apt::prepare(Archive::Machine), |oldest| since(tree, oldest))?;
        let packages = apt.packages(tree.package, tree.needs)?;
        let downloads = root.join("packages");
        fs::create_dir(&downloads).with_context(|| format!("cannot make {}", downloads.display()))?;
        apt.download(&packages, &downloads)?;
        unpack(&downloads, root)?;
        ensure!(root.join(tree.program).is_file(), "{} is not in {}", tree.program, packages.join(", "));
        fs::remove_dir_all(&downloads).with_context(|| format!("cannot remove {}", downloads.display()))
    })
}

/// Returns apt with the first of Debian's releases that has the package in this version or a later one.
fn since(tree: &Tree, oldest: Version) -> Result<Apt> {
    let keys = keys()?;
    for suite in SUITES {
        let apt = Apt::prepare(Archive::Debian { suite, keys: keys.clone() })?;
        if apt.version(tree.package).is_some_and(|version| version >= oldest) {
            return Ok(apt);
        }
    }
    bail!("no release of Debian has {} {oldest} or later ({})", tree.package, SUITES.join(", "))
}

/// Returns the keys of Debian's archives: the machine's, or else those of the package.
fn keys() -> Result<PathBuf> {
    let own = Path::new("/").join(KEYS);
    if own.is_file() { Ok(own) } else { Ok(tree(&KEYRING)?.join(KEYS)) }
}

/// Returns the version of an unpacked package, with which its changelog begins.
pub(super) fn version(root: &Path, package: &str) -> Option<Version> {
    let changelog = root.join("usr/share/doc").join(package).join("changelog.Debian.gz");
    let text = fetch::run(Command::new("gzip").arg("-dc").arg(changelog)).ok()?;
    Version::within(text.lines().next()?)
}

/// Returns the value of `LD_LIBRARY_PATH` for programs of the tree at `root`.
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
