//! Who may see what, end to end: whatever a caller asks, the answer is the one that a server with their series alone would
//! give.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that meets what it doesn't expect fails"
)]

mod asking;
mod break_outs;
mod generated;
mod opinions;
mod series;
mod servers;
