//! Reads dates with times of day as milliseconds since 1970.

/// Parses `2006-01-02T15:04:05.999Z` or `…+01:00` (RFC 3339 §5.6), and drops parts of a millisecond.
pub(super) fn rfc3339(text: &str) -> Option<i64> {
    let (date, rest) = text.split_once('T')?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let zone_at = rest.find(['Z', '+', '-'])?;
    let (clock, zone) = rest.split_at_checked(zone_at)?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    let is_date = (1..=12).contains(&month) && (1..=31).contains(&day);
    if !is_date || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let offset = match zone.split_at_checked(1)? {
        ("Z", "") => 0,
        (sign, zone) => {
            let [hours, minutes] = numbers(zone, ':', [2, 2])?;
            let offset = hours.saturating_mul(60).saturating_add(minutes);
            if sign == "-" { offset.saturating_neg() } else { offset }
        }
    };
    let is_fraction = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let thousandths = fraction.bytes().chain(std::iter::repeat(b'0')).take(3);
    let thousandths = thousandths.fold(0_i64, |sum, digit| {
        sum.saturating_mul(10).saturating_add(i64::from(digit.saturating_sub(b'0')))
    });
    let minutes = days(year, month, day).saturating_mul(1_440).saturating_add(hour.saturating_mul(60));
    let minutes = minutes.saturating_add(minute).saturating_sub(offset);
    let seconds = minutes.saturating_mul(60).saturating_add(second);
    is_fraction.then(|| seconds.saturating_mul(1_000).saturating_add(thousandths))
}

/// Parses numbers that are separated by `sign` and have exactly these numbers of digits.
fn numbers<const N: usize>(text: &str, sign: char, digits: [usize; N]) -> Option<[i64; N]> {
    let mut parts = text.split(sign);
    let mut numbers = [0; N];
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part = parts.next().filter(|part| part.len() == digits)?;
        *number = part.parse().ok().filter(|_| part.bytes().all(|byte| byte.is_ascii_digit()))?;
    }
    parts.next().is_none().then_some(numbers)
}

/// Returns the days from 1970-01-01 to a date of the Gregorian calendar. The year is counted from March here, so that
/// the leap day is its last one.
#[allow(clippy::arithmetic_side_effects, reason = "years have four digits, months and days two")]
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

/// Parses a date with its time of day, of which the end may be missing, down to the year alone: `2006`, `2006-01`,
/// `2006-01-02T15`. Without a zone it is UTC.
pub(super) fn abbreviated(text: &str) -> Option<i64> {
    let zone_at = text.len().checked_sub("+01:00".len());
    let (begin, zone) = match (text.strip_suffix('Z'), zone_at.and_then(|at| text.split_at_checked(at))) {
        (Some(begin), _) => (begin, "Z"),
        (None, Some((begin, zone))) if zone.starts_with(['+', '-']) && zone.contains(':') => (begin, zone),
        _ => (text, "Z"),
    };
    let rest = match begin.len() {
        4 => "-01-01T00:00:00",
        7 => "-01T00:00:00",
        10 => "T00:00:00",
        13 => ":00:00",
        16 => ":00",
        _ => "",
    };
    rfc3339(&[begin, rest, zone].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_date_may_be_missing() {
        for (text, seconds) in [
            ("1970", 0),
            ("1970Z", 0),
            ("1970-02", 2_678_400),
            ("2023-11-14", 1_699_920_000),
            ("2023-11-14Z", 1_699_920_000),
            ("2023-11-14T22", 1_699_999_200),
            ("2023-11-14T22:13", 1_699_999_980),
            ("2023-11-14T22:13+01:00", 1_699_996_380),
            ("2023-11-14T22-01:30", 1_700_004_600),
            ("2023-11-14T22:13:20", 1_700_000_000),
            ("2023-11-14T22:13:20Z", 1_700_000_000),
        ] {
            assert_eq!(abbreviated(text), Some(seconds * 1_000), "{text}");
        }
        assert_eq!(abbreviated("2023-11-14T22:13:20.5Z"), Some(1_700_000_000_500));
        for text in [
            "",
            "Z",
            "20",
            "20233",
            "2023-1",
            "2023-11-1",
            "2023-13",
            "2023-11-14 22",
            "2023-11-14T2",
            "é023",
        ] {
            assert_eq!(abbreviated(text), None, "{text}");
        }
    }
}
