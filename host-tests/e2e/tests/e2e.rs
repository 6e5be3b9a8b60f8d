//! The end-to-end tests, each scenario on every host that it is for. They are one binary, so that tests that wait and tests
//! that compute run side by side until the last of them.

mod attacks;
mod endurance;
mod envoy;
mod hosts;
mod servers;
