//! promward guards Prometheus on a network that nobody trusts. It is a proxy-wasm filter that strips the public prefix,
//! corrects headers and redirects, and lets through what the rules allow.
//!
//! Rules against attackers that the code cites by letter and number, such as T1, are listed in `docs/threats.md`.
//!
//! # The rooms
//!
//! Each module here is called a room. A room imports from the rooms above it in this table and from the ground floor,
//! and from no other.
//!
//! | room | does |
//! | --- | --- |
//! | [`target`] | parses the target, the headers and the parameters of a request |
//! | [`api`] | holds the APIs of servers as tables, and finds the mount and the endpoint of a request |
//! | [`caller`] | identifies the caller by password, token, client certificate or JSON web token |
//! | [`enforce`] | writes restrictions into selectors, checks guards, and writes query string and form anew |
//! | [`access`] | holds the rules, and finds the one that allows a request |
//! | [`limits`] | counts requests against the rates of rules, and those that are open at once |
//! | [`response`] | corrects and filters answers, and writes the filter's own replies |
//! | [`report`] | turns decisions into metrics and what the access log shows |
//! | [`decision`] | defines the input and the output of the core, and the refusals of all rooms |
//! | [`gateway`] | leads a request through the rooms, with one call for each step |
//! | [`config`] | reads a configuration, and refuses it or compiles it into a [`Gateway`](gateway::Gateway) |
//! | `shell` | is the only code that knows a host, and exists in WebAssembly only |
//!
//! On the ground floor, [`wire`] reads and writes snappy and protobuf, [`promql`] finds the selectors of a query and measures its cost, [`time`] has durations,
//! instants and rates, `index` finds a key among many, `lengths` tells by its length that a name is none of a few,
//! `keyed_hash` hashes under a secret key, `same` compares texts, `json` reads JSON as a tree, and [`shared_data`] is what all workers of a proxy can
//! read and write.
//!
//! Everything but `shell` is called the core. It is pure: bytes and a configuration come in, decisions go out, and time
//! and randomness are passed in. So it is tested natively, without a host.
//!
//! # Example
//!
//! A configuration is loaded once. Each request is then decided by its headers, and by facts that the host knows of it.
//!
//! ```
//! use promward::caller::logins::StreamId;
//! use promward::config;
//! use promward::decision::{Decision, Facts, Request};
//! use promward::gateway::worker_state::{Resources, WorkerState};
//! use promward::shared_data::{SharedData, Unreachable, Written};
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
//! let mut state = WorkerState::new(random, gateway.tables(), &NoSharedData).expect("nothing is shared");
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
//! assert_eq!(forward.edits.value(":path"), Some("/api/v1/query?query=up%7Btenant%3D%22a%22%7D"));
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
pub(crate) mod json;
pub(crate) mod keyed_hash;
pub(crate) mod lengths;
pub mod limits;
pub mod promql;
pub mod report;
pub mod response;
pub(crate) mod same;
pub mod shared_data;
#[cfg(any(test, target_arch = "wasm32"))]
mod shell;
pub mod target;
pub mod time;
pub mod wire;

/// The name, version and git hash, which are logged when a VM starts.
pub const VERSION: &str =
    concat!("promward ", env!("CARGO_PKG_VERSION"), " (git ", env!("PROMWARD_GIT"), ")");
