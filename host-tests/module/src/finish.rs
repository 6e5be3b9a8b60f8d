//! What happens to a module after linking. The SDK exports a callback for everything that a proxy-wasm host can do, and a
//! host calls whatever is exported: those that the filter has no use for go, with the code behind them, and each saves a
//! call for every request, piece of body or tick. Names stay, in words that a backtrace's reader knows.

use anyhow::{Context, Result};
use rustc_demangle::demangle;
use walrus::Module;

/// The exports that hosts need of promward. Without `proxy_on_delete` contexts leak; without the body and trailers
/// callbacks forms would pass unread.
const KEPT: &[&str] = &[
    "memory",
    "_initialize",
    "proxy_abi_version_0_2_1",
    "proxy_on_memory_allocate",
    "proxy_on_context_create",
    "proxy_on_vm_start",
    "proxy_on_configure",
    "proxy_on_request_headers",
    "proxy_on_request_body",
    "proxy_on_request_trailers",
    "proxy_on_response_headers",
    "proxy_on_delete",
];

/// Takes away what the filter doesn't use.
///
/// # Errors
///
/// When the bytes are no WebAssembly module.
pub(crate) fn finish(linked: &[u8]) -> Result<Vec<u8>> {
    let mut module = Module::from_buffer(linked).context("the linked module can't be read")?;
    let unused: Vec<_> = module
        .exports
        .iter()
        .filter(|export| !KEPT.contains(&export.name.as_str()))
        .map(|export| export.id())
        .collect();
    for export in unused {
        module.exports.delete(export);
    }
    walrus::passes::gc::run(&mut module);
    for function in module.funcs.iter_mut() {
        if let Some(name) = &mut function.name {
            *name = format!("{:#}", demangle(name));
        }
    }
    Ok(module.emit_wasm())
}
