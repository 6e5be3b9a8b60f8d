//! A proxy-wasm host on wasmtime, for tests and for machines without Envoy.
//!
//! [`host`] runs a module; recorded traces show that it does what Envoy does. [`gateway`] puts TLS and HTTP around it.

pub mod gateway;
pub mod host;
