//! What a server serves, as data: which path and method is which endpoint, what class of request that is, which parameters
//! it reads and what a restricted caller may have of it.

pub mod class;
pub mod endpoint;
pub mod mount;
pub mod prometheus;
