//! The embedded gateway by itself: its promises around a module that lets everything pass.

mod certificates;
mod connections;
mod messages;
mod modules;
mod set_up;
mod upstreams;
