//! The hosts that the filter runs on in end-to-end tests.

use promward_embedded::host::Personality;
use promward_harness::tools::{self, Program};
use std::fmt;

/// A program that runs the filter. The last two are played by the embedded host, which recorded traces hold to what the
/// real ones do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// Envoy with the shipped file.
    Envoy,
    /// The proxy-wasm host of this repository, which behaves as Envoy does.
    Embedded,
    /// nginx, which runs the filter in its module `ngx_wasm_module`.
    Nginx,
    /// Traffic Server, which runs the filter in its plugin `wasm`.
    TrafficServer,
}

impl Host {
    /// Returns the behaviour of the embedded host, or `None` for Envoy itself.
    #[must_use]
    pub fn personality(self) -> Option<Personality> {
        match self {
            Self::Envoy => None,
            Self::Embedded => Some(Personality::ENVOY),
            Self::Nginx => Some(Personality::NGINX),
            Self::TrafficServer => Some(Personality::TRAFFIC_SERVER),
        }
    }

    /// Checks that this machine has the host. If not, prints that; where `CI` is set, it is a failure.
    #[track_caller]
    #[must_use]
    pub fn is_here(self) -> bool {
        self != Self::Envoy || tools::need(Program::Envoy).is_some()
    }

    /// Checks that the host behaves as Envoy does.
    #[must_use]
    pub fn is_like_envoy(self) -> bool {
        matches!(self, Self::Envoy | Self::Embedded)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Envoy => "Envoy",
            Self::Embedded => "the embedded host",
            Self::Nginx => "the embedded host as nginx",
            Self::TrafficServer => "the embedded host as Traffic Server",
        })
    }
}
