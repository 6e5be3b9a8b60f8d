//! Finds the end of what stands for itself in a text, eight bytes at a time. Vectors would take more at a time, but not
//! every host has them: the guide of Traffic Server's plugin builds its engine without (`WAMR_BUILD_SIMD=0`).

/// A one in each byte of a word.
const EACH: u64 = 0x0101_0101_0101_0101;

/// The highest bit of each byte of a word.
const HIGH: u64 = EACH * 0x80;

/// Splits off the bytes that stand for themselves, and these bytes after them, which begin with a quote. Returns `None` if
/// others follow.
#[inline]
pub(super) fn split_before<'a>(bytes: &'a [u8], end: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let rest = after_plain(bytes);
    let after = rest.strip_prefix(end)?;
    Some((bytes.get(..bytes.len().wrapping_sub(rest.len()))?, after))
}

/// Returns the bytes after those that stand for themselves: printable ASCII but quotes and backslashes.
#[inline]
pub(super) fn after_plain(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    while let Some((eight, after)) = rest.split_first_chunk() {
        let special = special(u64::from_le_bytes(*eight));
        if special != 0 {
            return rest.get(special.trailing_zeros() as usize / 8..).unwrap_or_default();
        }
        rest = after;
    }
    after_last_plain(rest)
}

/// Returns the same for the last few bytes, which are read one at a time.
#[cold]
fn after_last_plain(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    while let [b' '..=0x7f, after @ ..] = rest
        && !matches!(rest, [b'"' | b'\\', ..])
    {
        rest = after;
    }
    rest
}

/// Marks the first of eight bytes that is a quote, a backslash, a control byte or not ASCII: the lowest bit of the result
/// that is set is the highest bit of that byte.
#[inline]
fn special(eight: u64) -> u64 {
    // With this bit flipped, the quote comes directly after the control bytes, and all other bytes stay above it.
    let below = (eight ^ (EACH * 0x02)).wrapping_sub(EACH * 0x21);
    let backslash = (eight ^ (EACH * 0x5c)).wrapping_sub(EACH);
    (below | backslash | eight) & HIGH
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Returns `true` if a byte stands for itself.
    fn is_plain(byte: u8) -> bool {
        (0x20..0x80).contains(&byte) && byte != b'"' && byte != b'\\'
    }

    #[test]
    fn each_byte_is_plain_or_not_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            for place in 0..20 {
                let mut bytes = [b'a'; 20];
                bytes[place] = byte;
                let length = if is_plain(byte) { 20 } else { place };
                assert_eq!(after_plain(&bytes), &bytes[length..], "{byte} {place}");
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_plain_ends_at_the_first_byte_that_is_not(
            parts in prop::collection::vec(prop_oneof![6 => "[ -~]{0,20}", 1 => any::<char>().prop_map(String::from)], 0..4),
            begin in 0_usize..8,
        ) {
            let text = parts.concat();
            let bytes = text.as_bytes().get(begin..).unwrap_or_default();
            let length = bytes.iter().take_while(|&&byte| is_plain(byte)).count();
            let (plain, rest) = bytes.split_at(length);
            prop_assert_eq!(after_plain(bytes), rest);
            prop_assert_eq!(split_before(bytes, b"\""), rest.strip_prefix(b"\"").map(|after| (plain, after)));
        }
    }
}
