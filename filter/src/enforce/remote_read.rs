//! Remote read. A message of Prometheus' remote read protocol is awaited like a form and written anew: each of its queries
//! gets the matchers of the rule, and its times are held against the guards. The answer streams, whatever its type is.

pub mod error;
mod message;
mod query;

use super::announced::{Announced, BodyError, BodyKind, is_snappy};
use super::guards::Guarded;
use super::restriction::Restriction;
use crate::promql::{Bounds, MAX_RESTRICTED};
use crate::target::headers::Headers;
use crate::target::headers::name::Name;
use crate::wire::snappy::{Decoder, Encoder, Progress, SnappyError};
use error::ReadError;
use std::rc::Rc;

/// The content type of a message as it goes upstream. Servers don't look at it, but what is before them may.
pub const READ_TYPE: &str = "application/x-protobuf";

/// The content types that clients give a message: Prometheus, Thanos, and vmctl, which names the answer that it expects.
const TYPES: [&str; 3] = [
    READ_TYPE,
    "application/x-stream-protobuf",
    "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse",
];

/// The longest message, in bytes as it is sent and once it is decoded, where forms may be longer. One is read at once, and
/// takes less than a millisecond. A query of the longest text that `max_query` allows, if not told otherwise, has room in
/// it twice.
const MAX_READ: usize = 128 << 10;

/// The requirements of a rule on a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadTerms {
    /// The restriction that each query gets, or `None` if the rule has only guards.
    pub restriction: Option<Rc<Restriction>>,
    /// The guards that the times of each query are held against.
    pub guarded: Option<Guarded>,
    /// The bounds on the matchers of all queries together, each of which counts as a selector.
    pub bounds: Bounds,
}

/// A message that has been announced and not yet received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwaitedRead {
    announced: Announced,
    terms: ReadTerms,
}

impl AwaitedRead {
    /// Reads the announcement of a message, for which as many bytes are allowed as for a form, but at most [`MAX_READ`].
    ///
    /// # Errors
    ///
    /// Returns an error if the headers don't announce a message that is encoded by snappy, or announce one that is too
    /// long, and if no message can have the restriction.
    pub fn announced(headers: &Headers, max_form: usize, terms: ReadTerms) -> Result<Self, BodyError> {
        let is_message = |value: &[u8]| TYPES.iter().any(|known| value == known.as_bytes());
        if !headers.only(Name::ContentType).is_some_and(is_message) {
            return Err(BodyError::Type(READ_TYPE));
        }
        if !is_snappy(headers) {
            return Err(BodyError::NotSnappy);
        }
        if terms.restriction.as_ref().is_some_and(|restriction| restriction.has_alternatives()) {
            return Err(ReadError::Alternatives.into());
        }
        let announced = Announced::by(headers, max_form.min(MAX_READ), BodyKind::Read, None)?;
        Ok(Self { announced, terms })
    }

    /// Returns the announcement of the message.
    pub(super) fn announcement(&self) -> &Announced {
        &self.announced
    }

    /// Reads the whole message and returns the one that goes upstream in its place.
    ///
    /// # Errors
    ///
    /// Returns an error if it is too long as it came or as it goes on, can be read in two ways, or violates the
    /// requirements of the rule.
    pub fn complete(&self, body: &[u8]) -> Result<Vec<u8>, BodyError> {
        let max = self.announced.max();
        self.announced.check_length(body.len())?;
        let wrong = |error| match error {
            SnappyError::Corrupt => BodyError::Read(ReadError::Snappy),
            SnappyError::TooLong => self.announced.too_long(),
        };
        let mut decoder = Decoder::new(body, max).map_err(wrong)?;
        while decoder.run(body, max).map_err(wrong)? == Progress::More {}
        // Leaves room for the restriction that is written into it. Hosts buffer no more than that.
        let most = max.saturating_add(MAX_RESTRICTED);
        let mut message = Vec::new();
        message::restrict(decoder.output(), &self.terms, most, &mut message)?;
        let mut encoder = Encoder::new(message.len());
        while encoder.run(&message) == Progress::More {}
        let block = encoder.take_block();
        if block.len() > most { Err(ReadError::Restricted.into()) } else { Ok(block) }
    }
}
