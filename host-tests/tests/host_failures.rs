//! What a host may do wrong: every host call that the filter makes fails, one after the other, with every status that
//! there is and some that there isn't, and hands out what can't be read. No VM traps, and no request goes on unguarded.
//! No real host fails like this on command, so a host of some lines stands in for one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that meets what it doesn't expect fails"
)]
#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a stand-in for a host that panics fails the test"
)]

use std::cell::Cell;
use std::sync::OnceLock;
use wasmtime::{Caller, Engine, Extern, ExternType, Func, Instance, Linker, Module, Store, Val};

const CONFIGURATION: &[u8] = br#"{
    "mounts": [{ "prefix": "/prometheus", "cluster": "prometheus" }],
    "access": [{ "who": ["anyone"], "may": ["everything"] }],
    "headers": { "cors": { "origins": ["https://a.example"] } }
}"#;

const FORM: &[u8] = b"query=up";

const NOT_FOUND: i32 = 1;

const CONTINUE: i32 = 0;
const PAUSE: i32 = 1;

/// The statuses of the ABI, and numbers that are none.
const STATUSES: [i32; 15] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 255, -1];

/// What this host does, and what the filter did.
struct State {
    /// The call that fails, and how.
    failing: Option<(&'static str, Failure)>,
    request: Vec<(Vec<u8>, Vec<u8>)>,
    replies: Cell<usize>,
}

#[derive(Clone, Copy, Debug)]
enum Failure {
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

/// A VM with one configured plugin and one stream.
struct Vm {
    store: Store<State>,
    instance: Instance,
}

const ROOT: i32 = 1;
const STREAM: i32 = 2;

impl Vm {
    fn start(request: &[(&[u8], &[u8])]) -> Self {
        let (engine, module) = module();
        let request = request.iter().map(|(name, value)| (name.to_vec(), value.to_vec())).collect();
        let mut store = Store::new(engine, State { failing: None, request, replies: Cell::new(0) });
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

    fn configure(&mut self) -> i32 {
        self.call("proxy_on_configure", &[ROOT, i32::try_from(CONFIGURATION.len()).unwrap()])
    }

    /// Calls an export; a trap fails the test.
    fn call(&mut self, name: &str, arguments: &[i32]) -> i32 {
        let function = self.instance.get_func(&mut self.store, name).unwrap();
        let arguments: Vec<_> = arguments.iter().map(|&argument| Val::I32(argument)).collect();
        let mut results = vec![Val::I32(0); function.ty(&self.store).results().len()];
        let failing = self.store.data().failing;
        if let Err(trap) = function.call(&mut self.store, &arguments, &mut results) {
            panic!("{name} traps with {failing:?}: {trap:#}");
        }
        results.first().map_or(0, Val::unwrap_i32)
    }

    /// Runs every callback of a stream and gives what the request's headers and body, and the answer's headers said.
    fn stream(&mut self) -> [i32; 3] {
        self.call("proxy_on_context_create", &[STREAM, ROOT]);
        let headers = self.call("proxy_on_request_headers", &[STREAM, 5, 0]);
        let body = self.call("proxy_on_request_body", &[STREAM, i32::try_from(FORM.len()).unwrap(), 1]);
        self.call("proxy_on_request_trailers", &[STREAM, 0]);
        let answer = self.call("proxy_on_response_headers", &[STREAM, 3, 0]);
        self.call("proxy_on_delete", &[STREAM]);
        [headers, body, answer]
    }

    fn replies(&self) -> usize {
        self.store.data().replies.get()
    }
}

fn form() -> Vec<(&'static [u8], &'static [u8])> {
    vec![
        (b":method", b"POST"),
        (b":path", b"/prometheus/api/v1/query"),
        (b":authority", b"example.com"),
        (b"content-type", b"application/x-www-form-urlencoded"),
        (b"x-scope-orgid", b"evil"),
    ]
}

fn host_call(caller: &mut Caller<'_, State>, name: &str, arguments: &[Val]) -> i32 {
    if name == "proxy_send_local_response" {
        caller.data().replies.set(caller.data().replies.get() + 1);
    }
    let failing = caller.data().failing.filter(|(failing, _)| *failing == name).map(|(_, failure)| failure);
    if let Some(Failure::Status(status)) = failing {
        return status;
    }
    let number = |index: usize| arguments[index].unwrap_i32();
    let returned = match name {
        "proxy_get_header_map_pairs" if number(0) == 0 => Some((pairs(&caller.data().request), 1)),
        "proxy_get_header_map_pairs" => {
            let answer = [
                (b":status".to_vec(), b"302".to_vec()),
                (b"location".to_vec(), b"/graph".to_vec()),
                (b"server".to_vec(), b"x".to_vec()),
            ];
            Some((pairs(&answer), 1))
        }
        "proxy_get_buffer_bytes" if number(0) == 7 => Some((CONFIGURATION.to_vec(), 3)),
        "proxy_get_buffer_bytes" => Some((FORM.to_vec(), 3)),
        "proxy_get_property" => Some((b"TLSv1.3".to_vec(), 2)),
        _ => None,
    };
    if let Some((bytes, pointer)) = returned {
        let bytes = if let Some(Failure::Garbage(garbage)) = failing { garbage } else { &bytes };
        hand_out(caller, bytes, number(pointer), number(pointer + 1));
    }
    0
}

/// Writes bytes into memory of the module's own, and where they are to where it wants to read that.
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

/// A header map as it crosses the border.
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

#[test]
fn a_host_that_does_what_it_should_gets_all_three_callbacks_through() {
    let mut vm = Vm::start(&form());
    assert_eq!(vm.configure(), 1);
    assert_eq!((vm.stream(), vm.replies()), ([CONTINUE; 3], 0));
}

#[test]
fn a_host_call_that_fails_stops_the_request_and_never_traps() {
    for (call, expected) in [
        ("proxy_get_header_map_pairs", [PAUSE, PAUSE, CONTINUE]),
        ("proxy_remove_header_map_value", [PAUSE, PAUSE, CONTINUE]),
        ("proxy_replace_header_map_value", [PAUSE, PAUSE, CONTINUE]),
        ("proxy_get_buffer_bytes", [CONTINUE, PAUSE, CONTINUE]),
        ("proxy_set_buffer_bytes", [CONTINUE, PAUSE, CONTINUE]),
        ("proxy_add_header_map_value", [CONTINUE, CONTINUE, PAUSE]),
    ] {
        for status in STATUSES {
            let mut vm = Vm::start(&form());
            assert_eq!(vm.configure(), 1);
            vm.store.data_mut().failing = Some((call, Failure::Status(status)));
            let is_gone_already = call == "proxy_remove_header_map_value" && status == NOT_FOUND;
            let (expected, replies) = if is_gone_already { ([CONTINUE; 3], 0) } else { (expected, 1) };
            assert_eq!((vm.stream(), vm.replies()), (expected, replies), "{call} with {status}");
        }
    }
}

#[test]
fn what_a_host_does_not_know_is_done_without() {
    for call in ["proxy_get_property", "proxy_log", "proxy_send_local_response"] {
        for status in STATUSES {
            let mut vm = Vm::start(&form());
            assert_eq!(vm.configure(), 1);
            vm.store.data_mut().failing = Some((call, Failure::Status(status)));
            assert_eq!(vm.stream(), [CONTINUE; 3], "{call} with {status}");
        }
    }
}

#[test]
fn a_reply_that_the_host_refuses_holds_the_request() {
    let mut request = form();
    request[1].1 = b"/elsewhere";
    for status in STATUSES {
        let mut vm = Vm::start(&request);
        assert_eq!(vm.configure(), 1);
        vm.store.data_mut().failing = Some(("proxy_send_local_response", Failure::Status(status)));
        let [headers, body, _] = vm.stream();
        assert_eq!([headers, body], [PAUSE; 2], "with {status}");
    }
}

#[test]
fn a_header_map_that_can_not_be_read_stops_the_request() {
    for garbage in [
        &b"\x01"[..],
        b"\xff\xff\xff\xff",
        b"\x01\0\0\0\xff\xff\xff\x7f\xff\xff\xff\x7f",
        b"\x01\0\0\0\x01\0\0\0\x01\0\0\0ab",
    ] {
        let mut vm = Vm::start(&form());
        assert_eq!(vm.configure(), 1);
        vm.store.data_mut().failing = Some(("proxy_get_header_map_pairs", Failure::Garbage(garbage)));
        assert_eq!(vm.stream(), [PAUSE, PAUSE, CONTINUE], "{garbage:?}");
        assert_eq!(vm.replies(), 1);
    }
}

#[test]
fn a_configuration_that_can_not_be_read_is_refused() {
    for failure in STATUSES.map(Failure::Status).into_iter().chain([
        Failure::Garbage(b""),
        Failure::Garbage(b"\xff\xfe"),
        Failure::Garbage(b"\x0a\x10\x0a\x06mounts"),
    ]) {
        let mut vm = Vm::start(&form());
        vm.store.data_mut().failing = Some(("proxy_get_buffer_bytes", failure));
        assert_eq!(vm.configure(), 0, "{failure:?}");
        assert_eq!(vm.stream(), [PAUSE, PAUSE, CONTINUE], "{failure:?}");
    }
}

#[test]
fn headers_that_are_no_text_and_a_thousand_of_them_pass() {
    let names: Vec<Vec<u8>> = (0..1_000).map(|number| format!("x-{number}").into_bytes()).collect();
    let mut request = form();
    request.extend(names.iter().map(|name| (name.as_slice(), &b"\xff\xfe"[..])));
    request.push((b"\xff\xfe\0name", b"\r\n\0"));
    let mut vm = Vm::start(&request);
    assert_eq!(vm.configure(), 1);
    assert_eq!((vm.stream(), vm.replies()), ([CONTINUE; 3], 0));
}
