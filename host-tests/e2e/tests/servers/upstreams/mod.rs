//! Servers with Prometheus' API, each with its own pages, parameters and language. Whatever a caller who is restricted
//! to one tenant asks, the answer contains nothing of another tenant, of the configuration or of the flags.

mod calendar;
mod canaries;
mod crawling;
mod fetched;
mod metricsql;
mod pages;
mod paths;
mod second_lock;
mod servers;
