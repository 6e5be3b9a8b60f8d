//! Finds out who is calling: a request's headers, its client certificate and the proxy's metadata come in, and one
//! identity or a refusal goes out. `Authorization` decides alone if it is there; else a JSON web token that the proxy
//! has verified; else a client certificate. Credentials are never merged (`threats.md` C8), and an invalid one is
//! refused, never treated as missing (C7).

mod attempt;
pub(crate) mod authorization;
pub(crate) mod bcrypt;
pub mod budget;
pub(crate) mod callers;
pub mod certificates;
pub mod claim;
pub mod client;
pub(crate) mod facts;
pub mod groups;
pub mod hash;
pub(crate) mod hints;
pub mod identity;
pub mod jwt;
pub mod keyring;
pub mod logins;
pub mod metadata;
pub mod passwords;
pub(crate) mod queue;
pub(crate) mod recall;
pub(crate) mod remembered;
pub mod scheme;
pub(crate) mod secret;
pub mod source;
pub(crate) mod token_error;
pub(crate) mod tokens;
pub mod who;
