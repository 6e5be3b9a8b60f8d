//! The forms of header maps and property paths in the module's memory, as ABI 0.2.1 defines them.

use super::message::Headers;

/// Returns a map as the module reads it: the number of pairs, their lengths, then each name and value, ended by a NUL.
/// An empty map is no bytes at all, as on Envoy.
pub(super) fn encode(pairs: &Headers) -> Vec<u8> {
    if pairs.is_empty() {
        return Vec::new();
    }
    let mut bytes = length(pairs.len()).to_vec();
    for (name, value) in pairs {
        bytes.extend(length(name.len()));
        bytes.extend(length(value.len()));
    }
    for (name, value) in pairs {
        bytes.extend(name);
        bytes.push(0);
        bytes.extend(value);
        bytes.push(0);
    }
    bytes
}

/// Reads a map that the module wrote. One that is cut short is empty, as on Envoy.
pub(super) fn decode(bytes: &[u8]) -> Headers {
    read(bytes).unwrap_or_default()
}

/// Splits the path of a property at its NUL bytes.
pub(super) fn path(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split(|byte| *byte == 0).collect()
}

fn read(bytes: &[u8]) -> Option<Headers> {
    let (count, mut lengths) = number(bytes)?;
    let mut values = lengths.get(count.checked_mul(8)?..)?;
    let mut pairs = Vec::new();
    for _ in 0..count {
        let (name_size, rest) = number(lengths)?;
        let (value_size, rest) = number(rest)?;
        lengths = rest;
        let (name, rest) = text(values, name_size)?;
        let (value, rest) = text(rest, value_size)?;
        values = rest;
        pairs.push((name.to_vec(), value.to_vec()));
    }
    Some(pairs)
}

fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    Some((u32::from_le_bytes(*number) as usize, rest))
}

fn text(bytes: &[u8], size: usize) -> Option<(&[u8], &[u8])> {
    let (text, rest) = bytes.split_at_checked(size)?;
    Some((text, rest.get(1..)?))
}

fn length(length: usize) -> [u8; 4] {
    (length as u32).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_comes_back_as_it_was_written() {
        let pairs = vec![(b"a".to_vec(), b"".to_vec()), (b"b".to_vec(), vec![0xff, b'1'])];
        assert_eq!(decode(&encode(&pairs)), pairs);
        assert_eq!(encode(&Vec::new()), b"");
    }

    #[test]
    fn a_map_that_is_cut_short_is_empty() {
        let bytes = encode(&vec![(b"name".to_vec(), b"value".to_vec())]);
        for end in 0..bytes.len() {
            assert_eq!(decode(&bytes[..end]), Vec::new());
        }
        assert_eq!(decode(&[0xff; 16]), Vec::new());
    }
}
