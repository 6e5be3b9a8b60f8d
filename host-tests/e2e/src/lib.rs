//! The building blocks of the end-to-end tests: [`deployment`] runs promward in front of a server, on Envoy or on the
//! embedded host, [`browser`] drives a real browser, and [`queries`] makes random PromQL.

pub mod browser;
pub mod deployment;
pub mod queries;
