//! What a host knows of a request beside its headers.

use super::certificates::Presented;
use super::source::Source;
use crate::time::instant::Instant;

/// What the host knows of a request beside its headers, as far as a configuration needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Where it comes from.
    pub source: Option<Source>,
    /// The client's certificate.
    pub certificate: Option<Presented>,
    /// What filters before this one left: `envoy.config.core.v3.Metadata`.
    pub metadata: Vec<u8>,
    /// When it is.
    pub now: Option<Instant>,
}
