//! Servers that speak Prometheus' API, each with pages, parameters and a language of its own: whatever a caller who is
//! restricted to one tenant asks of them, nothing of another tenant, of the configuration or of the flags comes back.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that meets what it doesn't expect fails"
)]

#[path = "../tenants/asking.rs"]
mod asking;
mod canaries;
mod crawling;
mod metricsql;
mod pages;
mod paths;
mod servers;
