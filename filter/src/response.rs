//! Answers to clients. The server's answer comes in; it goes out with its headers corrected and its lists filtered, or
//! the filter sends a reply of its own.

pub mod answer;
pub(crate) mod cors;
pub mod filtered;
pub(crate) mod location;
pub mod page;
pub(crate) mod refused_page;
pub mod reply;
pub mod security;
