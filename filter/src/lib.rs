//! promward.
