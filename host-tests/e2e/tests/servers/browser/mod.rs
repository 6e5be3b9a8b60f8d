//! The pages of a real Prometheus in a real browser, through the gateway. They work under the headers that the filter
//! sets, the browser requests nothing outside the prefix, and a user who may not see a page is told so.

pub(crate) mod complaints;
mod menu;
mod processes;
pub(crate) mod set_up;
mod tenants;
mod visit;
mod walks;
