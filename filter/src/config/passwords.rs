//! Reads `callers.passwords`, the limits on checks that begin and wait in each worker.

use super::error::ConfigError;
use super::field::Field;
use super::limits::rate;
use super::object::object;
use crate::caller::passwords::PasswordLimits;
use crate::time::rate::MOST;

object! {
    /// Limits on the checks of passwords that begin and wait, in each worker. Those that are left out follow from the
    /// cost of a check.
    pub(super) PasswordsConfig, read as PasswordsObject {
        /// The rate at which checks may begin, like `4/s`, a quarter of it for one source. A right password doesn't
        /// count.
        checks: Option<String>,
        /// The number of checks that may begin at once.
        burst: Option<u32>,
        /// The number of checks that may wait.
        waiting: Option<u32>,
        /// The number of checks of one source that may wait.
        waiting_per_source: Option<u32>,
    }
}

/// The largest number that may wait: with more, a check would wait longer than any client does.
const MOST_WAITING: u32 = 1_024;

/// Replaces the limits that follow from the cost by those that are given.
pub(super) fn apply(field: &Field<'_>, limits: &mut PasswordLimits) -> Result<(), ConfigError> {
    let passwords = PasswordsObject::read(field)?;
    if let Some(checks) = rate(&passwords.checks())? {
        limits.checks = checks.with_burst(limits.checks.burst);
    }
    if let Some(burst) = passwords.burst().number(MOST)? {
        limits.checks = limits.checks.with_burst(burst);
    }
    if let Some(waiting) = waiting(&passwords.waiting())? {
        limits.waiting = waiting;
    }
    let per_source = passwords.waiting_per_source();
    let given = waiting(&per_source)?;
    if given.is_some_and(|given| given > limits.waiting) {
        return Err(per_source.refuse(&format!("this is more than may wait in all, {}", limits.waiting)));
    }
    limits.waiting_per_source = given.unwrap_or(limits.waiting_per_source).min(limits.waiting);
    Ok(())
}

fn waiting(field: &Field<'_>) -> Result<Option<usize>, ConfigError> {
    Ok(field.number(MOST_WAITING)?.and_then(|number| usize::try_from(number).ok()))
}
