//! Reads `access[].limits`: how often each caller may send requests, and how much of the server one query may touch.

use super::error::ConfigError;
use super::field::Field;
use super::object::object;
use crate::enforce::guards::Guards;
use crate::limits::{Concurrent, MOST_AT_ONCE};
use crate::promql::{Bounds, MAX_COUNT, MAX_DEPTH};
use crate::time::duration;
use crate::time::rate::{MOST, Rate};

object! {
    /// The rate at which each caller may send requests, and limits on what one of their queries may touch.
    pub(super) LimitsConfig, read as LimitsObject {
        /// The rate, like `20/s`, in all workers together. Callers who aren't known count by their address.
        rate: Option<String>,
        /// The number of requests that may come at once; the number in `rate` if not given.
        burst: Option<u32>,
        /// The number of requests that each caller may have open at once, in all workers together: 1 to 1000.
        concurrent: Option<u32>,
        /// The longest time for which one more waits until another has ended, like `2s`: at most 1m.
        wait: Option<String>,
        /// The rate of samples that each caller may write, like `100k/s`, in all workers together. A message of remote write
        /// may have as many at once.
        samples: Option<String>,
        /// The longest time from `start` to `end`, like `31d`.
        range: Option<String>,
        /// The longest time from an evaluation back to the oldest sample that a query touches, like `7d`.
        lookback: Option<String>,
        /// The longest time from now back to the oldest sample that a query touches, like `90d`.
        oldest: Option<String>,
        /// The largest number of points in one series.
        points: Option<u32>,
        /// The longest time that a query may take, like `30s`.
        timeout: Option<String>,
        /// The most work that a query may be for the server: its parts times its points, 450000 if not given.
        work: Option<u32>,
        /// The most operators in one query: 1 to 10000, 250 if not given.
        operators: Option<u32>,
        /// The most selectors in one request: 1 to 10000, 500 if not given.
        selectors: Option<u32>,
        /// The most calls of functions, and aggregations, in one query: 1 to 10000, 300 if not given.
        calls: Option<u32>,
        /// The greatest depth of expressions within expressions: 1 to 64, 64 if not given.
        depth: Option<u32>,
        /// The most repetitions in the regular expressions of one request: 1 to 10000, 180 if not given.
        repetitions: Option<u32>,
    }
}

/// The limits of a rule, compiled.
#[derive(Default)]
pub(super) struct Limits {
    pub(super) rate: Option<Rate>,
    pub(super) concurrent: Option<Concurrent>,
    pub(super) samples: Option<Rate>,
    pub(super) guards: Option<Guards>,
}

/// The largest number of points, and the most work, that a rule may allow: more would be no guard.
const MOST_POINTS: u32 = 1_000_000_000;

/// The longest time for which a request may wait for others to end, in milliseconds: clients and proxies give up after
/// about as long.
const LONGEST_WAIT: i64 = 60_000;

/// Compiles the limits of a rule, if it has any.
pub(super) fn compile(field: &Field<'_>) -> Result<Limits, ConfigError> {
    if !field.is_given() {
        return Ok(Limits::default());
    }
    let limits = LimitsObject::read(field)?;
    let rate = match (rate(&limits.rate())?, limits.burst().number(MOST)?) {
        (Some(rate), Some(burst)) => Some(rate.with_burst(burst)),
        (None, Some(_)) => return Err(field.refuse("a burst needs a rate, like \"rate\": \"20/s\"")),
        (rate, None) => rate,
    };
    let guards = Guards {
        range: length(&limits.range())?,
        lookback: length(&limits.lookback())?,
        oldest: length(&limits.oldest())?,
        timeout: length(&limits.timeout())?,
        points: limits.points().number(MOST_POINTS)?.map(u64::from),
        bounds: bounds(&limits)?,
    };
    let guards = Some(guards).filter(|guards| *guards != Guards::default());
    let concurrent = concurrent(field, &limits)?;
    let samples = self::rate(&limits.samples())?;
    if rate.or(samples).is_none() && concurrent.is_none() && guards.is_none() {
        let message = "this limits nothing: give a rate, like \"rate\": \"20/s\", or one of concurrent, samples, range, \
                       lookback, oldest, points, timeout, work, operators, selectors, calls, depth and repetitions";
        return Err(field.refuse(message));
    }
    Ok(Limits { rate, concurrent, samples, guards })
}

/// Reads the number of requests at once, if it is given.
fn concurrent(field: &Field<'_>, limits: &LimitsObject<'_>) -> Result<Option<Concurrent>, ConfigError> {
    let most = limits.concurrent().number(MOST_AT_ONCE)?;
    let wait = limits.wait();
    match (most, length(&wait)?) {
        (None, Some(_)) => {
            Err(field.refuse("a wait needs a number of requests at once, like \"concurrent\": 4"))
        }
        (_, Some(length)) if length > LONGEST_WAIT => {
            Err(wait.refuse("this is too long for those who wait: allow at most 1m"))
        }
        (most, wait) => Ok(most.map(|most| Concurrent { most, wait: wait.unwrap_or_default() })),
    }
}

/// Reads the bounds on the texts of a request, if one of them is given.
fn bounds(limits: &LimitsObject<'_>) -> Result<Option<Bounds>, ConfigError> {
    let fields = [
        limits.operators(),
        limits.selectors(),
        limits.calls(),
        limits.depth(),
        limits.repetitions(),
        limits.work(),
    ];
    if !fields.iter().any(Field::is_given) {
        return Ok(None);
    }
    let usual = Bounds::default();
    let [operators, selectors, calls, depth, repetitions, work] = fields;
    let count = |field: &Field<'_>, usual| Ok::<_, ConfigError>(field.number(MAX_COUNT)?.unwrap_or(usual));
    let selectors = count(&selectors, usual.selectors)?;
    Ok(Some(Bounds {
        length: usual.length,
        depth: depth.number(MAX_DEPTH)?.unwrap_or(usual.depth),
        operators: count(&operators, usual.operators)?,
        selectors,
        unnamed: selectors.div_ceil(10).max(usual.unnamed),
        calls: count(&calls, usual.calls)?,
        repetitions: count(&repetitions, usual.repetitions)?,
        work: work.number(MOST_POINTS)?.map_or(usual.work, u64::from),
        extensions: usual.extensions,
    }))
}

/// Reads a rate, if the field is there.
pub(super) fn rate(field: &Field<'_>) -> Result<Option<Rate>, ConfigError> {
    let Some(text) = field.optional_text()? else { return Ok(None) };
    let rate = Rate::parse(text);
    if rate.is_none() {
        let message = format!(
            "\"{text}\" is not a rate: write a whole number, 1 to {MOST}, and /s, /m or /h, like 20/s or 5k/s"
        );
        return Err(field.refuse(&message));
    }
    Ok(rate)
}

/// Reads a length of time in milliseconds, if the field is there.
fn length(field: &Field<'_>) -> Result<Option<i64>, ConfigError> {
    let Some(text) = field.optional_text()? else { return Ok(None) };
    match duration::parse(text) {
        Some(0) => Err(field.refuse("this allows nothing: leave the field out, or allow more")),
        Some(milliseconds) => Ok(Some(milliseconds)),
        None => {
            let message = format!(
                "\"{text}\" is not a duration: write whole numbers with the units y w d h m s ms, in this order, like 7d \
                 or 1h30m"
            );
            Err(field.refuse(&message))
        }
    }
}
