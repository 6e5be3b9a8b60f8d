//! Tests of the core from outside, without a host: a configuration and requests, and what is decided of them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it doesn't expect fails"
)]

mod alertmanager;
mod alternatives;
mod at_once;
mod bounds;
mod counts;
mod desk;
mod documents;
mod endpoints;
mod fields;
mod gateway;
mod guards;
mod logins;
mod messages;
mod opaque;
mod patterns;
mod query_report;
mod rate_limit;
mod remote_read;
mod remote_write;
mod restricted;
mod rules;
mod schema;
mod scopes;
mod tables;
mod tenants;
mod trial;
mod victoria_metrics;
mod victoria_metrics_guards;
mod wire;
