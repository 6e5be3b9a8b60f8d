//! The only code that knows a host: its calls, and its callbacks, which become calls of the core.

#[cfg(target_arch = "wasm32")]
mod facts;
mod header_map;
#[cfg(target_arch = "wasm32")]
mod host;
#[cfg(target_arch = "wasm32")]
mod http_context;
#[cfg(target_arch = "wasm32")]
mod memory;
#[cfg(target_arch = "wasm32")]
mod root;
#[cfg(target_arch = "wasm32")]
mod stream;
#[cfg(all(target_arch = "wasm32", feature = "trap-on-request"))]
mod trap;
#[cfg(target_arch = "wasm32")]
mod worker;

#[cfg(target_arch = "wasm32")]
#[allow(missing_docs, reason = "the macro makes a public function and leaves no place for its documentation")]
mod entry {
    proxy_wasm::main! {{
        crate::shell::host::log_to_the_host();
        proxy_wasm::set_root_context(|context| Box::new(crate::shell::root::Root::new(context)));
    }}
}
