//! Tests that are about Envoy itself: the shipped files, what control planes make of manifests, several gateways, the oldest
//! supported release, and the recorded traces.

mod control_planes;
mod envoy_file;
mod many_gateways;
mod other_releases;
mod rate_limit_service;
mod traces;
