//! The times in a request's parameters, in every syntax that Prometheus accepts: numbers of seconds, RFC 3339,
//! durations. A time that can't be read can't be guarded, and is therefore refused.

use super::dialect::Dialect;
use super::duration;
use super::{Evaluation, Window};
use crate::time::seconds::{self, Rounded};
use std::borrow::Cow;
use std::fmt;

/// The times of a request, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// The evaluation that the request asks for.
    pub evaluation: Evaluation,
    /// The parameter `start`, if it is given.
    pub start: Option<i64>,
    /// The parameter `end`, else `time`, else now.
    pub end: i64,
    /// The parameter `step`, rounded up to a whole millisecond, if the endpoint has steps.
    pub longest_step: Option<i64>,
}

/// The error of a parameter that should be a time or a duration. It carries the name of the parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeError {
    /// The value is not a time.
    Time(&'static str),
    /// The time is too far in the future.
    Ahead(&'static str),
    /// The value is not a duration.
    Duration(&'static str),
    /// The parameter `end` is before `start`, which servers read in different ways.
    Order,
}

impl fmt::Display for TimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(name) => write!(
                f,
                "the parameter \"{name}\" must be a time: seconds since 1970, or one like 2006-01-02T15:04:05Z"
            ),
            Self::Ahead(name) => {
                write!(
                    f,
                    "the parameter \"{name}\" is more than {AHEAD_YEARS} years ahead: give a time in seconds"
                )
            }
            Self::Duration(name) => {
                write!(f, "the parameter \"{name}\" must be a duration like 30s, or a number of seconds")
            }
            Self::Order => f.write_str("the parameter \"end\" must not be before \"start\""),
        }
    }
}

/// The time that a selector reads back if the request doesn't say it: Prometheus' default (`--query.lookback-delta`),
/// in milliseconds.
const LOOKBACK_DELTA: i64 = 300_000;

/// The parameter by which Thanos is asked for downsampled data, and the time that a selector reads back in data that is
/// coarser than `LOOKBACK_DELTA`, in milliseconds: there is a sample for each hour.
const RESOLUTION: &str = "max_source_resolution";
const DOWNSAMPLED_LOOKBACK_DELTA: i64 = 3_600_000;

/// The number of samples in a step, where Thanos chooses the resolution.
const SAMPLES_OF_A_STEP: i64 = 5;

/// The furthest that a time may lie in the future, in years. Some servers read a larger number as milliseconds, which
/// is a time long ago.
const AHEAD_YEARS: i64 = 10;

/// The same bound in milliseconds.
const AHEAD: i64 = AHEAD_YEARS * 365 * 24 * 3_600_000;

impl Times {
    /// Reads the times as a server of this dialect does. `names` are the endpoint's parameters, `given` returns a
    /// parameter's value, and `now` is in milliseconds since 1970.
    ///
    /// # Errors
    ///
    /// Returns an error if one of the times can't be read.
    pub fn read<'a>(
        dialect: Dialect,
        names: &[&str],
        given: &impl Fn(&'static str) -> Option<Cow<'a, str>>,
        now: i64,
    ) -> Result<Self, TimeError> {
        let at = |name| given(name).map(|text| time(dialect, name, &text, now)).transpose();
        let lasts = |name| given(name).map(|text| duration(name, &text, Rounded::Down)).transpose();
        let instant = at("time")?.unwrap_or(dialect.present(now));
        let (has_step, step) = (names.contains(&"step"), lasts("step")?);
        let resolution = match given(RESOLUTION) {
            _ if !names.contains(&RESOLUTION) => 0,
            Some(text) if text != "auto" => duration(RESOLUTION, &text, Rounded::Up)?,
            // The server may choose the resolution where the request doesn't, and the step too.
            _ if has_step => step.unwrap_or(i64::MAX) / SAMPLES_OF_A_STEP,
            _ => 0,
        };
        let longest_step = given("step")
            .filter(|_| has_step)
            .map(|text| duration("step", &text, Rounded::Up))
            .transpose()?;
        Ok(Self {
            longest_step,
            evaluation: Evaluation {
                window: Window { start: instant, end: instant },
                step: has_step
                    .then(|| step.filter(|step| dialect.is_step(*step)).unwrap_or(dialect.default_step())),
                lookback_delta: match lasts("lookback_delta")?.filter(|delta| *delta > 0) {
                    Some(delta) => delta,
                    None if resolution > LOOKBACK_DELTA => DOWNSAMPLED_LOOKBACK_DELTA,
                    None => LOOKBACK_DELTA,
                },
                dialect,
            },
            start: at("start")?,
            end: at("end")?.unwrap_or(instant),
        })
    }
}

