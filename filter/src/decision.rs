//! What comes out of the core.

pub mod refusal;
