//! Comparison of texts, eight bytes at a time. In WebAssembly the comparison of the standard library is a call, and takes
//! one byte at a time.

/// Returns `true` if two texts are the same. The time that it takes shows how far they are: secrets are compared by
/// `subtle`.
#[inline]
pub(crate) fn is_same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let number = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
    if let (Some(last), Some(other_last)) = (one.last_chunk(), other.last_chunk()) {
        // The last eight bytes, some of which may be among those before.
        let ((ones, _), (others, _)) = (one.as_chunks(), other.as_chunks());
        return number(last) == number(other_last)
            && ones.iter().zip(others).all(|(one, other)| number(one) == number(other));
    }
    if let (Some(first), Some(other_first)) = (one.first_chunk::<4>(), other.first_chunk::<4>())
        && let (Some(last), Some(other_last)) = (one.last_chunk::<4>(), other.last_chunk::<4>())
    {
        let number = |bytes: &[u8; 4]| u32::from_le_bytes(*bytes);
        return number(first) == number(other_first) && number(last) == number(other_last);
    }
    one.iter().zip(other).all(|(one, other)| one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_differ_anywhere_are_not_the_same() {
        for length in 0..40 {
            let text: Vec<u8> = (0..length).collect();
            assert!(is_same(&text, &text.clone()));
            assert!(!is_same(&text, &[&text[..], b"x"].concat()));
            for at in 0..text.len() {
                let mut other = text.clone();
                other[at] ^= 0x80;
                assert!(!is_same(&text, &other), "{length} {at}");
            }
        }
    }
}
