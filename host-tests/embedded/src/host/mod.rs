//! A proxy-wasm host on wasmtime (ABI 0.2.1) without input and output: frames go in, and frames come out.
//!
//! It exists because Envoy isn't everywhere, and because tests want to count host calls and instructions, to release a
//! stream at a chosen moment, and to trap a VM at will. It makes the same calls in the same order as Envoy; recorded
//! traces (`host-tests/e2e/traces`) hold it to that. With another [`Personality`] it behaves as another host.
//!
//! A [`Plugin`] is a compiled module. Each thread takes a [`Worker`] of it, which is one VM. It opens a stream for each
//! request, hands it what comes from the client and from the upstream, and does what [`Worker::outputs`] says.

mod callbacks;
mod calls;
mod compiled;
mod connection;
mod counts;
mod error;
mod exports;
mod flow;
mod header_map;
mod imports;
mod let_go;
mod local_reply;
mod memory;
mod message;
mod metrics;
mod pairs;
pub mod personality;
mod plugin;
mod reading;
mod reply;
mod send;
mod settings;
mod shared;
mod state;
mod status;
mod stream;
mod traps;
mod vm;
mod worker;

pub use calls::{Answer, Call, CallId};
pub use connection::{Connection, PeerCertificate};
pub use counts::{Callback, Counts};
pub use header_map::{TARGET, shown};
pub use message::{Frame, Headers, Output, StreamId, Way, Why};
pub use metrics::MetricValue;
pub use personality::Personality;
pub use plugin::Plugin;
pub use settings::{Clock, FailurePolicy, Level, Log, Settings};
pub use worker::Worker;
