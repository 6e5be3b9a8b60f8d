//! promward guards Prometheus on a network that nobody trusts: a proxy-wasm filter that strips the public prefix, mends
//! headers and redirects, and lets through what the rules allow.
//!
//! The rules that the rooms keep stand in `docs/threats.md`, and are cited by their letters.
//!
//! The core ([`gateway`] and the rooms that it leads through) is pure and is tested natively. The shell (`host`, `root`,
//! `stream`) exists in WebAssembly only and turns the host's callbacks into calls of the core.

#![cfg_attr(test, allow(clippy::arithmetic_side_effects, reason = "a test that overflows fails"))]

pub mod access;
mod admission;
pub mod api;
pub mod caller;
pub mod config;
pub mod edits;
pub mod forward;
pub mod gateway;
pub mod index;
pub mod keyed;
pub mod limits;
pub mod mount;
pub mod promql;
pub mod refusal;
pub mod report;
pub mod request;
pub mod response;
pub mod state;
pub mod wire;

#[cfg(target_arch = "wasm32")]
mod handle;
#[cfg(target_arch = "wasm32")]
mod host;
#[cfg(target_arch = "wasm32")]
mod memory;
#[cfg(target_arch = "wasm32")]
mod root;
#[cfg(target_arch = "wasm32")]
mod stream;
#[cfg(all(target_arch = "wasm32", feature = "trap-on-request"))]
mod trap;
#[cfg(target_arch = "wasm32")]
mod worker;

/// Name, version and git hash, as logged at the start of a VM.
pub const VERSION: &str =
    concat!("promward ", env!("CARGO_PKG_VERSION"), " (git ", env!("PROMWARD_GIT"), ")");

#[cfg(target_arch = "wasm32")]
#[allow(missing_docs, reason = "the macro makes a public function and leaves no place for its documentation")]
mod entry {
    proxy_wasm::main! {{
        crate::host::log_to_the_host();
        proxy_wasm::set_root_context(|context| Box::new(crate::root::Root::new(context)));
    }}
}
