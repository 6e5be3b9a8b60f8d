//! An instance of the module: its exports, its memory, and its end when it traps.

use std::sync::{Arc, Mutex};

use anyhow::{Context, Result, bail};
use wasmtime::{Instance, Store, TypedFunc, WasmParams, WasmResults};

use super::calls::Answer;
use super::counts::Counts;
use super::error::from_wasmtime;
use super::exports::{Call, Exports, export};
use super::message::Way;
use super::settings::Level;
use super::state::{PluginState, State, Streams, lock};
use super::stream::Moment;

/// The fuel of every callback. No machine uses it up in its life, so that fuel is a counter and never a limit.
const FUEL: u64 = u64::MAX;

/// A running instance of the module.
pub(super) struct Vm {
    store: Store<State>,
    instance: Instance,
    exports: Exports,
    failed: bool,
}

impl Vm {
    /// Starts and configures the module.
    ///
    /// # Errors
    ///
    /// Returns an error if the module traps, or if its `on_vm_start` or `on_configure` returns false.
    pub(super) fn start(plugin: &Arc<PluginState>, root: u32, counts: Arc<Mutex<Counts>>) -> Result<Vm> {
        let mut store = Store::new(&plugin.engine, State::new(Arc::clone(plugin), root, counts));
        store.set_fuel(FUEL).expect("the engine counts fuel");
        let instance = plugin
            .module
            .instantiate(&mut store)
            .map_err(from_wasmtime)
            .context("instantiating the module")?;
        let exports = Exports::of(&instance, &mut store);
        let memory = instance.get_memory(&mut store, "memory");
        store.data_mut().memory = memory;
        let allocate = export(&instance, &mut store, "proxy_on_memory_allocate")
            .or_else(|| export(&instance, &mut store, "malloc"));
        store.data_mut().allocate = allocate;
        let initialize: Call<()> = export(&instance, &mut store, "_initialize");
        let mut vm = Vm { store, instance, exports, failed: false };
        vm.run("_initialize", root, initialize, (), None);
        vm.configure(root)?;
        Ok(vm)
    }

    fn configure(&mut self, root: u32) -> Result<()> {
        let settings = &self.store.data().plugin.settings;
        let vm_size = size(&settings.vm_configuration);
        let size = size(&settings.configuration);
        self.run("proxy_on_context_create", root, self.exports.context_create.clone(), (root, 0), None);
        let started =
            self.run("proxy_on_vm_start", root, self.exports.vm_start.clone(), (root, vm_size), None);
        self.store.data_mut().configuring = true;
        let configured =
            self.run("proxy_on_configure", root, self.exports.configure.clone(), (root, size), None);
        self.store.data_mut().configuring = false;
        if self.failed {
            bail!("the module trapped at its start");
        }
        if started == Some(0) {
            bail!("the module refused to start: its on_vm_start returned false");
        }
        if configured == Some(0) {
            bail!("the module refused its configuration: its on_configure returned false");
        }
        Ok(())
    }

    /// Returns the value of an exported global of 64 bits, or `None` if the module has none of this name.
    pub(super) fn global(&mut self, name: &str) -> Option<i64> {
        self.instance.get_global(&mut self.store, name)?.get(&mut self.store).i64()
    }

    /// Returns `true` if the module has trapped.
    pub(super) fn failed(&self) -> bool {
        self.failed
    }

    pub(super) fn state(&mut self) -> &mut State {
        self.store.data_mut()
    }

    pub(super) fn peek(&self) -> &State {
        self.store.data()
    }

    pub(super) fn on_context_create(&mut self, streams: &mut Streams, id: u32) {
        let root = self.store.data().root;
        self.run(
            "proxy_on_context_create",
            id,
            self.exports.context_create.clone(),
            (id, root),
            Some(streams),
        );
    }

    pub(super) fn on_tick(&mut self, streams: &mut Streams) {
        let root = self.store.data().root;
        self.run("proxy_on_tick", root, self.exports.tick.clone(), root, Some(streams));
    }

    pub(super) fn on_queue_ready(&mut self, streams: &mut Streams, token: u32) {
        let root = self.store.data().root;
        self.run(
            "proxy_on_queue_ready",
            root,
            self.exports.queue_ready.clone(),
            (root, token),
            Some(streams),
        );
    }

    /// Hands the module the answer to a call, which its context can read meanwhile.
    pub(super) fn on_call_response(
        &mut self,
        streams: &mut Streams,
        token: u32,
        context: u32,
        answer: Answer,
    ) {
        let (headers, body) = (answer.headers.len() as u32, size(&answer.body));
        self.store.data_mut().calls.answer = Some((context, answer));
        self.run(
            "proxy_on_http_call_response",
            context,
            self.exports.call_response.clone(),
            (context, token, headers, body, 0),
            Some(streams),
        );
        self.store.data_mut().calls.answer = None;
    }

