//! A deliberate defect for tests of what happens after one, since the filter has none that they could use. It is
//! compiled only with the feature `trap-on-request`, so it is never in the module that users get.

use super::host::{self, Map};

/// The request header that triggers the trap.
const HEADER: &[u8] = b"x-promward-trap";

/// Ends the VM, as any panic would, if the current request asks for it. This is an instruction and not a panic, since
/// the lints deny panics; for the host both are the same trap.
pub(crate) fn if_asked() {
    if host::headers(Map::Request)
        .is_ok_and(|headers| headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(HEADER)))
    {
        // These words are what tests look for in a module, to see that no user gets this.
        log::debug!("promward: x-promward-trap asks for a trap");
        core::arch::wasm32::unreachable();
    }
}
