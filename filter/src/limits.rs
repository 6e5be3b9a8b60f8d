//! Limits on how often a caller may send requests. A caller and the rate of a rule come in; the request is counted in a
//! table that all workers of a proxy share, or refused. Limits on what one query may touch are guards, in
//! [`crate::enforce`].

pub mod table;