    /// Calls a callback about a message. Returns its answer, or `None` if it isn't exported or trapped.
    pub(super) fn on_message(
        &mut self,
        streams: &mut Streams,
        id: u32,
        callback: MessageCallback,
    ) -> Option<u32> {
        let exports = &self.exports;
        let flag = u32::from;
        match callback {
            MessageCallback::RequestHeaders(count, end) => {
                let function = exports.request_headers.clone();
                self.run("proxy_on_request_headers", id, function, (id, count, flag(end)), Some(streams))
            }
            MessageCallback::RequestBody(size, end) => {
                let function = exports.request_body.clone();
                self.run("proxy_on_request_body", id, function, (id, size, flag(end)), Some(streams))
            }
            MessageCallback::RequestTrailers(count) => {
                let function = exports.request_trailers.clone();
                self.run("proxy_on_request_trailers", id, function, (id, count), Some(streams))
            }
            MessageCallback::ResponseHeaders(count, end) => {
                let function = exports.response_headers.clone();
                self.run("proxy_on_response_headers", id, function, (id, count, flag(end)), Some(streams))
            }
            MessageCallback::ResponseBody(size, end) => {
                let function = exports.response_body.clone();
                self.run("proxy_on_response_body", id, function, (id, size, flag(end)), Some(streams))
            }
            MessageCallback::ResponseTrailers(count) => {
                let function = exports.response_trailers.clone();
                self.run("proxy_on_response_trailers", id, function, (id, count), Some(streams))
            }
        }
    }

    pub(super) fn on_log(&mut self, streams: &mut Streams, id: u32) {
        self.run("proxy_on_log", id, self.exports.log.clone(), id, Some(streams));
    }

    pub(super) fn on_done(&mut self, streams: &mut Streams, id: u32) {
        self.run("proxy_on_done", id, self.exports.done.clone(), id, Some(streams));
    }

    pub(super) fn on_delete(&mut self, streams: &mut Streams, id: u32) {
        self.run("proxy_on_delete", id, self.exports.delete.clone(), id, Some(streams));
    }

    /// Calls an export, while host calls can reach the worker's streams. A trap ends the VM.
    fn run<Parameters: WasmParams, Results: WasmResults>(
        &mut self,
        name: &'static str,
        context: u32,
        function: Option<TypedFunc<Parameters, Results>>,
        parameters: Parameters,
        mut streams: Option<&mut Streams>,
    ) -> Option<Results> {
        let function = function.filter(|_| !self.failed)?;
        let state = self.store.data_mut();
        state.current = context;
        state.effective = 0;
        if let Some(streams) = streams.as_mut() {
            std::mem::swap(&mut state.streams, streams);
        }
        self.store.set_fuel(FUEL).expect("the engine counts fuel");
        let result = function.call(&mut self.store, parameters);
        let left = self.store.get_fuel().expect("the engine counts fuel");
        let state = self.store.data_mut();
        if let Some(streams) = streams {
            std::mem::swap(&mut state.streams, streams);
        }
        lock(&state.counts).callback(name, FUEL - left);
        result.map_err(|trap| self.fail(name, &trap)).ok()
    }

    fn fail(&mut self, name: &str, trap: &wasmtime::Error) {
        self.failed = true;
        self.peek().plugin.log(Level::Critical, &format!("the module trapped in {name}: {trap:?}"));
    }
}

/// A callback about a message, with the number of its headers or the bytes of its body, and `true` if the message ends
/// there.
#[derive(Clone, Copy, Debug)]
pub(super) enum MessageCallback {
    RequestHeaders(u32, bool),
    RequestBody(u32, bool),
    RequestTrailers(u32),
    ResponseHeaders(u32, bool),
    ResponseBody(u32, bool),
    ResponseTrailers(u32),
}

impl MessageCallback {
    pub(super) fn moment(self) -> Moment {
        match self {
            Self::RequestHeaders(..) => Moment::Head(Way::Request),
            Self::RequestBody(..) => Moment::Body(Way::Request),
            Self::RequestTrailers(_) => Moment::Trailers(Way::Request),
            Self::ResponseHeaders(..) => Moment::Head(Way::Response),
            Self::ResponseBody(..) => Moment::Body(Way::Response),
            Self::ResponseTrailers(_) => Moment::Trailers(Way::Response),
        }
    }
}

fn size(bytes: &[u8]) -> u32 {
    bytes.len() as u32
}
