//! Tests of promward in front of real servers, with real clients.

mod alertmanager;
mod alternatives;
mod answers;
mod asking;
mod beside_nginx;
mod browser;
mod clients;
mod costs;
mod either;
mod guide;
#[path = "../../../../filter/tests/filter/messages/mod.rs"]
mod messages;
mod people_log_in;
mod prometheus;
mod redirects;
mod remote_read;
mod shared;
mod tenants;
mod tools;
mod upstreams;
