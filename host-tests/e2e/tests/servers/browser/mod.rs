//! The pages of a real Prometheus in a real browser, through the gateway: that they work under the headers that the filter
//! sets, that nothing is asked for outside the prefix, and that whoever may not see a page is told so.

mod complaints;
mod menu;
mod processes;
mod set_up;
mod tenants;
mod visit;
mod walks;
