//! The callbacks that a module exports. A host calls those that exist and skips the others.

use wasmtime::{Instance, Store, TypedFunc, WasmParams, WasmResults};

use super::state::State;

pub(super) type Call<Parameters> = Option<TypedFunc<Parameters, ()>>;
pub(super) type Ask<Parameters> = Option<TypedFunc<Parameters, u32>>;

/// The callbacks of one instance.
pub(super) struct Exports {
    pub(super) context_create: Call<(u32, u32)>,
    pub(super) vm_start: Ask<(u32, u32)>,
    pub(super) configure: Ask<(u32, u32)>,
    pub(super) tick: Call<u32>,
    pub(super) queue_ready: Call<(u32, u32)>,
    pub(super) call_response: Call<(u32, u32, u32, u32, u32)>,
    pub(super) request_headers: Ask<(u32, u32, u32)>,
    pub(super) request_body: Ask<(u32, u32, u32)>,
    pub(super) request_trailers: Ask<(u32, u32)>,
    pub(super) response_headers: Ask<(u32, u32, u32)>,
    pub(super) response_body: Ask<(u32, u32, u32)>,
    pub(super) response_trailers: Ask<(u32, u32)>,
    pub(super) done: Ask<u32>,
    pub(super) log: Call<u32>,
    pub(super) delete: Call<u32>,
}

impl Exports {
    pub(super) fn of(instance: &Instance, store: &mut Store<State>) -> Exports {
        Exports {
            context_create: export(instance, store, "proxy_on_context_create"),
            vm_start: export(instance, store, "proxy_on_vm_start"),
            configure: export(instance, store, "proxy_on_configure"),
            tick: export(instance, store, "proxy_on_tick"),
            queue_ready: export(instance, store, "proxy_on_queue_ready"),
            call_response: export(instance, store, "proxy_on_http_call_response"),
            request_headers: export(instance, store, "proxy_on_request_headers"),
            request_body: export(instance, store, "proxy_on_request_body"),
            request_trailers: export(instance, store, "proxy_on_request_trailers"),
            response_headers: export(instance, store, "proxy_on_response_headers"),
            response_body: export(instance, store, "proxy_on_response_body"),
            response_trailers: export(instance, store, "proxy_on_response_trailers"),
            done: export(instance, store, "proxy_on_done"),
            log: export(instance, store, "proxy_on_log"),
            delete: export(instance, store, "proxy_on_delete"),
        }
    }
}

/// Returns the function of this name, if the module exports it with this type.
pub(super) fn export<Parameters: WasmParams, Results: WasmResults>(
    instance: &Instance,
    store: &mut Store<State>,
    name: &str,
) -> Option<TypedFunc<Parameters, Results>> {
    instance.get_typed_func(store, name).ok()
}
