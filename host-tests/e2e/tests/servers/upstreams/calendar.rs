//! Reads and writes times like `2006-01-02T15:04:05.999Z`.

/// Days from 0000-03-01 to 1970-01-01.
const EPOCH: i64 = 719_468;

/// Returns the milliseconds since 1970.
pub(crate) fn milliseconds(text: &str) -> i64 {
    let (date, clock) = text.trim_end_matches('Z').split_once('T').unwrap();
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let numbers = |text: &str, sign| text.split(sign).map(|part| part.parse().unwrap()).collect::<Vec<i64>>();
    let (date, clock) = (numbers(date, '-'), numbers(clock, ':'));
    let year = if date[1] <= 2 { date[0] - 1 } else { date[0] };
    let day_of_year = (153 * ((date[1] + 9) % 12) + 2) / 5 + date[2] - 1;
    let days = 365 * year + year / 4 - year / 100 + year / 400 + day_of_year - EPOCH;
    let thousandths: i64 = format!("{fraction:0<3}")[..3].parse().unwrap();
    (((days * 24 + clock[0]) * 60 + clock[1]) * 60 + clock[2]) * 1_000 + thousandths
}

/// Writes a number of seconds since 1970.
pub(crate) fn written(seconds: i64) -> String {
    let (days, clock) = (seconds / 86_400 + EPOCH, seconds % 86_400);
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month) = (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    let year = year + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", clock / 3_600, clock / 60 % 60, clock % 60)
}

#[test]
fn a_time_is_written_as_it_is_read() {
    for seconds in [0, 951_782_400, 1_700_000_000, 1_796_046_761, 4_102_444_799] {
        assert_eq!(milliseconds(&written(seconds)), seconds * 1_000, "{}", written(seconds));
    }
    assert_eq!(written(1_700_000_000), "2023-11-14T22:13:20Z");
    assert_eq!(milliseconds("2026-11-30T12:52:41.5Z"), milliseconds("2026-11-30T12:52:41Z") + 500);
}
