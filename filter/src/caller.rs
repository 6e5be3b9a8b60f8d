//! Who is calling. `Authorization`, if it is there, decides alone; else a JSON web token that the proxy has verified; else
//! a client certificate. They never merge (`threats.md` C8), and what is invalid is refused and never taken for nothing
//! (C7).

pub mod authorization;
pub mod bcrypt;
pub mod budget;
pub mod callers;
pub mod certificates;
pub mod claim;
pub mod facts;
pub mod hash;
pub mod identity;
pub mod jwt;
pub mod logins;
pub mod metadata;
pub mod passwords;
pub mod remembered;
pub mod scheme;
pub mod secret;
pub mod source;
pub mod tokens;
pub mod who;
