//! What promward's command line and its tests have in common: real programs as fixtures, and what asks them.
//!
//! [`envoy`], [`prometheus`], [`victoria_metrics`] and [`nginx`] run the real programs, which [`tools`] finds or fetches;
//! [`client`] asks them, [`upstream`] stands behind them, and [`tunnel`] leads other clients to a site by its name.

pub mod certificates;
pub mod client;
pub mod documents;
pub mod envoy;
pub mod jwt;
pub mod nginx;
pub mod page;
pub mod process;
pub mod prometheus;
pub mod tools;
pub mod tunnel;
pub mod upstream;
pub mod victoria_metrics;
