//! The only code that knows a host. The host's callbacks come in and become calls of the core, and the core's decisions
//! go out as calls of the host. It exists in WebAssembly only, but for what is tested natively: the format of header maps,
//! the allocator, and the hosts that are known.

#[cfg(any(test, target_arch = "wasm32"))]
mod allocator;
#[cfg(target_arch = "wasm32")]
mod facts;
mod header_map;
#[cfg(target_arch = "wasm32")]
mod heads;
#[cfg(target_arch = "wasm32")]
mod host;
mod host_kind;
#[cfg(target_arch = "wasm32")]
mod http_context;
#[cfg(target_arch = "wasm32")]
mod memory;
#[cfg(target_arch = "wasm32")]
mod metrics;
#[cfg(target_arch = "wasm32")]
mod root;
#[cfg(target_arch = "wasm32")]
mod stream;
#[cfg(target_arch = "wasm32")]
mod ticks;
#[cfg(all(target_arch = "wasm32", feature = "trap-on-request"))]
mod trap;
mod unfit;
#[cfg(target_arch = "wasm32")]
mod worker;

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: allocator::Recycling<std::alloc::System> = allocator::Recycling::new(std::alloc::System);

#[cfg(target_arch = "wasm32")]
#[allow(missing_docs, reason = "the macro makes a public function and leaves no place for its documentation")]
mod entry {
    proxy_wasm::main! {{
        crate::shell::host::log_to_the_host();
        proxy_wasm::set_root_context(|context| Box::new(crate::shell::root::Root::new(context)));
    }}
}
