//! The hosts that the filter runs on, in tests and in demos.

use crate::tools::{self, Program};
use std::fmt;

/// A program that runs the filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// Envoy with the shipped file.
    Envoy,
    /// The proxy-wasm host of this repository.
    Embedded,
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Envoy => "Envoy",
            Self::Embedded => "the embedded host",
        })
    }
}

impl Host {
    /// Checks that this machine has the host. If not, prints that; where `CI` is set, it is a failure.
    #[track_caller]
    #[must_use]
    pub fn is_here(self) -> bool {
        self == Self::Embedded || tools::need(Program::Envoy).is_some()
    }
}
