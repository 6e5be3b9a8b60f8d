//! Finishes a module after linking. The SDK exports a callback for everything that a proxy-wasm host can do, and a host
//! calls every callback that is exported. Callbacks that the filter has no use for are removed, together with the code
//! behind them: each one saves a call for every request, piece of body or tick. The names of our own functions stay, for
//! the reader of a backtrace: room, module or type, and function.

use crate::compact;
use anyhow::{Context, Result, ensure};
use rustc_demangle::demangle;
use std::collections::HashSet;
use walrus::ir::{Call, Visitor, dfs_in_order};
use walrus::{FunctionId, FunctionKind, InstrSeqBuilder, LocalFunction, Module};

/// The exports of promward that hosts need. Without `proxy_on_delete` contexts leak. Without the body and trailers
/// callbacks forms and answers would pass unread.
const KEPT: &[&str] = &[
    "memory",
    "_initialize",
    "proxy_abi_version_0_2_1",
    "proxy_on_memory_allocate",
    "proxy_on_context_create",
    "proxy_on_vm_start",
    "proxy_on_configure",
    "proxy_on_tick",
    "proxy_on_http_call_response",
    "proxy_on_request_headers",
    "proxy_on_request_body",
    "proxy_on_request_trailers",
    "proxy_on_response_headers",
    "proxy_on_response_body",
    "proxy_on_delete",
];

/// The exports that nginx calls without looking whether they are there, with the value that each returns. Nothing of ours
/// runs in them, so that they cost other hosts no more than the call.
const EMPTIED: &[(&str, Option<i32>)] =
    &[("proxy_on_done", Some(1)), ("proxy_on_log", None), ("proxy_on_response_trailers", Some(0))];

/// The SDK's traits. Beside callbacks (`on_…`) they have a method for each host call, which panics at a status that it
/// doesn't expect. The filter makes its host calls itself, so nothing calls these methods; only tables of methods refer
/// to them.
const TRAITS: [&str; 3] = [
    "proxy_wasm::traits::Context::",
    "proxy_wasm::traits::HttpContext::",
    "proxy_wasm::traits::RootContext::",
];

/// The beginnings of our own functions' names. Names of functions that drop a type of ours are removed too: nobody
/// looks for them.
const OURS: [&str; 2] = ["promward::", "<promward::"];

/// Removes what the filter doesn't use.
///
/// # Errors
///
/// Returns an error if the bytes aren't a WebAssembly module, or if the filter does call what is to be removed.
pub(crate) fn finish(linked: &[u8]) -> Result<Vec<u8>> {
    let mut module = Module::from_buffer(linked).context("the linked module can't be read")?;
    let is_emptied = |name: &str| EMPTIED.iter().any(|(emptied, _)| *emptied == name);
    let unused: Vec<_> = module
        .exports
        .iter()
        .filter(|export| !KEPT.contains(&export.name.as_str()) && !is_emptied(&export.name))
        .map(|export| export.id())
        .collect();
    for &(name, returned) in EMPTIED {
        let id = module.exports.get_func(name).with_context(|| format!("the module has no {name}"))?;
        empty(&mut module, id, |body| {
            if let Some(value) = returned {
                body.i32_const(value);
            }
        });
    }
    for export in unused {
        module.exports.delete(export);
    }
    walrus::passes::gc::run(&mut module);
    for function in module.funcs.iter_mut() {
        function.name = function.name.take().map(|name| format!("{:#}", demangle(&name)));
    }
    empty_the_sdks_host_calls(&mut module)?;
    for function in module.funcs.iter_mut() {
        // What is imported has a name anyway.
        let is_own = matches!(function.kind, FunctionKind::Local(_));
        let is_ours = |name: &String| is_own && OURS.iter().any(|begin| name.starts_with(begin));
        function.name = function.name.take().filter(is_ours).map(|name| shortened(&name));
    }
    compact::compact(&module.emit_wasm())
}

/// Returns the name of one of our functions without the crate, which all of them have in common, and without the trait
/// or the type that an `impl` is for, where a module or a type stands before it. Of the rest the room stays, and the last
/// module or type with the function. Whole names take 12 KB more.
fn shortened(name: &str) -> String {
    let (place, rest) = match name.strip_prefix('<') {
        Some(method) => method.split_once(" as ").unwrap_or((method, "")),
        None => name.split_once("::<impl ").unwrap_or((name, "")),
    };
    let function = rest.split_once(">::").map(|(_, function)| ["::", function].concat()).unwrap_or_default();
    let path = [place, &function].concat().replace("promward::", "");
    let (named, closures) = path.split_at(path.find("::{{").unwrap_or(path.len()));
    match named.split("::").collect::<Vec<_>>()[..] {
        [room, .., place, function] => [room, "::", place, "::", function, closures].concat(),
        _ => path,
    }
}

/// Empties the methods that nothing calls, so that the code behind them is removed as well. If one is called all the
/// same, the VM traps.
fn empty_the_sdks_host_calls(module: &mut Module) -> Result<()> {
    let is_host_call = |name: &str| {
        let method = TRAITS.iter().find_map(|path| name.strip_prefix(path));
        method.is_some_and(|method| !method.starts_with("on_"))
    };
    let named = module.funcs.iter().filter(|function| function.name.as_deref().is_some_and(is_host_call));
    let emptied: HashSet<FunctionId> = named.map(|function| function.id()).collect();
    for function in module.funcs.iter().filter(|function| !emptied.contains(&function.id())) {
        if let FunctionKind::Local(body) = &function.kind {
            let called = calls(body).into_iter().find(|called| emptied.contains(called));
            ensure!(called.is_none(), "{:?} makes a host call by the SDK, which panics", function.name);
        }
    }
    for id in emptied {
        empty(module, id, |body| {
            body.unreachable();
        });
    }
    walrus::passes::gc::run(module);
    Ok(())
}

/// Replaces the instructions of a function.
fn empty(module: &mut Module, id: FunctionId, write: impl FnOnce(&mut InstrSeqBuilder<'_>)) {
    if let FunctionKind::Local(body) = &mut module.funcs.get_mut(id).kind {
        body.block_mut(body.entry_block()).instrs.clear();
        write(&mut body.builder_mut().func_body());
    }
}

/// Returns the functions that a function calls directly.
fn calls(function: &LocalFunction) -> Vec<FunctionId> {
    struct Calls(Vec<FunctionId>);

    impl Visitor<'_> for Calls {
        fn visit_call(&mut self, call: &Call) {
            self.0.push(call.func);
        }
    }

    let mut calls = Calls(Vec::new());
    dfs_in_order(&mut calls, function, function.entry_block());
    calls.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_still_says_where_the_function_is() {
        for (name, short) in [
            ("promward::caller::logins::Logins::ask", "caller::Logins::ask"),
            ("promward::config::load::{{closure}}", "config::load::{{closure}}"),
            (
                "promward::gateway::replies::<impl promward::gateway::Gateway>::refusal",
                "gateway::replies::refusal",
            ),
            (
                "<promward::shell::root::Root as proxy_wasm::traits::RootContext>::on_tick",
                "shell::Root::on_tick",
            ),
            ("<promward::a::A as core::convert::From<promward::b::B>>::from", "a::A::from"),
        ] {
            assert_eq!(shortened(name), short);
        }
    }
}
