//! Sizes: a whole number and a unit, like `256KiB`.

use serde::Deserialize;

/// A number of bytes.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(with = "String"))]
#[serde(try_from = "String")]
pub(super) struct Size(pub(super) usize);

const UNITS: [(&str, usize); 3] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("B", 1)];

impl TryFrom<String> for Size {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let bytes = UNITS.iter().find_map(|&(unit, factor)| {
            let number = text.strip_suffix(unit)?;
            let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            number.parse::<usize>().ok().filter(|_| is_number)?.checked_mul(factor)
        });
        bytes.map(Self).ok_or_else(|| {
            format!("\"{text}\" is no size: write a whole number and B, KiB or MiB, like 256KiB")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_a_number_and_a_unit() {
        for (text, bytes) in [("256KiB", 262_144), ("1MiB", 1_048_576), ("10B", 10)] {
            assert_eq!(Size::try_from(text.to_owned()), Ok(Size(bytes)));
        }
        for text in ["", "256", "KiB", "-1KiB", "+1B", "1.5MiB", "1 KiB", "1kib", "99999999999999999999B"] {
            assert!(Size::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
