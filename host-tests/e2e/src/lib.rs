//! What the end-to-end tests are made of: [`site`] runs promward in front of a server on Envoy or on the embedded host,
//! [`browser`] drives a real browser, and [`queries`] makes random PromQL.

pub mod browser;
pub mod queries;
pub mod site;
