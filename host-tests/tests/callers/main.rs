//! Who is calling, end to end on both hosts: each scheme, waiting streams, budgets and rates.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that meets what it doesn't expect fails"
)]

mod logins;
mod matrix;
mod rates;
mod schemes;
mod set_up;
mod swaps;
mod tenants;
mod tokens;
mod waiting;
