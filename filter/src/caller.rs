//! Who is calling. `Authorization`, if it is there, decides alone; else a JSON web token that the proxy has verified; else
//! a client certificate. They never merge (`threats.md` C8), and what is invalid is refused and never taken for nothing
//! (C7).

pub(crate) mod authorization;
pub(crate) mod bcrypt;
pub mod budget;
pub(crate) mod callers;
pub(crate) mod certificates;
pub(crate) mod claim;
pub(crate) mod facts;
pub mod hash;
pub mod identity;
pub mod jwt;
pub mod logins;
pub mod metadata;
pub mod passwords;
pub(crate) mod remembered;
pub mod scheme;
pub(crate) mod secret;
pub mod source;
pub(crate) mod tokens;
pub mod who;
