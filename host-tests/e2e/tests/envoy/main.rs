//! Tests that are about Envoy itself: the shipped files, the oldest supported release, and the recorded traces.

mod envoy_file;
mod many_gateways;
mod oldest_envoy;
mod traces;
