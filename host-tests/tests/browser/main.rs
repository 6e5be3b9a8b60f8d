//! The pages of a real Prometheus in a real browser, through the gateway: that they work under the headers that the filter
//! sets, that nothing is asked for outside the prefix, and that whoever may not see a page is told so.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that meets what it doesn't expect fails"
)]

mod complaints;
mod menu;
mod processes;
mod set_up;
mod tenants;
mod visit;
mod walks;
