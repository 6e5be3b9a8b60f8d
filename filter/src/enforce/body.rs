//! Bodies that are awaited. The headers announce a body; the filter waits for it, reads it, holds it to the rule and
//! sends on what it has read. Bodies that nobody has to read aren't awaited: they stream.

use super::announced::{Announced, BodyError};
use super::form::{AwaitedForm, FORM_TYPE};
use super::remote_read::{AwaitedRead, READ_TYPE};
use super::remote_write::AwaitedWrite;
use super::silence::awaited::AwaitedSilence;
use crate::target::media_type::JSON_TYPE;

/// A body that has been announced and not yet received.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    clippy::large_enum_variant,
    reason = "forms come most often, and a box would cost each an allocation"
)]
pub enum AwaitedBody {
    /// A form, or the end of a request that must have no body.
    Form(AwaitedForm),
    /// A message of remote write.
    Write(AwaitedWrite),
    /// A message of remote read.
    Read(AwaitedRead),
    /// A silence of Alertmanager.
    Silence(AwaitedSilence),
}

impl AwaitedBody {
    /// Returns `true` if the request must end without a byte.
    pub fn must_be_empty(&self) -> bool {
        self.announcement().must_be_empty()
    }

    /// Checks the number of bytes that have come so far.
    ///
    /// # Errors
    ///
    /// Returns an error if there must be none, or if the mount doesn't allow that many.
    pub fn check_length(&self, length: usize) -> Result<(), BodyError> {
        self.announcement().check_length(length)
    }

    /// Returns the content type that the body has when it goes upstream.
    pub fn content_type(&self) -> &'static str {
        match self {
            Self::Form(_) => FORM_TYPE,
            Self::Write(write) => write.content_type(),
            Self::Read(_) => READ_TYPE,
            Self::Silence(_) => JSON_TYPE,
        }
    }

    /// Returns the kind of the body, by which the proxy's routes know it.
    pub fn kind(&self) -> &'static str {
        match self {
            _ if self.must_be_empty() => "none",
            Self::Form(_) => "form",
            Self::Write(_) | Self::Read(_) => "message",
            Self::Silence(_) => "silence",
        }
    }

    fn announcement(&self) -> &Announced {
        match self {
            Self::Form(form) => form.announcement(),
            Self::Write(write) => write.announcement(),
            Self::Read(read) => read.announcement(),
            Self::Silence(silence) => silence.announcement(),
        }
    }
}
