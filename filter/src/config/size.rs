//! Reads sizes: a whole number and a unit, like `256KiB`.

const UNITS: [(&str, usize); 3] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("B", 1)];

/// Parses a size, and returns it in bytes.
pub(super) fn parse(text: &str) -> Option<usize> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let (_, factor) = UNITS.iter().find(|(known, _)| *known == unit)?;
    number.parse::<usize>().ok()?.checked_mul(*factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_a_number_and_a_unit() {
        for (text, bytes) in [("256KiB", 262_144), ("1MiB", 1_048_576), ("10B", 10)] {
            assert_eq!(parse(text), Some(bytes));
        }
        for text in ["", "256", "KiB", "-1KiB", "+1B", "1.5MiB", "1 KiB", "1kib", "99999999999999999999B"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
