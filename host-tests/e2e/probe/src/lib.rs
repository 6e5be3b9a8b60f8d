//! A module that writes down which callback came with what, and does in each what the request's header `x-probe` says:
//! `request_headers=pause,request_body=hold`. It is how this repository finds out what a proxy-wasm host does, rather
//! than believing it: the same requests go through Envoy and through the host of the tests, and what is written must
//! be equal.
//!
//! A request with the header `x-probe-tell` is answered at once and isn't written down. What it tells is done to every
//! paused stream in the next tick, so that a test chooses the moment: `resume`, `reply`, `close`, `edit`, `trap`, or
//! nothing at all, to find out that the host has handled all that was sent before.

#[cfg(target_arch = "wasm32")]
mod control;
#[cfg(target_arch = "wasm32")]
mod host;
#[cfg(target_arch = "wasm32")]
mod statuses;
#[cfg(target_arch = "wasm32")]
mod stream;
