//! `access[].limits`: how often, and how much of the server one query may touch.

use super::ConfigError;
use super::number::number;
use super::passwords::rate;
use super::tree::{SomeOf, Tree, text};
use crate::limits::duration;
use crate::limits::guards::Guards;
use crate::limits::rate::{MOST, Rate};

/// What a rule says of limits, compiled: a rate, guards, or both.
#[derive(Default)]
pub(super) struct Limits {
    pub(super) rate: Option<Rate>,
    pub(super) guards: Option<Guards>,
}

const FIELDS: &[&str] = &["rate", "burst", "range", "lookback", "oldest", "points", "timeout"];

/// More points than this are no guard.
const MOST_POINTS: u32 = 1_000_000_000;

/// Compiles the limits at this path.
#[inline(never)]
pub(super) fn compile(tree: Tree, path: &str) -> Result<Limits, ConfigError> {
    let mut fields = tree.into_some_of(FIELDS).map_err(|error| error.in_field(path))?;
    let field = |name: &str| format!("{path}.{name}");
    let written = fields.take("rate").map(|tree| text(tree, &field("rate"))).transpose()?;
    let rate = written.map(|text| rate(&text, &field("rate"))).transpose()?;
    let rate = match (rate, fields.take("burst")) {
        (Some(rate), Some(burst)) => Some(rate.with_burst(number(&burst, &field("burst"), 1..=MOST)?)),
        (None, Some(_)) => {
            return Err(ConfigError::new(path, "a burst needs a rate, like \"rate\": \"20/s\""));
        }
        (rate, None) => rate,
    };
    let points = fields.take("points").map(|tree| number(&tree, &field("points"), 1..=MOST_POINTS));
    let guards = Guards {
        points: points.transpose()?.map(u64::from),
        range: length(&mut fields, path, "range")?,
        lookback: length(&mut fields, path, "lookback")?,
        oldest: length(&mut fields, path, "oldest")?,
        timeout: length(&mut fields, path, "timeout")?,
    };
    let guards = Some(guards).filter(|guards| *guards != Guards::default());
    if rate.is_none() && guards.is_none() {
        let message = "this limits nothing: give a rate, like \"rate\": \"20/s\", or one of range, lookback, \
                       oldest, points and timeout";
        return Err(ConfigError::new(path, message));
    }
    Ok(Limits { rate, guards })
}

/// A length of time, in milliseconds, if it is given.
#[inline(never)]
fn length(fields: &mut SomeOf, path: &str, name: &str) -> Result<Option<i64>, ConfigError> {
    let Some(tree) = fields.take(name) else { return Ok(None) };
    let path = format!("{path}.{name}");
    let text = text(tree, &path)?;
    match duration::parse(&text) {
        Some(0) => {
            Err(ConfigError::new(&path, "nothing is as short as that: leave the field out, or allow more"))
        }
        Some(milliseconds) => Ok(Some(milliseconds)),
        None => {
            let message = format!(
                "\"{text}\" is no duration: write whole numbers with the units y w d h m s ms, in this order, like 7d \
                 or 1h30m"
            );
            Err(ConfigError::new(&path, &message))
        }
    }
}
