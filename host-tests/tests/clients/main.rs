//! The programs that people point at a Prometheus, pointed at a site: another Prometheus, promtool, curl, and the requests
//! of Grafana's data source.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that meets what it doesn't expect fails"
)]

mod curl;
mod grafana;
mod promtool;
mod second_prometheus;
mod set_up;
