//! Tests of the filter: the helpers here, and the cases in the modules.

mod alertmanager;
mod change;
mod generated;
mod random;
mod shapes;
mod tables;

use super::*;
use crate::enforce::restriction::{Absent, samples};
use proptest::sample::Index;

fn restriction(label: &str, values: &[&str], absent: Absent) -> Restriction {
    Restriction::new(vec![samples::listed(label, values, absent)]).unwrap()
}

/// Returns the filter of a caller who may see the tenant `a`.
fn filter(kind: Listing) -> Filter {
    Filter::new(kind, Rc::new(restriction("tenant", &["a"], Absent::Refused)))
}

/// Filters an answer that comes in one piece.
fn whole(kind: Listing, answer: &[u8]) -> Result<String, FilterError> {
    filter(kind).next(answer, End::Here).map(|given| String::from_utf8(given).unwrap())
}

/// Filters an answer that comes in pieces, and returns all bytes that went out, with the error at the end, if any.
fn pieces<'a>(kind: Listing, pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<u8>, Result<(), FilterError>) {
    let mut filter = filter(kind);
    let mut given = Vec::new();
    for piece in pieces {
        match filter.next(piece, End::Later) {
            Ok(part) => given.extend(part),
            Err(error) => return (given, Err(error)),
        }
    }
    let end = filter.next(b"", End::Here).map(|part| given.extend(part));
    (given, end)
}

/// Cuts the answer into pieces of random lengths.
fn cut<'a>(answer: &'a [u8], cuts: &[Index]) -> impl Iterator<Item = &'a [u8]> {
    let mut places: Vec<_> = cuts.iter().map(|cut| cut.index(answer.len() + 1)).collect();
    places.extend([0, answer.len()]);
    places.sort_unstable();
    places.windows(2).map(|pair| &answer[pair[0]..pair[1]]).collect::<Vec<_>>().into_iter()
}

/// Asserts that the answer gives this result, at once and a byte at a time.
#[track_caller]
fn assert_answer(kind: Listing, answer: &str, expected: Result<&str, FilterError>) {
    assert_eq!(whole(kind, answer.as_bytes()).as_deref().map_err(|&error| error), expected, "{answer}");
    let (given, end) = pieces(kind, answer.as_bytes().chunks(1));
    assert_eq!(end, expected.map(|_| ()), "{answer}");
    if let Ok(expected) = expected {
        assert_eq!(str::from_utf8(&given).unwrap(), expected);
    }
}
