//! promward guards Prometheus on a network that nobody trusts: a proxy-wasm filter that strips the public prefix, mends
//! headers and redirects, and lets through what the rules allow.
//!
//! The rules that the rooms keep stand in `docs/threats.md`, and are cited by their letters.
//!
//! # The rooms
//!
//! A request goes one way through them, and each imports only from those before it and from the ground floor.
//!
//! | room | does |
//! | --- | --- |
//! | [`gateway`] | the front door: a compiled configuration, and the way of a request, a call for each step |
//! | [`decision`] | what goes into the core, and what comes out of it |
//! | [`config`] | what users write, refused or turned into a [`gateway::Gateway`] |
//! | [`target`] | the canonical path, parameters, headers and methods of a request |
//! | [`api`] | a server's API as one value, and which server is at which mount |
//! | [`caller`] | who is calling: passwords, tokens, certificates, JSON web tokens |
//! | [`access`] | rules: who may do what |
//! | [`limits`] | how often |
//! | [`enforce`] | what a rule demands of a request: matchers in selectors, guards, parameters and bodies printed anew |
//! | [`response`] | answers: `Location`, headers for browsers, filtered JSON, and the filter's own replies |
//! | [`report`] | metrics and the access log |
//! | `shell` | the only code that knows a host, in WebAssembly alone |
//!
//! The ground floor: [`promql`] reads queries as far as a gateway has to, [`time`] has durations, instants and rates,
//! `index` finds one of many by its bytes, and `keyed_hash` hashes under a key.
//!
//! The core, which is everything but the shell, is pure: bytes and configuration in, decisions out, with time and
//! randomness passed in. So it is tested natively, without a host.
//!
//! # Example
//!
//! A configuration is loaded once. Each request is then decided by its headers and by what the host knows of it beside them.
//!
//! ```
//! use promward::caller::logins::StreamId;
//! use promward::config;
//! use promward::decision::{Decision, Facts, Request};
//! use promward::gateway::worker_state::{Resources, WorkerState};
//! use promward::limits::table::{SharedData, Unreachable, Written};
//! use promward::target::body::Body;
//! use promward::target::headers::Headers;
//! use promward::target::origin::UrlScheme;
//!
//! /// A host without data that workers share, which only rates need.
//! struct NoSharedData;
//!
//! impl SharedData for NoSharedData {
//!     fn get(&self, _: &str) -> Result<Option<(Vec<u8>, u32)>, Unreachable> {
//!         Err(Unreachable)
//!     }
//!
//!     fn set(&self, _: &str, _: &[u8], _: u32) -> Result<Written, Unreachable> {
//!         Err(Unreachable)
//!     }
//! }
//!
//! let gateway = config::load(
//!     br#"{
//!         "mounts": [{ "prefix": "/prometheus" }],
//!         "access": [{ "who": ["anyone"], "may": ["query"], "only": { "tenant": ["a"] } }]
//!     }"#,
//! )
//! .expect("the configuration is valid");
//! let random = [[1; 32], [2; 32], [3; 32]];
//! let mut state = WorkerState::new(random, gateway.rates(), &NoSharedData).expect("nothing is shared");
//!
//! let headers = Headers::from_iter([
//!     (":method", "GET"),
//!     (":path", "/prometheus/api/v1/query?query=up"),
//!     (":authority", "example.com"),
//! ]);
//! let request = Request {
//!     stream: StreamId(1),
//!     headers: &headers,
//!     body: Body::None,
//!     scheme: UrlScheme::Https,
//!     facts: &Facts::default(),
//! };
//! let mut resources = Resources { state: &mut state, shared: &NoSharedData };
//! let (decision, _record) = gateway.decide(&request, &mut resources);
//!
//! let Decision::Forward(forward) = decision else { panic!("the rule allows it") };
//! let path = forward.edits.set.iter().find(|(name, _)| name == ":path").map(|(_, path)| path.as_str());
//! assert_eq!(path, Some("/api/v1/query?query=up%7Btenant%3D%22a%22%7D"));
//! ```

#![cfg_attr(test, allow(clippy::arithmetic_side_effects, reason = "a test that overflows fails"))]

pub mod access;
pub mod api;
pub mod caller;
pub mod config;
pub mod decision;
pub mod enforce;
pub mod gateway;
pub(crate) mod index;
pub(crate) mod keyed_hash;
pub mod limits;
pub mod promql;
pub mod report;
pub mod response;
#[cfg(any(test, target_arch = "wasm32"))]
mod shell;
pub mod target;
pub mod time;

/// The name, version and git hash, which are logged when a VM starts.
pub const VERSION: &str =
    concat!("promward ", env!("CARGO_PKG_VERSION"), " (git ", env!("PROMWARD_GIT"), ")");
