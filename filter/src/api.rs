//! The APIs of servers, as data, and the mounts that the servers stand at. A canonical path and a method come in, and
//! an endpoint goes out: a row of a table, which names the class of the request, its parameters, and the answer that a
//! restricted caller gets. A new API is a new file with its tables.

pub mod alertmanager;
pub mod class;
pub mod endpoint;
pub mod listing;
pub mod mimir;
pub mod mount;
pub(crate) mod opaque;
pub mod profile;
pub mod prometheus;
pub(crate) mod requested;
mod row;
pub mod thanos;
pub mod victoria_metrics;

pub use profile::Profile;

/// Every API that a configuration can name, with the default first.
pub const PROFILES: [&Profile; 6] = [
    &prometheus::PROFILE,
    &victoria_metrics::PROFILE,
    &thanos::PROFILE,
    &mimir::PROFILE,
    &alertmanager::PROFILE,
    &opaque::PROFILE,
];

/// Returns the API with this name.
pub fn named(name: &str) -> Option<&'static Profile> {
    PROFILES.into_iter().find(|profile| profile.name == name)
}
