//! What a client gets: the server's answer with its headers mended, or a reply of the filter's own.

pub mod answer;
pub(crate) mod cors;
pub mod filtered;
pub(crate) mod location;
pub mod page;
pub mod reply;
pub mod security;
