//! Servers that speak Prometheus' API, each with pages, parameters and a language of its own: whatever a caller who is
//! restricted to one tenant asks of them, nothing of another tenant, of the configuration or of the flags comes back.

mod canaries;
mod crawling;
mod metricsql;
mod pages;
mod paths;
mod servers;
