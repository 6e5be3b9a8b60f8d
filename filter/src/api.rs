//! The APIs of servers, as data. A table maps path and method to an endpoint; the endpoint says which class the request
//! has, which parameters it reads and what a restricted caller may have of its answer.

pub mod class;
pub mod endpoint;
pub mod listing;
pub mod mount;
pub(crate) mod opaque;
pub(crate) mod profile;
pub mod prometheus;
pub(crate) mod requested;

pub use profile::Profile;

/// Every API that a configuration can name, the one that is meant by default first.
pub const PROFILES: [&Profile; 2] = [&prometheus::PROFILE, &opaque::PROFILE];
