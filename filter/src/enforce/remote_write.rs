//! Remote write. A message of Prometheus' remote write protocol is awaited, decoded and read, and each series of it must
//! have the labels of the rule: a wrong one is refused, and a missing one is added where the rule says so. The work is
//! done in slices, because a message may have many MiB.

pub mod error;
mod output;
mod series;
mod shape;
mod version;
mod work;

pub use version::{MAX_MESSAGE, Version};
pub use work::{Completed, Work};

use super::RuleNumber;
use super::announced::{Announced, BodyError, BodyKind, is_snappy};
use super::restriction::Restriction;
use crate::target::headers::Headers;
use crate::time::rate::Rate;
use std::rc::Rc;

/// The treatment of a series without a label that the rule restricts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingLabel {
    /// The message is refused.
    #[default]
    Refuse,
    /// The series gets the label, if it may have one value only.
    Add,
}

/// The rate at which a caller may send samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleRate {
    /// The rule that has the rate.
    pub rule: RuleNumber,
    /// The rate, in samples.
    pub rate: Rate,
}

/// The requirements of a rule on a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteTerms {
    /// The labels that each series must have; `None` if the rule only has a rate.
    pub restriction: Option<Rc<Restriction>>,
    /// The treatment of a series without one of them.
    pub missing: MissingLabel,
    /// The rate of samples, if the rule has one.
    pub samples: Option<SampleRate>,
}

/// A message that has been announced and not yet received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwaitedWrite {
    announced: Announced,
    version: Version,
    terms: WriteTerms,
}

impl AwaitedWrite {
    /// Reads the announcement of a message of at most `max` bytes as it is sent.
    ///
    /// # Errors
    ///
    /// Returns an error if the headers announce no message of a version that is known here, encoded by snappy, or one
    /// that is too long.
    pub fn announced(headers: &Headers, max: usize, terms: WriteTerms) -> Result<Self, BodyError> {
        let version = Version::of(headers).ok_or(BodyError::Type(Version::V1.content_type()))?;
        if !is_snappy(headers) {
            return Err(BodyError::NotSnappy);
        }
        let announced = Announced::by(headers, max, BodyKind::Write, None)?;
        Ok(Self { announced, version, terms })
    }

    /// Returns the announcement of the message.
    pub(super) fn announcement(&self) -> &Announced {
        &self.announced
    }

    /// Returns the content type that the message has when it goes upstream.
    pub fn content_type(&self) -> &'static str {
        self.version.content_type()
    }

    /// Returns the rate at which the caller may send samples.
    pub fn samples(&self) -> Option<SampleRate> {
        self.terms.samples
    }

    /// Begins the work on a message whose body has come.
    ///
    /// # Errors
    ///
    /// Returns an error if the body is too long, or says that it is once it is decoded.
    pub fn begin(&self, body: Vec<u8>) -> Result<Work, BodyError> {
        self.announced.check_length(body.len())?;
        Ok(Work::new(self.version, &self.terms, body)?)
    }

    /// Does all of the work on a message at once.
    ///
    /// # Errors
    ///
    /// Returns an error if the message is too long, can't be read, or violates the requirements of the rule.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn complete(&self, body: Vec<u8>) -> Result<Completed, BodyError> {
        Ok(self.begin(body)?.finish()?)
    }
}
