//! What a server serves, as data: which path and method is which endpoint, what class of request that is, which parameters
//! it reads and what a restricted caller may have of it.

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
