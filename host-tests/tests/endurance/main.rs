//! What a site lives through: it keeps its memory, whatever comes.

#![allow(clippy::unwrap_used, reason = "a test that meets what it doesn't expect fails")]
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "these numbers are small")]

mod memory;
