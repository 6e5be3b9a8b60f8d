//! The fields of the messages within a series that hold no label. Those of both versions are checked by their number and
//! type alone, and go on as they are.

use super::Version;
use super::error::PartError;
use crate::wire::protobuf::{Reader, Value};

/// The fields that a message may have: a bit for each number.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    varints: u32,
    fixed: u32,
    bytes: u32,
}

/// A sample. The second version has the time at which a counter began to count.
const SAMPLES: [Shape; 2] = [
    Shape { varints: bits(&[2]), fixed: bits(&[1]), bytes: 0 },
    Shape { varints: bits(&[2, 3]), fixed: bits(&[1]), bytes: 0 },
];

/// A native histogram. Numbers that stand several times may be packed.
const HISTOGRAM: Shape = Shape {
    varints: bits(&[1, 4, 6, 9, 12, 14, 15]),
    fixed: bits(&[2, 3, 5, 7, 10, 13, 16]),
    bytes: bits(&[8, 9, 10, 11, 12, 13, 16]),
};

/// A span of a histogram's buckets.
const SPAN: Shape = Shape { varints: bits(&[1, 2]), fixed: 0, bytes: 0 };

/// The metadata of a series in the second version.
pub(super) const METADATA: Shape = Shape { varints: bits(&[1, 3, 4]), fixed: 0, bytes: 0 };

const fn bits(numbers: &[u32]) -> u32 {
    let (mut bits, mut rest) = (0, numbers);
    while let [number, others @ ..] = rest {
        bits |= 1 << *number;
        rest = others;
    }
    bits
}

impl Shape {
    /// Checks that a message has no field that isn't known here.
    #[inline]
    pub(super) fn check(self, message: &[u8]) -> Result<(), PartError> {
        let mut reader = Reader::new(message);
        while let Some(field) = reader.field()? {
            self.has(field.number, field.value)?;
        }
        Ok(())
    }

    #[inline]
    fn has(self, number: u32, value: Value<'_>) -> Result<(), PartError> {
        let known = match value {
            Value::Varint(_) => self.varints,
            Value::Fixed64 => self.fixed,
            Value::Bytes(_) => self.bytes,
            Value::Fixed32 => 0,
        };
        if number < 32 && known >> number & 1 == 1 { Ok(()) } else { Err(PartError::Field) }
    }
}

/// Checks the form of a sample.
#[inline]
pub(super) fn sample(version: Version, message: &[u8]) -> Result<(), PartError> {
    let [v1, v2] = SAMPLES;
    match version {
        Version::V1 => v1.check(message),
        Version::V2 => v2.check(message),
    }
}

/// Checks a native histogram.
pub(super) fn histogram(version: Version, message: &[u8]) -> Result<(), PartError> {
    let mut reader = Reader::new(message);
    while let Some(field) = reader.field()? {
        match (field.number, field.value) {
            (8 | 11, Value::Bytes(span)) => SPAN.check(span)?,
            (17, Value::Varint(_)) if version == Version::V2 => {}
            (number, value) => HISTOGRAM.has(number, value)?,
        }
    }
    Ok(())
}
