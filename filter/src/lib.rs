//! promward guards Prometheus on a network that nobody trusts: a proxy-wasm filter that strips the public prefix, mends
//! headers and redirects, and lets through what the rules allow.
//!
//! The rules that the rooms keep stand in `docs/threats.md`, and are cited by their letters.
//!
//! The core ([`gateway`] and the rooms that it leads through) is pure and is tested natively. The shell exists in WebAssembly only
//! and turns the host's callbacks into calls of the core.

#![cfg_attr(test, allow(clippy::arithmetic_side_effects, reason = "a test that overflows fails"))]

pub mod access;
pub mod api;
pub mod caller;
pub mod config;
pub mod decision;
pub mod enforce;
pub mod gateway;
pub mod index;
pub mod keyed_hash;
pub mod limits;
pub mod promql;
pub mod report;
pub mod response;
#[cfg(any(test, target_arch = "wasm32"))]
mod shell;
pub mod target;
pub mod time;

/// Name, version and git hash, as logged at the start of a VM.
pub const VERSION: &str =
    concat!("promward ", env!("CARGO_PKG_VERSION"), " (git ", env!("PROMWARD_GIT"), ")");