impl Times {
    /// Reads no more than at how many points a server evaluates the request. `now` is known where it matters.
    ///
    /// # Errors
    ///
    /// Returns an error if one of these times can't be read.
    pub fn of_evaluation<'a>(
        dialect: Dialect,
        names: &[&str],
        given: &impl Fn(&'static str) -> Option<Cow<'a, str>>,
        now: Option<i64>,
    ) -> Result<Self, TimeError> {
        let mut evaluation = Evaluation {
            window: Window { start: 0, end: 0 },
            step: None,
            lookback_delta: LOOKBACK_DELTA,
            dialect,
        };
        let mut times = Self { evaluation, start: None, end: 0, longest_step: None };
        if !names.contains(&"step") {
            return Ok(times);
        }
        // Without a time of now there is none that is too far ahead of it.
        let now = now.unwrap_or(i64::MAX / 2);
        let at = |name| given(name).map(|text| time(dialect, name, &text, now)).transpose();
        let lasts = |rounded| given("step").map(|text| duration("step", &text, rounded)).transpose();
        let step = lasts(Rounded::Down)?.filter(|step| dialect.is_step(*step));
        evaluation.step = Some(step.unwrap_or(dialect.default_step()));
        times.longest_step = lasts(Rounded::Up)?;
        if names.contains(&"start") {
            let (start, end) = (at("start")?, at("end")?);
            evaluation.window = if dialect.is_spelled_out() {
                let present = dialect.present(now);
                let start = start.unwrap_or(present.saturating_sub(USUAL_RANGE));
                let end = end.unwrap_or(present);
                Window { start, end: if start > end { start.saturating_add(USUAL_RANGE) } else { end } }
            } else {
                // A request without both is refused by the server.
                start.zip(end).map_or(evaluation.window, |(start, end)| Window { start, end })
            };
        }
        Ok(Self { evaluation, ..times })
    }
}

/// The time from start to end that VictoriaMetrics takes where the request doesn't give both in this order, in
/// milliseconds.
const USUAL_RANGE: i64 = 300_000;

/// Writes the value of a parameter in the one way that servers of every dialect read alike. `now` is in milliseconds
/// since 1970.
///
/// # Errors
///
/// Returns an error if the value is no time or no duration, whichever the parameter has to be.
pub(crate) fn spelled_out(
    dialect: Dialect,
    name: &'static str,
    text: &str,
    now: i64,
) -> Result<String, TimeError> {
    match name {
        "time" | "start" | "end" => time(dialect, name, text, now).map(seconds),
        "timeout" => duration(name, text, Rounded::Up).map(milliseconds),
        _ => duration(name, text, Rounded::Down).map(milliseconds),
    }
}

/// Writes a duration in the form that every server reads.
pub(crate) fn milliseconds(duration: i64) -> String {
    format!("{duration}ms")
}

/// Writes a time in the form that every server reads: seconds since 1970.
pub(crate) fn seconds(time: i64) -> String {
    let (whole, thousandths) = (time.div_euclid(1_000), time.rem_euclid(1_000));
    format!("{whole}.{thousandths:03}")
}

/// Parses a time. The end of a span is rounded up, and every other time down.
fn time(dialect: Dialect, name: &'static str, text: &str, now: i64) -> Result<i64, TimeError> {
    let rounded = if name == "end" { Rounded::Up } else { Rounded::Down };
    match dialect.time(text, rounded, now).ok_or(TimeError::Time(name))? {
        time if time > now.saturating_add(AHEAD) => Err(TimeError::Ahead(name)),
        time => Ok(time),
    }
}

