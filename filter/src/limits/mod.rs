//! How often and how much: rates as a configuration writes them, the bucket that counts against one, and the table in
//! which all workers of a proxy count together; and guards, which bound what one query may touch.

pub mod bucket;
pub mod duration;
pub mod guards;
pub mod rate;
pub mod seconds;
pub mod table;
pub mod time;
