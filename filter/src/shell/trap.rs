//! A defect on purpose, for tests: the filter has none that they could use. It is compiled where the feature
//! `trap-on-request` is on, so never into the module that users get.

use super::host::{self, Map};

/// The header that asks for it.
const HEADER: &str = "x-promward-trap";

/// Ends the VM, as any panic would, where the request that the host is at asks for it. This is an instruction and no panic,
/// since a panic is what the lints deny; to the host both are the same trap.
pub(crate) fn if_asked() {
    if host::headers(Map::Request).is_ok_and(|headers| headers.has(HEADER)) {
        core::arch::wasm32::unreachable();
    }
}
