//! A proxy-wasm host on wasmtime, for tests and for machines without Envoy.
//!
//! [`host`] runs a module and is held to what Envoy does by recorded traces. [`gateway`] puts TLS and HTTP around it.

pub mod gateway;
pub mod host;
