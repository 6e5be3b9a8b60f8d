//! The functions of the module that a host calls (proxy-wasm ABI 0.2.1), by the names that it knows. Each finds the
//! context that it is about and passes the call on. A host calls every one that is exported, so there are only those that
//! the filter needs, and the three that nginx calls without looking whether they are there.

use super::action::Action;
use super::contexts;
use super::host;
use super::root::Root;

#[unsafe(no_mangle)]
extern "C" fn proxy_abi_version_0_2_1() {}

#[unsafe(no_mangle)]
extern "C" fn _initialize() {
    unsafe extern "C" {
        fn __wasm_call_ctors();
    }
    // SAFETY: the host calls this once, before any other function.
    unsafe { __wasm_call_ctors() };
    host::log_to_the_host();
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_memory_allocate(size: usize) -> *mut u8 {
    host::allocate(size)
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_context_create(context: u32, root: u32) {
    contexts::create(context, root);
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_vm_start(root: u32, _: usize) -> bool {
    contexts::root(root, |_| Root::start())
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_configure(root: u32, size: usize) -> bool {
    contexts::root(root, |root| root.configure(size))
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_tick(root: u32) {
    contexts::root(root, Root::tick);
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_headers(context: u32, _: usize, end_of_stream: bool) -> Action {
    contexts::stream(context, |stream| stream.request_headers(end_of_stream))
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_body(context: u32, size: usize, end_of_stream: bool) -> Action {
    contexts::stream(context, |stream| stream.request_body(size, end_of_stream))
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_trailers(context: u32, _: usize) -> Action {
    contexts::stream(context, |stream| stream.request_trailers())
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_headers(context: u32, _: usize, _: bool) -> Action {
    contexts::stream(context, |stream| stream.response_headers())
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_body(context: u32, size: usize, end_of_stream: bool) -> Action {
    contexts::stream(context, |stream| stream.response_body(size, end_of_stream))
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_trailers(_: u32, _: usize) -> Action {
    Action::Continue
}

/// Passes the answer to a call on to the stream that made it, unless that has ended.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_http_call_response(_: u32, call: u32, _: usize, size: usize, _: usize) {
    let Some(context) = host::caller(call) else { return };
    contexts::stream_if_there(context, |stream| {
        if host::act_on(context).is_ok() {
            stream.call_response(size);
        }
    });
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_done(_: u32) -> bool {
    true
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_log(_: u32) {}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_delete(context: u32) {
    contexts::delete(context);
}
