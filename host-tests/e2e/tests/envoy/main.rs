//! What Envoy does: with the files as they ship, on the oldest release, and as the traces recorded it.

mod envoy_file;
mod oldest_envoy;
mod traces;
