//! How often: rates as a configuration writes them, the bucket that counts against one, and the table in which all
//! workers of a proxy count together.

pub mod bucket;
pub mod duration;
pub mod rate;
pub mod table;
