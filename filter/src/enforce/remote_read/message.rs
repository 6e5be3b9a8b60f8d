//! The message as a whole: its queries, each of which is read and written anew, and the types of the answer.

use super::ReadTerms;
use super::error::ReadError;
use super::query::{Matcher, Query};
use crate::enforce::restriction::Restriction;
use crate::promql::Counts;
use crate::time::Window;
use crate::wire::protobuf::{Reader, Value, write_bytes, write_number};

/// The type of an answer in chunks, which are streamed. Samples have the one below, and no others are known.
const CHUNKS: u64 = 1;

/// The most queries of a message. The clients that are known send one.
const MAX_QUERIES: usize = 16;

/// The most types of answers that a client may accept. There are two.
const MAX_ANSWERS: usize = 8;

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
    let (mut queries, mut answers, mut times) = (0_usize, Answers::default(), None::<Window>);
    let mut reader = Reader::new(message);
    while let Some(field) = reader.field()? {
        match (field.number, field.value) {
            (1, Value::Bytes(bytes)) => {
                queries = queries.saturating_add(1);
                if queries > MAX_QUERIES {
                    return Err(ReadError::Queries(MAX_QUERIES));
                }
                let window = query.restrict(bytes, terms, &added, &mut counts)?;
                let together = times.map_or(window, |times| times.joined(window));
                if let Some(guarded) = &terms.guarded {
                    guarded.check_window(together).map_err(ReadError::Exceeded)?;
                }
                times = Some(together);
                write_bytes(out, 1, query.written());
            }
            (2, Value::Varint(answer)) => answers.write(out, answer)?,
            // Numbers that stand several times may be packed.
            (2, Value::Bytes(packed)) => {
                answers.count()?;
                let mut packed = Reader::new(packed);
                while let Some(answer) = packed.packed()? {
                    answers.write(out, answer.into())?;
                }
            }
            _ => return Err(ReadError::Field),
        }
        if out.len() > most {
            return Err(ReadError::Restricted);
        }
    }
    // A server keeps the samples of all queries until it has the last, and bounds only those of each.
    if queries > 1 && answers.first != Some(CHUNKS) { Err(ReadError::Samples) } else { Ok(()) }
}

/// The types of answers that a client accepts. A server takes the first that it has.
#[derive(Default)]
struct Answers {
    number: usize,
    first: Option<u64>,
}

impl Answers {
    /// Writes one more type.
    #[inline(never)]
    fn write(&mut self, out: &mut Vec<u8>, answer: u64) -> Result<(), ReadError> {
        self.count()?;
        if answer > CHUNKS {
            return Err(ReadError::Answer(answer));
        }
        self.first.get_or_insert(answer);
        write_number(out, 2, answer);
        Ok(())
    }

    /// Counts a type, or a field of packed ones.
    fn count(&mut self) -> Result<(), ReadError> {
        self.number = self.number.saturating_add(1);
        if self.number > MAX_ANSWERS { Err(ReadError::Answers(MAX_ANSWERS)) } else { Ok(()) }
    }
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