/// Parses a duration: seconds, or numbers with units.
pub(crate) fn duration(name: &'static str, text: &str, rounded: Rounded) -> Result<i64, TimeError> {
    let duration = seconds::parse(text, rounded).or_else(|| duration::parse(text));
    duration.filter(|duration| *duration >= 0).ok_or(TimeError::Duration(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The present: 2023-11-14T22:13:20Z, in milliseconds.
    const NOW: i64 = 1_700_000_000_000;

    #[test]
    fn a_time_is_read_in_every_syntax() {
        for (text, milliseconds) in [
            ("0", 0),
            ("-1.5", -1_500),
            ("1e3", 1_000_000),
            ("1700000000.123", 1_700_000_000_123),
            ("1970-01-01T00:00:00Z", 0),
            ("2023-11-14T22:13:20Z", 1_700_000_000_000),
            ("2023-11-14T23:13:20.1239+01:00", 1_700_000_000_123),
            ("2023-11-14T20:43:20.5-01:30", 1_700_000_000_500),
            ("2000-02-29T00:00:00Z", 951_782_400_000),
            ("1969-12-31T23:59:59Z", -1_000),
            ("0000-03-01T00:00:00Z", -62_162_035_200_000),
        ] {
            assert_eq!(time(Dialect::Prometheus, "time", text, NOW), Ok(milliseconds), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_or_duration_is_refused() {
        for text in [
            "",
            "NaN",
            "Inf",
            "-inf",
            "1e300",
            "now",
            "5m",
            "1_000",
            "2023-11-14",
            "2023-11-14 22:13:20Z",
            "2023-11-14T22:13:20",
            "2023-00-14T22:13:20Z",
            "2023-13-14T22:13:20Z",
            "2023-11-00T22:13:20Z",
            "2023-11-32T22:13:20Z",
            "2023-11-14T24:00:00Z",
            "2023-11-14T22:60:20Z",
            "2023-11-14T22:13:60Z",
            "2023-11-14T22:13:20.5.5Z",
            "2023-11-14T22:13:20Z0",
            "2023-11-14T22:13:20+0:100",
            "2023-11-14T22:13:20+01:00:00",
            "2023-+1-14T22:13:20Z",
            "2023-11-14T22:13:20.Z",
            "2023-11-14T22:13:20+1:00",
            "23-11-14T22:13:20Z",
            "-292273086-05-16T16:47:06Z",
        ] {
            assert_eq!(time(Dialect::Prometheus, "time", text, NOW), Err(TimeError::Time("time")), "{text}");
        }
        for text in ["", "NaN", "Inf", "-1", "-5m", "5x", "1e300"] {
            assert_eq!(duration("step", text, Rounded::Down), Err(TimeError::Duration("step")), "{text}");
        }
    }

    #[test]
    fn the_points_of_a_request_need_no_more_than_its_times() {
        const RANGE: &[&str] = &["query", "start", "end", "step"];
        let points = |dialect, names: &[&str], pairs: &[(&str, &'static str)], now| {
            let given = |name: &str| {
                pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| Cow::Borrowed(*value))
            };
            Times::of_evaluation(dialect, names, &given, now).map(|times| times.evaluation.points())
        };
        for (dialect, names, pairs, expected) in [
            (Dialect::Prometheus, RANGE, &[("start", "0"), ("end", "3600"), ("step", "1m")][..], 61),
            (Dialect::Prometheus, RANGE, &[("start", "1e9"), ("end", "1000003600"), ("step", "0.5")], 7_201),
            (Dialect::Prometheus, &["query", "time"], &[("step", "0"), ("time", "x")], 1),
            (Dialect::Prometheus, RANGE, &[("step", "1")], 1),
            (Dialect::Prometheus, RANGE, &[("step", "1"), ("start", "9"), ("end", "8")], 1),
            (Dialect::VictoriaMetrics, RANGE, &[("step", "1"), ("start", "now"), ("end", "2022")], 301),
            (Dialect::VictoriaMetrics, RANGE, &[("start", "-1h"), ("end", "now"), ("step", "1m")], 61),
            (Dialect::VictoriaMetrics, RANGE, &[("start", "-1h"), ("step", "1m")], 61),
            (Dialect::VictoriaMetrics, RANGE, &[("start", "now"), ("end", "-1h"), ("step", "1s")], 301),
            (Dialect::VictoriaMetrics, RANGE, &[("step", "0")], 2),
            (Dialect::VictoriaMetrics, RANGE, &[("end", "1700000999"), ("step", "1")], 1_300),
            (Dialect::VictoriaMetrics, &["query", "time", "step"], &[("step", "1s")], 1),
        ] {
            assert_eq!(points(dialect, names, pairs, Some(NOW)), Ok(expected), "{pairs:?}");
            if dialect == Dialect::Prometheus {
                assert_eq!(points(dialect, names, pairs, None), Ok(expected), "{pairs:?}");
            }
        }
        for name in ["start", "end"] {
            let wrong = points(Dialect::Prometheus, RANGE, &[(name, "x"), ("start", "0")], None);
            assert_eq!(wrong, Err(TimeError::Time(name)));
        }
        let wrong = points(Dialect::Prometheus, RANGE, &[("step", "x")], None);
        assert_eq!(wrong, Err(TimeError::Duration("step")));
    }

    #[test]
    fn a_duration_is_seconds_or_has_units() {
        for (text, milliseconds) in [("15", 15_000), ("0.5", 500), ("1h30m", 5_400_000), ("0", 0)] {
            assert_eq!(duration("step", text, Rounded::Down), Ok(milliseconds), "{text}");
        }
    }
}
