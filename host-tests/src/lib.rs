//! The native harness of promward: what its tests and its command line are made of.
//!
//! [`host`] is a proxy-wasm host on wasmtime, held to what Envoy does by recorded traces. [`gateway`] puts TLS and HTTP
//! around it. [`envoy`], [`prometheus`], [`victoria_metrics`], [`nginx`] and [`browser`] run the real programs, which
//! [`tools`] finds or fetches; [`queries`] makes what they are asked, and [`tunnel`] leads their clients to a site by its
//! name.

pub mod browser;
pub mod certificates;
pub mod check;
pub mod client;
pub mod costs;
pub mod demo;
pub mod documents;
pub mod envoy;
pub mod gateway;
pub mod host;
pub mod jwt;
pub mod nginx;
pub mod page;
pub mod process;
pub mod prometheus;
pub mod queries;
pub mod site;
pub mod smoke;
pub mod tools;
pub mod tunnel;
pub mod upstream;
pub mod victoria_metrics;
