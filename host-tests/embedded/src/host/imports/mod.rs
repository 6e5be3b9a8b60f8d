//! The functions that a module may import: all of ABI 0.2.1, and those of WASI that Rust's standard library needs. Each
//! file has the functions of one kind. A function takes the call and its arguments, and returns a status.

use wasmtime::{Caller, Linker};

use super::calls::Answer;
use super::memory::Guest;
use super::state::State;
use super::status::Status;

mod buffers;
mod headers;
mod metrics;
mod properties;
mod shared;
mod streams;
mod system;
mod wasi;

/// Defines an import of the ABI from a function that returns an [`Outcome`](super::status::Outcome).
macro_rules! proxy {
    ($linker:ident: $($name:literal => $function:path, ($($argument:ident: $kind:ty),*);)*) => {$(
        $linker.func_wrap("env", $name, |caller: Caller<'_, State>, $($argument: $kind),*| -> wasmtime::Result<i32> {
            Status::code($function(&mut Guest::new(caller, $name), $($argument),*))
        })?;
    )*};
}

/// Defines every import of the ABI and of WASI.
pub(super) fn define(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    define_messages(linker)?;
    define_services(linker)?;
    wasi::define(linker)
}

fn define_messages(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    proxy!(linker:
        "proxy_get_header_map_pairs" => headers::pairs, (map: u32, pointer: u32, size: u32);
        "proxy_set_header_map_pairs" => headers::set_pairs, (map: u32, pointer: u32, size: u32);
        "proxy_get_header_map_size" => headers::size, (map: u32, size: u32);
        "proxy_get_header_map_value" => headers::value, (map: u32, name: u32, name_size: u32, value: u32, value_size: u32);
        "proxy_add_header_map_value" => headers::add, (map: u32, name: u32, name_size: u32, value: u32, value_size: u32);
        "proxy_replace_header_map_value" => headers::replace, (map: u32, name: u32, name_size: u32, value: u32, value_size: u32);
        "proxy_remove_header_map_value" => headers::remove, (map: u32, name: u32, name_size: u32);
        "proxy_get_buffer_bytes" => buffers::get, (buffer: u32, start: u32, size: u32, to: u32, size_to: u32);
        "proxy_set_buffer_bytes" => buffers::set, (buffer: u32, start: u32, size: u32, from: u32, from_size: u32);
        "proxy_get_buffer_status" => buffers::status, (buffer: u32, size: u32, flags: u32);
        "proxy_get_property" => properties::get, (path: u32, path_size: u32, value: u32, value_size: u32);
        "proxy_set_property" => properties::set, (path: u32, path_size: u32, value: u32, value_size: u32);
        "proxy_continue_stream" => streams::resume, (kind: u32);
        "proxy_close_stream" => streams::close, (kind: u32);
        "proxy_send_local_response" => streams::reply,
            (status: u32, details: u32, details_size: u32, body: u32, body_size: u32, headers: u32, headers_size: u32, grpc: i32);
        "proxy_set_effective_context" => streams::set_effective_context, (context: u32);
        "proxy_done" => streams::done, ();
    );
    Ok(())
}

fn define_services(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    proxy!(linker:
        "proxy_log" => system::log, (level: u32, message: u32, size: u32);
        "proxy_get_log_level" => system::log_level, (level: u32);
        "proxy_get_current_time_nanoseconds" => system::time, (time: u32);
        "proxy_set_tick_period_milliseconds" => system::tick_period, (period: u32);
        "proxy_call_foreign_function" => system::foreign,
            (name: u32, name_size: u32, arguments: u32, size: u32, results: u32, results_size: u32);
        "proxy_get_status" => system::call_status, (code: u32, message: u32, size: u32);
        "proxy_http_call" => system::http_call,
            (cluster: u32, cluster_size: u32, headers: u32, headers_size: u32, body: u32, body_size: u32,
             trailers: u32, trailers_size: u32, timeout: u32, token: u32);
        "proxy_grpc_call" => system::grpc_call,
            (service: u32, service_size: u32, name: u32, name_size: u32, method: u32, method_size: u32,
             metadata: u32, metadata_size: u32, message: u32, message_size: u32, timeout: u32, token: u32);
        "proxy_grpc_stream" => system::grpc_stream,
            (service: u32, service_size: u32, name: u32, name_size: u32, method: u32, method_size: u32,
             metadata: u32, metadata_size: u32, token: u32);
        "proxy_grpc_send" => system::grpc_send, (token: u32, message: u32, message_size: u32, end_of_stream: u32);
        "proxy_grpc_cancel" => system::grpc_end, (token: u32);
        "proxy_grpc_close" => system::grpc_end, (token: u32);
        "proxy_define_metric" => metrics::define, (kind: u32, name: u32, name_size: u32, id: u32);
        "proxy_increment_metric" => metrics::increment, (id: u32, offset: i64);
        "proxy_record_metric" => metrics::record, (id: u32, value: u64);
        "proxy_get_metric" => metrics::get, (id: u32, value: u32);
        "proxy_get_shared_data" => shared::get, (key: u32, key_size: u32, value: u32, value_size: u32, cas: u32);
        "proxy_set_shared_data" => shared::set, (key: u32, key_size: u32, value: u32, value_size: u32, cas: u32);
        "proxy_register_shared_queue" => shared::register, (name: u32, name_size: u32, token: u32);
        "proxy_resolve_shared_queue" => shared::resolve, (vm_id: u32, vm_id_size: u32, name: u32, name_size: u32, token: u32);
        "proxy_enqueue_shared_queue" => shared::enqueue, (token: u32, value: u32, value_size: u32);
        "proxy_dequeue_shared_queue" => shared::dequeue, (token: u32, value: u32, value_size: u32);
    );
    Ok(())
}

/// Returns the answer to a call, if the context that host calls act on is the one that it is shown to.
fn call_answer(guest: &mut Guest) -> Option<Answer> {
    let state = guest.state();
    let context = state.context();
    state.calls.answer.as_ref().filter(|(shown_to, _)| *shown_to == context).map(|(_, answer)| answer.clone())
}
