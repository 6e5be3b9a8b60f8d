//! `access[].limits`: how often, and how much of the server one query may touch.

use super::ConfigError;
use super::number::number;
use super::passwords::rate;
use super::tree::Tree;
use crate::limits::duration;
use crate::limits::guards::Guards;
use crate::limits::rate::{MOST, Rate};
use serde::Deserialize;

/// How often each caller may do what the rule allows, and how much one query of theirs may touch.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct LimitsConfig {
    /// How often, like `20/s`, in all workers together. Those who aren't known count by their address.
    rate: Option<String>,
    /// How often at once; the number in `rate` if not given.
    #[cfg_attr(feature = "schema", schemars(with = "Option<u32>"))]
    burst: Option<Tree>,
    /// The longest from `start` to `end`, like `31d`.
    range: Option<String>,
    /// The longest from the time of evaluation back to the oldest sample that a query touches, like `7d`.
    lookback: Option<String>,
    /// The longest from now back to that sample, like `90d`.
    oldest: Option<String>,
    /// The most points of one series.
    #[cfg_attr(feature = "schema", schemars(with = "Option<u32>"))]
    points: Option<Tree>,
    /// How long a query may take, like `30s`.
    timeout: Option<String>,
}

/// What a rule says of limits, compiled: a rate, guards, or both.
#[derive(Default)]
pub(super) struct Limits {
    pub(super) rate: Option<Rate>,
    pub(super) guards: Option<Guards>,
}

/// More points than this are no guard.
const MOST_POINTS: u32 = 1_000_000_000;

impl LimitsConfig {
    /// The limits of the rule whose `limits` are at this path.
    pub(super) fn compile(self, path: &str) -> Result<Limits, ConfigError> {
        let field = |name: &str| format!("{path}.{name}");
        let rate = self.rate.map(|text| rate(&text, &field("rate"))).transpose()?;
        let rate = match (rate, self.burst) {
            (Some(rate), Some(burst)) => Some(rate.with_burst(number(&burst, &field("burst"), 1..=MOST)?)),
            (None, Some(_)) => {
                return Err(ConfigError::new(path, "a burst needs a rate, like \"rate\": \"20/s\""));
            }
            (rate, None) => rate,
        };
        let points = self.points.map(|tree| number(&tree, &field("points"), 1..=MOST_POINTS)).transpose()?;
        let guards = Guards {
            range: length(self.range, &field("range"))?,
            lookback: length(self.lookback, &field("lookback"))?,
            oldest: length(self.oldest, &field("oldest"))?,
            timeout: length(self.timeout, &field("timeout"))?,
            points: points.map(u64::from),
        };
        let guards = Some(guards).filter(|guards| *guards != Guards::default());
        if rate.is_none() && guards.is_none() {
            let message = "this limits nothing: give a rate, like \"rate\": \"20/s\", or one of range, lookback, \
                           oldest, points and timeout";
            return Err(ConfigError::new(path, message));
        }
        Ok(Limits { rate, guards })
    }
}

/// A length of time, in milliseconds.
#[inline(never)]
fn length(text: Option<String>, path: &str) -> Result<Option<i64>, ConfigError> {
    let Some(text) = text else { return Ok(None) };
    match duration::parse(&text) {
        Some(0) => {
            Err(ConfigError::new(path, "nothing is as short as that: leave the field out, or allow more"))
        }
        Some(milliseconds) => Ok(Some(milliseconds)),
        None => {
            let message = format!(
                "\"{text}\" is no duration: write whole numbers with the units y w d h m s ms, in this order, like 7d \
                 or 1h30m"
            );
            Err(ConfigError::new(path, &message))
        }
    }
}
