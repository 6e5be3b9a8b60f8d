//! The format in which header maps are exchanged with the host (proxy-wasm ABI 0.2.1): numbers of four bytes, little
//! end first, and texts that end in a zero. Bytes from a host are read with bounds checks, since a wrong length must
//! not trap.

use crate::target::headers::{HeaderSpan, Headers};
use std::ops::Range;

/// Parses a header map, or returns `None` if the bytes are not one.
pub(super) fn read_map(bytes: Vec<u8>) -> Option<Headers> {
    if bytes.is_empty() {
        return Some(Headers::default());
    }
    let (count, rest) = bytes.split_first_chunk::<4>()?;
    let count = length(*count)?;
    // The texts follow two lengths for each header. All of these must be there before memory is reserved.
    let lengths = rest.as_chunks::<8>().0.get(..count)?;
    let mut at = lengths.as_flattened().len().checked_add(4)?;
    let mut spans = Vec::with_capacity(count);
    for &[a, b, c, d, e, f, g, h] in lengths {
        let name = text(&bytes, &mut at, length([a, b, c, d])?)?;
        let value = text(&bytes, &mut at, length([e, f, g, h])?)?;
        spans.push(HeaderSpan::new(&bytes, name, value));
    }
    Some(Headers::new(bytes, spans))
}

/// Creates the map of these names with their values, or returns `None` if it is longer than any map.
#[cfg(target_arch = "wasm32")]
pub(super) fn of(headers: &[(&[u8], &[u8])]) -> Option<Headers> {
    read_map(write_map(headers))
}

/// Writes a header map.
pub(super) fn write_map(headers: &[(&[u8], &[u8])]) -> Vec<u8> {
    let mut bytes = written(headers.len()).to_vec();
    for (name, value) in headers {
        bytes.extend(written(name.len()));
        bytes.extend(written(value.len()));
    }
    for (name, value) in headers {
        for text in [*name, *value] {
            bytes.extend(text);
            bytes.push(0);
        }
    }
    bytes
}

/// Reads a length as the host writes it.
#[inline]
fn length(bytes: [u8; 4]) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(bytes)).ok()
}

/// Returns the range of a text with this length, which must end in a zero, and moves `at` behind it.
#[inline]
fn text(bytes: &[u8], at: &mut usize, length: usize) -> Option<Range<usize>> {
    let place = *at..at.checked_add(length)?;
    if *bytes.get(place.end)? != 0 {
        return None;
    }
    *at = place.end.checked_add(1)?;
    Some(place)
}

/// Writes a length as the host reads it. A length that doesn't fit into four bytes exceeds the memory of a 32-bit
/// module.
fn written(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_map_is_read_as_it_was_written() {
        let written = write_map(&[(b"a", b"1"), (b"bc", b"")]);
        assert_eq!(read_map(written), Some([("a", "1"), ("bc", "")].into_iter().collect()));
        assert_ne!(read_map(write_map(&[(b"a", b"1")])), Some([("a", "2")].into_iter().collect()));
    }

    #[test]
    fn bytes_that_are_no_text_are_read() {
        let mut written = write_map(&[(b"a", b"12")]);
        let value = written.len() - 3;
        written[value] = 0xff;
        let headers = read_map(written).unwrap();
        assert_eq!(headers.iter().collect::<Vec<_>>(), [(&b"a"[..], &b"\xff2"[..])]);
    }

    #[test]
    fn an_empty_answer_is_an_empty_map() {
        assert_eq!(read_map(Vec::new()), Some(Headers::default()));
    }

    proptest! {
        #[test]
        fn no_bytes_trap(bytes in prop::collection::vec(prop_oneof![Just(0_u8), Just(1), Just(255), any::<u8>()], 0..64)) {
            let _ = read_map(bytes);
        }

        #[test]
        fn a_map_cut_short_is_none(cut in 1_usize..20) {
            let written = write_map(&[(b"name", b"value"), (b"other", b"text")]);
            prop_assert_eq!(read_map(written[..written.len() - cut].to_vec()), None);
        }
    }
}
