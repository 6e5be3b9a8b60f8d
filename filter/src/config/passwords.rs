//! `callers.passwords`: how many checks may begin and wait, in each worker.

use super::ConfigError;
use super::number::number;
use super::tree::Tree;
use crate::caller::passwords::PasswordLimits;
use crate::limits::rate::{MOST, Rate};
use serde::Deserialize;

/// How many checks of passwords may begin and wait, in each worker. What is left out follows from what a check costs.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordsConfig {
    /// How many may begin, like `4/s`; a quarter of them from one source. A right password doesn't count.
    checks: Option<String>,
    /// How many may begin at once.
    #[cfg_attr(feature = "schema", schemars(with = "Option<u32>"))]
    burst: Option<Tree>,
    /// How many may wait.
    #[cfg_attr(feature = "schema", schemars(with = "Option<u32>"))]
    waiting: Option<Tree>,
    /// How many of one source may wait.
    #[cfg_attr(feature = "schema", schemars(with = "Option<u32>"))]
    waiting_per_source: Option<Tree>,
}

/// More than this many would wait longer than anybody does.
const MOST_WAITING: u32 = 1_024;

impl PasswordsConfig {
    /// Puts what is given in place of what follows from the cost.
    pub(super) fn apply(self, limits: &mut PasswordLimits) -> Result<(), ConfigError> {
        let path = |name: &str| format!("callers.passwords.{name}");
        let burst = self.burst.map(|tree| number(&tree, &path("burst"), 1..=MOST)).transpose()?;
        if let Some(text) = &self.checks {
            limits.checks = rate(text, &path("checks"))?.with_burst(limits.checks.burst);
        }
        if let Some(burst) = burst {
            limits.checks = limits.checks.with_burst(burst);
        }
        let waiting = |tree: Option<Tree>, name: &str| {
            let number = tree.map(|tree| number(&tree, &path(name), 1..=MOST_WAITING)).transpose()?;
            Ok(number.and_then(|number| usize::try_from(number).ok()))
        };
        let given = waiting(self.waiting_per_source, "waiting_per_source")?;
        limits.waiting = waiting(self.waiting, "waiting")?.unwrap_or(limits.waiting);
        if given.is_some_and(|given| given > limits.waiting) {
            let message = format!("this is more than may wait in all, {}", limits.waiting);
            return Err(ConfigError::new(&path("waiting_per_source"), &message));
        }
        limits.waiting_per_source = given.unwrap_or(limits.waiting_per_source).min(limits.waiting);
        Ok(())
    }
}

/// Reads a rate.
pub(super) fn rate(text: &str, path: &str) -> Result<Rate, ConfigError> {
    Rate::parse(text).ok_or_else(|| {
        let message =
            format!("\"{text}\" is no rate: write a whole number, 1 to {MOST}, and /s, /m or /h, like 20/s");
        ConfigError::new(path, &message)
    })
}
