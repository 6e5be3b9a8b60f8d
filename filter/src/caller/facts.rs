//! The facts about a request that aren't in its headers. Asking a host for one takes a call, so each is asked for where a
//! decision needs it, and not before.

use super::certificates::Presented;
use super::source::Source;
use crate::time::instant::Instant;
use std::fmt;

/// The facts about a request that the host knows beside its headers, for those who ask.
pub trait HostFacts: fmt::Debug {
    /// Returns the address that the request comes from, or `None` if it comes from none.
    ///
    /// # Errors
    ///
    /// Returns an error if the host can't say. The same holds for the other facts.
    fn source(&self) -> Result<Option<Source>, Untold>;

    /// Returns the certificate that the client presented.
    #[allow(clippy::missing_errors_doc, reason = "see the first")]
    fn certificate(&self) -> Result<Option<Presented>, Untold>;

    /// Returns the metadata that filters before this one left, an `envoy.config.core.v3.Metadata`.
    #[allow(clippy::missing_errors_doc, reason = "see the first")]
    fn metadata(&self) -> Result<Vec<u8>, Untold>;

    /// Returns the time of the request.
    #[allow(clippy::missing_errors_doc, reason = "see the first")]
    fn now(&self) -> Result<Instant, Untold>;
}

/// The error of a host that doesn't say what it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Untold;

/// Facts that are known from the beginning, as commands and tests have them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The address that the request comes from.
    pub source: Option<Source>,
    /// The certificate that the client presented.
    pub certificate: Option<Presented>,
    /// The metadata that filters before this one left, an `envoy.config.core.v3.Metadata`.
    pub metadata: Vec<u8>,
    /// The time of the request.
    pub now: Option<Instant>,
}

impl HostFacts for Facts {
    fn source(&self) -> Result<Option<Source>, Untold> {
        Ok(self.source)
    }

    fn certificate(&self) -> Result<Option<Presented>, Untold> {
        Ok(self.certificate.clone())
    }

    fn metadata(&self) -> Result<Vec<u8>, Untold> {
        Ok(self.metadata.clone())
    }

    fn now(&self) -> Result<Instant, Untold> {
        self.now.ok_or(Untold)
    }
}
