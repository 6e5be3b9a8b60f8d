//! The facts about a request that aren't in its headers. The shell reads them from the host.

use super::certificates::Presented;
use super::source::Source;
use crate::time::instant::Instant;

/// The facts about a request that the host knows beside its headers, as far as a configuration needs them.
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
