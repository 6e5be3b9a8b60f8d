//! The work on a message, in slices: it is decoded, read, and encoded again if it had to be changed.

use super::error::{PartError, WriteError};
use super::output::Output;
use super::series::Checks;
use super::{MAX_MESSAGE, Version, WriteTerms};
use crate::wire::protobuf::{Field, Reader, Value};
use crate::wire::snappy::{self, Decoder, Encoder, Progress};
use std::mem;

/// The number of decoded bytes that one slice decodes or reads: about a millisecond of work.
const SLICE: usize = 512 << 10;

/// The most decoded bytes on which all work is done at once.
const SHORT: usize = 256 << 10;

/// The longest series, in bytes. One is read in one slice.
const MAX_SERIES: usize = 512 << 10;

/// A message that is worked on.
#[derive(Debug)]
pub struct Work {
    version: Version,
    checks: Option<Checks>,
    /// The body as it came.
    body: Vec<u8>,
    /// The message, as far as it is decoded.
    decoder: Decoder,
    /// The number of bytes of the message that have been read.
    at: usize,
    /// The series of a message of the second version have begun, so that no symbol may come.
    has_series: bool,
    samples: u64,
    /// A series lacked a label, or metadata was left out: the message isn't the one that came.
    is_changed: bool,
    output: Output,
    stage: Stage,
}

/// A message that has been worked on to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completed {
    /// The body that goes upstream.
    pub body: Vec<u8>,
    /// The number of samples and native histograms in it.
    pub samples: u64,
}

#[derive(Debug)]
enum Stage {
    Decoding,
    Reading,
    /// The message is encoded as it was written anew.
    Encoding(Vec<u8>, Encoder),
}

impl Work {
    pub(super) fn new(version: Version, terms: &WriteTerms, body: Vec<u8>) -> Result<Self, WriteError> {
        let decoder = Decoder::new(&body, MAX_MESSAGE)?;
        let checks = terms.restriction.as_ref().map(|restriction| Checks::new(restriction, terms.missing));
        let (at, has_series, samples, is_changed) = (0, false, 0, false);
        let (output, stage) = (Output::default(), Stage::Decoding);
        Ok(Self { version, checks, body, decoder, at, has_series, samples, is_changed, output, stage })
    }

    /// Returns `true` if a body is so short that the work on it takes no longer than a slice.
    ///
    /// # Errors
    ///
    /// Returns an error if the body says no length that it can have.
    pub fn is_short(body: &[u8]) -> Result<bool, WriteError> {
        Ok(snappy::check_length(body, MAX_MESSAGE)? <= SHORT)
    }

    /// Does the next slice of the work. Returns the message when all is done.
    ///
    /// # Errors
    ///
    /// Returns an error if the message can't be read, or violates the requirements of the rule.
    pub fn slice(&mut self) -> Result<Option<Completed>, WriteError> {
        let completed = match &mut self.stage {
            Stage::Decoding => {
                if self.decoder.run(&self.body, SLICE)? == Progress::Done {
                    self.stage = Stage::Reading;
                }
                return Ok(None);
            }
            Stage::Reading => {
                if self.read().map_err(|error| error.of(self.version))? == Progress::More {
                    return Ok(None);
                }
                // Symbols may have been written that no series needs.
                match self.is_changed.then(|| self.output.finish(self.decoder.output())).flatten() {
                    None => mem::take(&mut self.body),
                    Some(message) if message.len() > MAX_MESSAGE => return Err(WriteError::TooLong),
                    Some(message) => {
                        let encoder = Encoder::new(message.len());
                        self.stage = Stage::Encoding(message, encoder);
                        return Ok(None);
                    }
                }
            }
            Stage::Encoding(message, encoder) => {
                if (0..PIECES).all(|_| encoder.run(message) == Progress::More) {
                    return Ok(None);
                }
                encoder.take_block()
            }
        };
        Ok(Some(Completed { body: completed, samples: self.samples }))
    }

    /// Does all of the work that is left, at once.
    ///
    /// # Errors
    ///
    /// Returns an error if the message can't be read, or violates the requirements of the rule.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn finish(mut self) -> Result<Completed, WriteError> {
        loop {
            if let Some(completed) = self.slice()? {
                return Ok(completed);
            }
        }
    }

    /// Reads some more of the message's fields.
    fn read(&mut self) -> Result<Progress, PartError> {
        let message = self.decoder.output();
        let mut until = self.at.saturating_add(SLICE);
        let mut reader = Reader::new(message.get(self.at..).unwrap_or_default());
        while self.at < until {
            let (start, field) = (self.at, reader.field()?);
            self.at = message.len().saturating_sub(reader.left());
            // The symbols of labels that may be missing stand after all others.
            let is_series = field.is_none_or(|field| field.number == self.version.series());
            // Servers that know one version only read it whatever the content type says.
            if field.is_some_and(|field| field.number == self.version.other().series()) {
                return Err(PartError::Field);
            }
            if is_series
                && !mem::replace(&mut self.has_series, true)
                && let Some(checks) = self.checks.as_mut().filter(|checks| checks.adds(self.version))
            {
                checks.write_symbols(self.output.replace(message, start, start)?)?;
            }
            let Some(Field { number, value: Value::Bytes(bytes) }) = field else {
                match (field, &self.checks) {
                    (None, _) => return Ok(Progress::Done),
                    (Some(_), None) => continue,
                    (Some(_), Some(_)) => return Err(PartError::Field),
                }
            };
            if is_series {
                if bytes.len() > MAX_SERIES {
                    return Err(WriteError::TooLong.into());
                }
                let Some(checks) = &mut self.checks else {
                    self.samples = self.samples.saturating_add(counted(self.version, bytes)?);
                    continue;
                };
                let found = checks.series(self.version, bytes, message)?;
                self.samples = self.samples.saturating_add(found.samples);
                until = until.saturating_sub(found.steps);
                if found.lacks {
                    self.is_changed = true;
                    let out = self.output.replace(message, start, self.at)?;
                    checks.write_series(self.version, bytes, message, out)?;
                }
                continue;
            }
            let Some(checks) = &mut self.checks else { continue };
            match (self.version, number) {
                (Version::V2, 4) if !self.has_series => {
                    checks.symbol(bytes, self.at.saturating_sub(bytes.len()))?;
                }
                // Help, type and unit of a metric have no labels: whoever may write some of its series could change
                // them for everybody. Senders send them always, so they are left out and not refused.
                (Version::V1, 3) => {
                    self.output.replace(message, start, self.at)?;
                    self.is_changed = true;
                }
                _ => return Err(PartError::Field),
            }
        }
        Ok(Progress::More)
    }
}

/// The pieces of 64 KiB that are encoded in a slice.
const PIECES: usize = 4;

/// Counts the samples and native histograms of a series whose labels nobody has to read.
fn counted(version: Version, series: &[u8]) -> Result<u64, PartError> {
    let histogram = if version == Version::V1 { 4 } else { 3 };
    let (mut count, mut reader) = (0_u64, Reader::new(series));
    while let Some(field) = reader.field()? {
        if field.number == 2 || field.number == histogram {
            count = count.saturating_add(1);
        }
    }
    Ok(count)
}
