//! The commands of promward's command line, as a library that tests and benchmarks call too.

pub mod called;
pub mod check;
pub mod demo;
pub mod explain;
pub mod hash;
pub mod import;
pub mod line;
pub mod policy;
pub mod release;
pub mod render;
mod server_url;
mod shell_words;
pub mod smoke;
pub mod test;
pub mod token;
