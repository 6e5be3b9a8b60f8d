//! How often: the table in which all workers of a proxy count together.

pub mod table;
