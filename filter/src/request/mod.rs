//! What a client sent, turned once into the only form that later rooms see: a canonical path, a checked query and
//! parameters. No later room reads the raw request again.

pub mod cross_site;
pub mod demands;
pub(crate) mod escape;
pub mod form;
pub mod headers;
pub(crate) mod media_type;
pub mod method;
pub mod parameters;
pub mod path;
pub mod queries;
pub mod query;
pub mod target;
pub mod unmet;
