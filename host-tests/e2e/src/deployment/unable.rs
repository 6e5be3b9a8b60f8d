//! The scenarios that a host can't pass, with the reasons. No other list of them exists.

use super::Host;

/// A scenario that a host can't pass.
struct Unable {
    host: Host,
    /// The end of the scenario's module, and its name.
    scenario: &'static str,
    reason: &'static str,
}

const UNABLE: &[Unable] = &[];

/// Checks that a host can pass a scenario. If not, prints the reason.
#[must_use]
pub fn can(host: Host, module: &str, scenario: &str) -> bool {
    // The module ends with that of the host.
    let module = module.rsplit_once("::").map_or(module, |(module, _)| module);
    let path = format!("{module}::{scenario}");
    let row = UNABLE.iter().find(|row| row.host == host && path.ends_with(row.scenario));
    if let Some(row) = row {
        eprintln!("skipped on {host}: {}: {}", row.scenario, row.reason);
    }
    row.is_none()
}
