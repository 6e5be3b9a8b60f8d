//! A module that logs each callback with its arguments, and does in each callback what the request's header `x-probe`
//! says: `request_headers=pause,request_body=hold`. With it this repository finds out what a proxy-wasm host does: the
//! same requests go through Envoy and through the host of the tests, and both logs must be equal.
//!
//! A request with the header `x-probe-tell` is answered at once and isn't logged. In the next tick its value is done to
//! every paused stream, so that a test chooses the moment: `resume`, `reply`, `close`, `edit`, `trap`, or `nothing`, to
//! find out that the host has handled everything that was sent before.

#[cfg(target_arch = "wasm32")]
mod calls;
#[cfg(target_arch = "wasm32")]
mod control;
#[cfg(target_arch = "wasm32")]
mod host;
#[cfg(target_arch = "wasm32")]
mod pending;
#[cfg(target_arch = "wasm32")]
mod statuses;
#[cfg(target_arch = "wasm32")]
mod stream;
