//! Checks that the embedded host plays nginx and Traffic Server: a scenario for each fact in which they differ from Envoy,
//! with the probe as the module. Each runs on all three, so that the difference can be read.

mod answers;
mod bodies;
mod heads;
mod played;
mod services;
mod traps;
