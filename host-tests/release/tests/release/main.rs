//! Tests of what is released: the files themselves, the image in a registry and on Envoy, and the wheel in an empty Python
//! environment. The command in the wheel is the one that Cargo has built for tests already.

mod files;
mod registry;
mod reproducible;
mod set_up;
mod wheel;
