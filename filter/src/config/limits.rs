//! `access[].limits`: how often, and later how much.

use super::ConfigError;
use super::number::number;
use super::passwords::rate;
use super::tree::Tree;
use crate::limits::rate::{MOST, Rate};
use serde::Deserialize;

/// How often each caller may do what the rule allows. Those who aren't known count by their address.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct LimitsConfig {
    /// How often, like `20/s`, in all workers together.
    rate: Option<String>,
    /// How often at once; the number in `rate` if not given.
    #[cfg_attr(feature = "schema", schemars(with = "Option<u32>"))]
    burst: Option<Tree>,
}

impl LimitsConfig {
    /// The rate of the rule whose limits are at this path.
    pub(super) fn compile(self, path: &str) -> Result<Rate, ConfigError> {
        let Some(text) = &self.rate else {
            let message = match self.burst {
                Some(_) => "a burst needs a rate, like \"rate\": \"20/s\"",
                None => "this limits nothing: give a rate, like \"rate\": \"20/s\"",
            };
            return Err(ConfigError::new(path, message));
        };
        let rate = rate(text, &format!("{path}.rate"))?;
        match self.burst {
            Some(burst) => Ok(rate.with_burst(number(&burst, &format!("{path}.burst"), 1..=MOST)?)),
            None => Ok(rate),
        }
    }
}
