//! The proxies that benchmarks measure, each in front of the same server, and the clients.

pub(crate) mod callgrind;
pub(crate) mod envoy;
pub(crate) mod load;
pub(crate) mod peers;
