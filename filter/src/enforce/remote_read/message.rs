//! The message as a whole: its queries, each of which is read and written anew, and the types of the answer.

use super::ReadTerms;
use super::error::ReadError;
use super::query::{Matcher, Query};
use crate::enforce::restriction::Restriction;
use crate::promql::Counts;
use crate::wire::protobuf::{Reader, Value, write_bytes, write_number};

/// The types of answers that are known: samples, and chunks that are streamed.
const ANSWERS: u64 = 2;

/// Writes a message anew, with the requirements of a rule on each of its queries, in at most so many bytes.
///
/// # Errors
///
/// Returns an error if the message can be read in two ways, violates the requirements, or gets too long.
pub(super) fn restrict(
    message: &[u8],
    terms: &ReadTerms,
    most: usize,
    out: &mut Vec<u8>,
) -> Result<(), ReadError> {
    let added = terms.restriction.as_ref().map_or_else(Vec::new, |restriction| matchers(restriction));
    let (mut query, mut counts) = (Query::default(), Counts::default());
    let mut reader = Reader::new(message);
    while let Some(field) = reader.field()? {
        match (field.number, field.value) {
            (1, Value::Bytes(bytes)) => {
                query.restrict(bytes, terms, &added, &mut counts)?;
                write_bytes(out, 1, query.written());
            }
            (2, Value::Varint(answer)) => write_answer(out, answer)?,
            // Numbers that stand several times may be packed.
            (2, Value::Bytes(packed)) => {
                let mut packed = Reader::new(packed);
                while let Some(answer) = packed.packed()? {
                    write_answer(out, answer.into())?;
                }
            }
            _ => return Err(ReadError::Field),
        }
        if out.len() > most {
            return Err(ReadError::Restricted);
        }
    }
    Ok(())
}

/// Writes a type of answer that the client accepts.
#[inline(never)]
fn write_answer(out: &mut Vec<u8>, answer: u64) -> Result<(), ReadError> {
    if answer >= ANSWERS {
        return Err(ReadError::Answer(answer));
    }
    write_number(out, 2, answer);
    Ok(())
}

/// Returns the matchers of a restriction without alternatives, as fields of a query.
fn matchers(restriction: &Restriction) -> Vec<u8> {
    let mut written = Vec::new();
    for term in restriction.all_terms() {
        Matcher::of_pattern(term.label(), &term.pattern()).write(&mut written);
        if term.must_be_present() {
            Matcher::of_presence(term.label()).write(&mut written);
        }
    }
    written
}
