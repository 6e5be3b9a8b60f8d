//! A small host whose calls fail on command. It can answer as one of several hosts does.

mod kind;

pub(crate) use kind::Kind;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use wasmtime::{Caller, Engine, Extern, ExternType, Func, Instance, Linker, Module, Store, Val};

/// The body of every request.
pub(crate) const FORM: &[u8] = b"query=up";

pub(crate) const NOT_FOUND: i32 = 1;

pub(crate) const CONTINUE: i32 = 0;
pub(crate) const PAUSE: i32 = 1;

/// The statuses of the ABI, and numbers that are no status.
pub(crate) const STATUSES: [i32; 15] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 255, -1];

/// The behaviour of this host, and the actions of the filter.
pub(crate) struct State {
    configuration: &'static [u8],
    /// The call that fails, and its failure.
    pub(crate) failing: Option<(&'static str, Failure)>,
    request: Vec<(Vec<u8>, Vec<u8>)>,
    replies: Cell<usize>,
    /// The number of times that a paused request was released.
    resumed: Cell<usize>,
    /// The period of the ticks that was requested last.
    period: Cell<i32>,
    /// The data that workers would share.
    shared: RefCell<BTreeMap<Vec<u8>, Vec<u8>>>,
    /// The host that this one answers as.
    pub(crate) kind: Kind,
    /// The status of every answer.
    pub(crate) status: &'static [u8],
    /// `true` while a callback of the stream runs.
    in_stream: bool,
    /// The calls that change something of the stream, each in one line.
    changes: RefCell<Vec<String>>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Failure {
    Status(i32),
    Garbage(&'static [u8]),
}

fn module() -> &'static (Engine, Module) {
    static MODULE: OnceLock<(Engine, Module)> = OnceLock::new();
    MODULE.get_or_init(|| {
        let engine = Engine::default();
        let module = Module::from_file(&engine, promward_module::build().unwrap()).unwrap();
        (engine, module)
    })
}

impl State {
    fn new(configuration: &'static [u8], request: Vec<(Vec<u8>, Vec<u8>)>) -> Self {
        let (replies, resumed, period, shared, changes) = Default::default();
        let (failing, kind, status, in_stream) = (None, Kind::Envoy, b"302".as_slice(), false);
        Self {
            configuration,
            failing,
            request,
            replies,
            resumed,
            period,
            shared,
            kind,
            status,
            in_stream,
            changes,
        }
    }
}

/// A VM with one configured plugin and one stream.
pub(crate) struct Vm {
    pub(crate) store: Store<State>,
    instance: Instance,
}

pub(crate) const ROOT: i32 = 1;
pub(crate) const STREAM: i32 = 2;

impl Vm {
    pub(crate) fn start(configuration: &'static [u8], request: &[(&[u8], &[u8])]) -> Self {
        let (engine, module) = module();
        let request = request.iter().map(|(name, value)| (name.to_vec(), value.to_vec())).collect();
        let mut store = Store::new(engine, State::new(configuration, request));
        let mut linker = Linker::new(engine);
        for import in module.imports() {
            let ExternType::Func(signature) = import.ty() else { continue };
            let name = import.name().to_owned();
            let results = signature.results().len();
            let call = move |mut caller: Caller<'_, State>, arguments: &[Val], returned: &mut [Val]| {
                let status = host_call(&mut caller, &name, arguments);
                if results > 0 {
                    returned[0] = Val::I32(status);
                }
                Ok(())
            };
            linker.func_new(import.module(), import.name(), signature, call).unwrap();
        }
        let instance = linker.instantiate(&mut store, module).unwrap();
        let mut vm = Self { store, instance };
        vm.call("_initialize", &[]);
        vm.call("proxy_on_context_create", &[ROOT, 0]);
        vm.call("proxy_on_vm_start", &[ROOT, 0]);
        vm
    }

    pub(crate) fn configure(&mut self) -> i32 {
        self.call(
            "proxy_on_configure",
            &[ROOT, i32::try_from(self.store.data().configuration.len()).unwrap()],
        )
    }

    /// Calls an export. A trap fails the test.
    pub(crate) fn call(&mut self, name: &str, arguments: &[i32]) -> i32 {
        self.store.data_mut().in_stream = arguments.first() == Some(&STREAM);
        let function = self.instance.get_func(&mut self.store, name).unwrap();
        let arguments: Vec<_> = arguments.iter().map(|&argument| Val::I32(argument)).collect();
        let mut results = vec![Val::I32(0); function.ty(&self.store).results().len()];
        let failing = self.store.data().failing;
        if let Err(trap) = function.call(&mut self.store, &arguments, &mut results) {
            panic!("{name} traps with {failing:?}: {trap:#}");
        }
        results.first().map_or(0, Val::unwrap_i32)
    }

    /// Runs every callback of a stream, and returns the results for the request's headers and body, and for the
    /// answer's headers.
    pub(crate) fn stream(&mut self) -> [i32; 3] {
        self.call("proxy_on_context_create", &[STREAM, ROOT]);
        let headers = self.call("proxy_on_request_headers", &[STREAM, 5, 0]);
        let body = self.call("proxy_on_request_body", &[STREAM, i32::try_from(FORM.len()).unwrap(), 1]);
        self.call("proxy_on_request_trailers", &[STREAM, 0]);
        let answer = self.call("proxy_on_response_headers", &[STREAM, 3, 0]);
        self.call("proxy_on_delete", &[STREAM]);
        [headers, body, answer]
    }

    pub(crate) fn replies(&self) -> usize {
        self.store.data().replies.get()
    }

    pub(crate) fn resumed(&self) -> usize {
        self.store.data().resumed.get()
    }

    /// Returns the changes of the stream since the last call.
    pub(crate) fn changes(&self) -> Vec<String> {
        self.store.data().changes.take()
    }

    pub(crate) fn period(&self) -> i32 {
        self.store.data().period.get()
    }
}

pub(crate) fn form() -> Vec<(&'static [u8], &'static [u8])> {
    vec![
        (b":method", b"POST"),
        (b":path", b"/prometheus/api/v1/query"),
        (b":authority", b"example.com"),
        (b"content-type", b"application/x-www-form-urlencoded"),
        (b"x-scope-orgid", b"evil"),
    ]
}

fn host_call(caller: &mut Caller<'_, State>, name: &str, arguments: &[Val]) -> i32 {
    let count = |counter: &Cell<usize>| counter.set(counter.get() + 1);
    match name {
        "proxy_send_local_response" => count(&caller.data().replies),
        "proxy_continue_stream" => count(&caller.data().resumed),
        "proxy_set_tick_period_milliseconds" => caller.data().period.set(arguments[0].unwrap_i32()),
        _ => {}
    }
    let failing = caller.data().failing.filter(|(failing, _)| *failing == name).map(|(_, failure)| failure);
    if let Some(Failure::Status(status)) = failing {
        return status;
    }
    let number = |index: usize| arguments[index].unwrap_i32();
    if let Some(change) = kind::change(caller, name, &number) {
        caller.data().changes.borrow_mut().push(change);
    }
    let kind = caller.data().kind;
    let returned = match name {
        "proxy_get_property" if kind != Kind::Envoy => match kind::property(caller, number(0), number(1)) {
            Ok(value) => Some((value, 2)),
            Err(status) => return status,
        },
        "proxy_set_effective_context" if kind != Kind::Envoy => {
            return if kind == Kind::Nginx { 0 } else { 2 };
        }
        "proxy_get_header_map_pairs" if number(0) == 0 => Some((pairs(&caller.data().request), 1)),
        "proxy_get_header_map_pairs" => {
            let answer = [
                (b":status".to_vec(), caller.data().status.to_vec()),
                (b"location".to_vec(), b"/graph".to_vec()),
                (b"server".to_vec(), b"x".to_vec()),
            ];
            Some((pairs(&answer), 1))
        }
        "proxy_get_buffer_bytes" if number(0) == 7 => Some((caller.data().configuration.to_vec(), 3)),
        "proxy_get_buffer_bytes" => Some((FORM.to_vec(), 3)),
        "proxy_get_property" => Some((property(caller, number(0), number(1)).to_vec(), 2)),
        "proxy_get_shared_data" => {
            let key = read(caller, number(0), number(1));
            let Some(value) = caller.data().shared.borrow().get(&key).cloned() else { return NOT_FOUND };
            Some((value, 2))
        }
        "proxy_set_shared_data" => {
            let [key, value] = [0, 2].map(|at| read(caller, number(at), number(at + 1)));
            caller.data().shared.borrow_mut().insert(key, value);
            None
        }
        _ => None,
    };
    if let Some((bytes, pointer)) = returned {
        let bytes = if let Some(Failure::Garbage(garbage)) = failing { garbage } else { &bytes };
        hand_out(caller, bytes, number(pointer), number(pointer + 1));
    }
    0
}

/// Returns the property at a path, which is given by its address and length.
fn property(caller: &mut Caller<'_, State>, address: i32, length: i32) -> &'static [u8] {
    match read(caller, address, length).as_slice() {
        b"xds\0node\0user_agent_name" => b"envoy",
        b"source\0address" => b"192.0.2.1:1",
        b"connection\0tls_version" => b"TLSv1.3",
        _ => b"",
    }
}

/// Reads bytes of the module's memory.
fn read(caller: &mut Caller<'_, State>, address: i32, length: i32) -> Vec<u8> {
    let Some(Extern::Memory(memory)) = caller.get_export("memory") else { panic!("no memory") };
    let mut bytes = vec![0; usize::try_from(length).unwrap()];
    memory.read(&mut *caller, usize::try_from(address).unwrap(), &mut bytes).unwrap();
    bytes
}

/// Writes bytes into memory that the module allocates, and their address and length to where the module expects them.
fn hand_out(caller: &mut Caller<'_, State>, bytes: &[u8], pointer: i32, length: i32) {
    let Some(Extern::Func(allocate)) = caller.get_export("proxy_on_memory_allocate") else {
        panic!("no allocator")
    };
    let mut address = [Val::I32(0)];
    let size = i32::try_from(bytes.len()).unwrap();
    Func::call(&allocate, &mut *caller, &[Val::I32(size)], &mut address).unwrap();
    let address = address[0].unwrap_i32();
    let Some(Extern::Memory(memory)) = caller.get_export("memory") else { panic!("no memory") };
    memory.write(&mut *caller, usize::try_from(address).unwrap(), bytes).unwrap();
    memory.write(&mut *caller, usize::try_from(pointer).unwrap(), &address.to_le_bytes()).unwrap();
    memory.write(&mut *caller, usize::try_from(length).unwrap(), &size.to_le_bytes()).unwrap();
}

/// Returns a header map in the ABI's encoding.
fn pairs(headers: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let number = |length: usize| u32::try_from(length).unwrap().to_le_bytes();
    let mut bytes = number(headers.len()).to_vec();
    for (name, value) in headers {
        bytes.extend([number(name.len()), number(value.len())].concat());
    }
    for (name, value) in headers {
        bytes.extend([name.as_slice(), &[0], value, &[0]].concat());
    }
    bytes
}
