//! The fixtures that promward's command line and its tests share.
//!
//! [`envoy`], [`prometheus`], [`victoria_metrics`], [`nginx`] and [`identity_provider`] run the real programs, which [`tools`] finds or
//! fetches. [`schema`] validates manifests. [`client`] sends requests to them, [`upstream`] stands behind them, and
//! [`tunnel`] leads other clients to a gateway by its name.

pub mod alertmanager;
pub mod certificates;
pub mod client;
pub mod documents;
pub mod envoy;
pub mod host;
pub mod identity_provider;
pub mod jwt;
pub mod nginx;
pub mod page;
pub mod process;
pub mod prometheus;
pub mod schema;
pub mod stand_in;
pub mod tools;
pub mod tunnel;
pub mod upstream;
pub mod victoria_metrics;
