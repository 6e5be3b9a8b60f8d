//! What a site lives through: a VM that dies, other rules while requests are on their way, and millions of requests.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that meets what it doesn't expect fails"
)]

mod figures;
mod memory;
mod soak;
mod swaps;
mod traps;
