//! The Prometheus behind a demo: one of its own, set up as in the guide, or one that already runs.

use super::example::Example;
use super::servers::Server;
use crate::server_url::ServerUrl;
use anyhow::{Context, Result};
use promward_harness::process;
use promward_harness::prometheus::{self, Prometheus};
use promward_harness::tools;
use serde_json::json;
use std::fmt;
use std::net::SocketAddr;

/// The Prometheus that is guarded.
pub(super) enum Guarded {
    /// One that the demo starts and ends.
    Ours(Box<Prometheus>),
    /// One that already runs.
    Theirs(ServerUrl),
}

impl Guarded {
    /// Starts a Prometheus with the guide's flags, or the example's, for a deployment on this port. Without an example
    /// its admin API is on, to show that the rules keep others away from it.
    ///
    /// # Errors
    ///
    /// Returns an error if Prometheus is not available or doesn't start.
    pub(super) fn ours(example: Option<&Example>, servers: &[Server], port: u16) -> Result<Self> {
        let external_url = format!("https://example.com:{port}/prometheus");
        let start = match example {
            Some(example) => example.start_prometheus(&external_url, servers),
            None => Prometheus::start(prometheus::Options {
                admin_api: true,
                external_url: Some(external_url),
                ..prometheus::Options::guide()
            }),
        };
        start
            .map(|prometheus| Self::Ours(Box::new(prometheus)))
            .context("no Prometheus to guard; --upstream URL guards one that already runs")
    }

    /// Finds the Prometheus at the URL.
    ///
    /// # Errors
    ///
    /// Returns an error if the URL isn't plain HTTP, or nothing answers there.
    pub(super) fn theirs(url: &str) -> Result<Self> {
        let theirs = ServerUrl::parse(url).with_context(|| format!("--upstream {url}"))?;
        process::get(theirs.address, &format!("{}/-/ready", theirs.path))
            .with_context(|| format!("--upstream {url}: no Prometheus answers there"))?;
        Ok(Self::Theirs(theirs))
    }

    pub(super) fn address(&self) -> SocketAddr {
        match self {
            Self::Ours(prometheus) => prometheus.address(),
            Self::Theirs(theirs) => theirs.address,
        }
    }

    /// Returns the process, if the demo started it.
    pub(super) fn prometheus(&self) -> Option<&Prometheus> {
        match self {
            Self::Ours(prometheus) => Some(prometheus),
            Self::Theirs(_) => None,
        }
    }

    /// Returns the mount for the filter's configuration (JSON).
    pub(super) fn mount(&self) -> String {
        let Self::Theirs(theirs) = self else {
            return r#"{ "prefix": "/prometheus", "cluster": "prometheus" }"#.to_owned();
        };
        let upstream_prefix = if theirs.path.is_empty() { "/" } else { &theirs.path };
        format!(
            r#"{{ "prefix": "/prometheus", "cluster": "prometheus", "upstream_prefix": {}, "origins": [{}] }}"#,
            json!(upstream_prefix),
            json!(theirs.origin)
        )
    }
}

impl fmt::Display for Guarded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ours(_) => match tools::prometheus() {
                Ok(tool) => write!(formatter, "Prometheus {}", tool.version),
                Err(_) => formatter.write_str("Prometheus"),
            },
            Self::Theirs(theirs) => write!(formatter, "the Prometheus at {}", theirs.url),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::callers::Callers;
    use super::Guarded;
    use crate::server_url::ServerUrl;

    #[test]
    fn a_url_becomes_a_mount_that_the_filter_takes() {
        for (url, address, prefix) in [
            ("http://127.0.0.1:9090", "127.0.0.1:9090", ""),
            ("http://127.0.0.1:9090/", "127.0.0.1:9090", ""),
            ("http://127.0.0.1/a/b/", "127.0.0.1:80", "/a/b"),
            ("http://[::1]:9090/x", "[::1]:9090", "/x"),
        ] {
            let guarded = Guarded::Theirs(ServerUrl::parse(url).unwrap());
            assert_eq!(guarded.address().to_string(), address);
            let callers = Callers::anew(&guarded.mount()).unwrap();
            let gateway = promward::config::load(callers.configuration().as_bytes()).unwrap();
            let (_, mount) = gateway.mounts.iter().next().unwrap();
            assert_eq!((mount.prefix.as_str(), mount.upstream_prefix.as_str()), ("/prometheus", prefix));
        }
    }
}
