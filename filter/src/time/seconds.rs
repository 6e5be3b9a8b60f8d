//! Reads numbers of seconds as milliseconds, without floating-point numbers: those can't represent a millisecond
//! exactly, and parsing them would make the module some 20 KB larger.

/// The direction in which a part of a millisecond is rounded. It is chosen so that no request seems to reach less far
/// here than it does at the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rounded {
    /// Rounds to the later time or the longer duration.
    Up,
    /// Rounds to the earlier time or the shorter duration.
    Down,
}

/// The number of digits that are counted. Those after them only decide the rounding.
const DIGITS: u32 = 17;

/// The largest distance from 1970 that is counted, in milliseconds: about 290,000 years, which is more than Go can
/// represent.
const FURTHEST: i64 = 9_200_000_000_000_000;

/// Parses a decimal number of seconds, like `1.5`, `-3` or `1e9`, and returns milliseconds. Returns `None` for a number
/// that is too far from 0 to be counted, and for `NaN` and `Inf`.
pub(crate) fn parse(text: &str, rounded: Rounded) -> Option<i64> {
    let (is_negative, text) = signed(text);
    let (mantissa, exponent) = match divided(text, |byte| matches!(byte, b'e' | b'E')) {
        Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
        None => (text, 0),
    };
    let (whole, fraction) = divided(mantissa, |byte| byte == b'.').unwrap_or((mantissa, ""));
    let (mut digits, mut counted, mut is_inexact) = (0_i64, 0_u32, false);
    // The power of ten by which the counted digits are to be multiplied.
    let mut power = exponent.saturating_add(3);
    for (byte, is_whole) in
        whole.bytes().map(|byte| (byte, true)).chain(fraction.bytes().map(|byte| (byte, false)))
    {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        if counted < DIGITS {
            digits = digits.saturating_mul(10).saturating_add(digit.into());
            counted = counted.saturating_add(u32::from(digits > 0));
            power = power.saturating_sub(i32::from(!is_whole));
        } else {
            is_inexact |= digit > 0;
            power = power.saturating_add(i32::from(is_whole));
        }
    }
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let (mut milliseconds, is_inexact) = scale(digits, power, is_inexact)?;
    if is_inexact && (rounded == Rounded::Up) != is_negative {
        milliseconds = milliseconds.saturating_add(1);
    }
    let milliseconds = if is_negative { milliseconds.saturating_neg() } else { milliseconds };
    (milliseconds.saturating_abs() <= FURTHEST).then_some(milliseconds)
}

/// Returns the parts before and after the first of some ASCII characters. They are found as bytes, which takes fewer
/// instructions than to find them as characters.
fn divided(text: &str, is_it: impl Fn(u8) -> bool) -> Option<(&str, &str)> {
    let (before, after) = text.split_at_checked(text.bytes().position(is_it)?)?;
    Some((before, after.get(1..)?))
}

/// Returns digits × a power of ten, rounded down, and `true` if the result is not exact.
fn scale(digits: i64, power: i32, is_inexact: bool) -> Option<(i64, bool)> {
    let factor = 10_i64.checked_pow(power.unsigned_abs());
    match factor {
        _ if digits == 0 => Some((0, is_inexact)),
        Some(factor) if power >= 0 => Some((digits.checked_mul(factor)?, is_inexact)),
        None if power >= 0 => None,
        Some(factor) => Some((digits.checked_div(factor)?, is_inexact || digits.checked_rem(factor)? > 0)),
        None => Some((0, true)),
    }
}

/// Returns `true` if a number is negative, and the text after its sign.
fn signed(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// Parses a signed exponent. Values that make no difference any more are capped.
fn parse_exponent(text: &str) -> Option<i32> {
    const MOST: i32 = 100_000;
    let (is_negative, digits) = signed(text);
    if digits.is_empty() {
        return None;
    }
    let mut exponent = 0_i32;
    for byte in digits.bytes() {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        exponent = exponent.saturating_mul(10).saturating_add(digit.into()).min(MOST);
    }
    Some(if is_negative { exponent.saturating_neg() } else { exponent })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_part_of_a_millisecond_is_rounded_as_asked() {
        for (text, down, up) in [
            ("0", 0, 0),
            ("1.5", 1_500, 1_500),
            ("1.5000", 1_500, 1_500),
            ("-1.5", -1_500, -1_500),
            ("+2", 2_000, 2_000),
            (".5", 500, 500),
            ("5.", 5_000, 5_000),
            ("1e3", 1_000_000, 1_000_000),
            ("1E-3", 1, 1),
            ("0.0015", 1, 2),
            ("-0.0015", -2, -1),
            ("1e-9", 0, 1),
            ("-1e-99999999999", -1, 0),
            ("0e99999", 0, 0),
            ("1700000000.1239", 1_700_000_000_123, 1_700_000_000_124),
            ("1700000000.12300000000000000001", 1_700_000_000_123, 1_700_000_000_124),
            ("1700000000.12300000000000000000", 1_700_000_000_123, 1_700_000_000_123),
            ("00000000000000000000000001", 1_000, 1_000),
            ("123456789012345678e-10", 12_345_678_901, 12_345_678_902),
            ("9200000000000", FURTHEST, FURTHEST),
        ] {
            assert_eq!(
                (parse(text, Rounded::Down), parse(text, Rounded::Up)),
                (Some(down), Some(up)),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_number_or_too_far_away_is_none() {
        for text in [
            "",
            ".",
            "-",
            "e5",
            "1e",
            "1e+",
            "NaN",
            "Inf",
            "-inf",
            "infinity",
            "1_000",
            "0x10",
            " 1",
            "1 ",
            "--1",
            "1.2.3",
            "1e5.5",
            "1e:",
            "1:",
            "9200000000001",
            "1e300",
            "1e99999999999",
        ] {
            assert_eq!(parse(text, Rounded::Down), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_number_is_read_as_a_float_is(text in "-?[0-9]{1,9}(\\.[0-9]{0,3})?(e-?[0-3])?") {
            let float: f64 = text.parse().unwrap();
            let (down, up) = (parse(&text, Rounded::Down), parse(&text, Rounded::Up));
            prop_assert!(((float * 1000.0) - down.unwrap() as f64).abs() < 1.01, "{text} {down:?}");
            prop_assert!(up >= down && up.unwrap() - down.unwrap() <= 1);
        }
    }
}
