//! The commands of promward's command line, as a library that tests and benchmarks call too.

pub mod check;
pub mod demo;
pub mod hash;
pub mod import;
pub mod line;
pub mod render;
mod server_url;
pub mod smoke;
pub mod token;
