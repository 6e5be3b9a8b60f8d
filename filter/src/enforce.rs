//! What a rule demands of a request: its restriction goes into every selector, its guards are checked, and parameters and
//! bodies are printed anew.

pub mod form;
pub mod guards;
pub mod only;
pub mod pattern;
pub mod requirements;
pub mod restriction;
pub mod rewrite_cache;
pub mod tenant;
pub mod violation;
