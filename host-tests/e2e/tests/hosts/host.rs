//! Checks what our host promises beyond the traces: which modules it refuses to load, what a trap ends, and what it
//! counts.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use promward_embedded::host::{
    Connection, FailurePolicy, Frame, Headers, Level, Log, MetricValue, Output, Plugin, Settings, StreamId,
    Why, Worker,
};

fn settings() -> Settings {
    let module = promward_module::build_package("promward-probe").unwrap();
    Settings::new(std::fs::read(module).unwrap(), "")
}

fn pairs(pairs: &[(&str, &str)]) -> Headers {
    pairs.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec())).collect()
}

/// Opens a stream and sends a request's head, with more to follow.
fn request(worker: &mut Worker, header: &str, value: &str) -> StreamId {
    let loopback = ([127, 0, 0, 1], 1).into();
    let id = worker.open(Arc::new(Connection::plain(1, loopback, loopback)));
    let head =
        [(":authority", "a"), (":path", "/"), (":method", "POST"), (":scheme", "http"), (header, value)];
    worker.request(id, Frame::Headers(pairs(&head), false));
    id
}

fn tell(worker: &mut Worker, what: &str) {
    let id = request(worker, "x-probe-tell", what);
    worker.close(id, Why::Finished);
    worker.tick();
}

/// Returns the status that the client gets, if there is one.
fn status(worker: &mut Worker, id: StreamId) -> Option<String> {
    worker.outputs(id).into_iter().find_map(|output| match output {
        Output::ToDownstream(Frame::Headers(head, _)) => Some(String::from_utf8(head[0].1.clone()).unwrap()),
        _ => None,
    })
}

#[test]
fn a_file_that_is_no_module_is_refused_by_name() {
    let error = Plugin::load(Settings::new(b"(module)".to_vec(), "")).err().unwrap();
    assert!(format!("{error:#}").contains("compiling the module"), "{error:#}");
    let empty = b"\0asm\x01\0\0\0".to_vec();
    let error = Plugin::load(Settings::new(empty, "")).err().unwrap();
    assert!(error.to_string().contains("proxy_abi_version_0_2_1"), "{error:#}");
}

#[test]
fn a_refused_configuration_is_told_in_the_modules_words() {
    let error = Plugin::load(Settings { configuration: b"refuse".to_vec(), ..settings() }).err().unwrap();
    assert!(error.to_string().contains("this configuration is refused"), "{error:#}");
}

#[test]
fn a_trap_takes_down_one_worker_for_good() {
    let plugin = Plugin::load(settings()).unwrap();
    let (mut broken, mut whole) = (plugin.worker().unwrap(), plugin.worker().unwrap());
    let paused = request(&mut broken, "x-probe", "request_headers=pause");
    let id = request(&mut broken, "x-probe", "request_headers=trap");
    assert_eq!(status(&mut broken, id).as_deref(), Some("503"));
    assert!(broken.failed());
    let id = request(&mut broken, "x-probe", "");
    assert_eq!(status(&mut broken, id).as_deref(), Some("503"));
    assert_eq!(broken.tick_period(), None);
    assert_eq!(broken.outputs(paused), []);
    broken.close(paused, Why::ClientGone);
    let id = request(&mut whole, "x-probe", "");
    assert!(matches!(whole.outputs(id)[..], [Output::ToUpstream(Frame::Headers(_, false))]));
}

#[test]
fn with_fail_reload_the_next_request_has_a_new_vm() {
    let settings =
        Settings { failure_policy: FailurePolicy::FailReload, reload_backoff: Duration::ZERO, ..settings() };
    let mut worker = Plugin::load(settings).unwrap().worker().unwrap();
    let old = request(&mut worker, "x-probe", "");
    worker.outputs(old);
    let id = request(&mut worker, "x-probe", "request_headers=trap");
    assert_eq!(status(&mut worker, id).as_deref(), Some("503"));
    let id = request(&mut worker, "x-probe", "");
    assert!(matches!(worker.outputs(id)[..], [Output::ToUpstream(Frame::Headers(_, false))]));
    assert!(!worker.failed());
    // A stream of the old VM isn't a stream of the new VM.
    worker.request(old, Frame::Data("abc".into(), true));
    assert_eq!(status(&mut worker, old).as_deref(), Some("503"));
}

#[test]
fn with_fail_reload_a_vm_is_not_loaded_again_at_once() {
    let settings = Settings {
        failure_policy: FailurePolicy::FailReload,
        reload_backoff: Duration::from_secs(3600),
        ..settings()
    };
    let mut worker = Plugin::load(settings).unwrap().worker().unwrap();
    request(&mut worker, "x-probe", "request_headers=trap");
    let id = request(&mut worker, "x-probe", "");
    assert_eq!(status(&mut worker, id).as_deref(), Some("503"));
}

#[test]
fn a_tick_that_moves_a_stream_wakes_its_front() {
    let mut worker = Plugin::load(settings()).unwrap().worker().unwrap();
    assert_eq!(worker.tick_period(), Some(Duration::from_millis(1)));
    let id = request(&mut worker, "x-probe", "request_headers=pause");
    let woken = Rc::new(Cell::new(0));
    let counter = Rc::clone(&woken);
    worker.set_waker(id, Box::new(move || counter.set(counter.get() + 1)));
    worker.tick();
    assert_eq!(woken.get(), 0);
    tell(&mut worker, "reply");
    assert_eq!(woken.get(), 1);
    assert_eq!(status(&mut worker, id).as_deref(), Some("403"));
}

#[test]
fn a_release_that_would_crash_envoy_is_logged_and_resets() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&lines);
    let log: Log = Arc::new(move |level, line| log.lock().unwrap().push((level, line.to_owned())));
    let mut worker = Plugin::load(Settings { log, ..settings() }).unwrap().worker().unwrap();
    let id = request(&mut worker, "x-probe", "request_headers=pause");
    tell(&mut worker, "resume_response");
    assert_eq!(worker.outputs(id), [Output::Reset]);
    assert!(lines.lock().unwrap().iter().any(|(level, _)| *level == Level::Critical));
}

#[test]
fn a_body_that_waits_is_read_no_further_than_the_limit() {
    let mut worker = Plugin::load(Settings { buffer_limit: 10, ..settings() }).unwrap().worker().unwrap();
    let id = request(&mut worker, "x-probe", "request_headers=pause");
    worker.request(id, Frame::Data("0123456789".into(), false));
    assert!(worker.wants_request(id));
    worker.request(id, Frame::Data("a".into(), false));
    assert!(!worker.wants_request(id));
    tell(&mut worker, "resume");
    assert!(worker.wants_request(id));
}

#[test]
fn workers_share_metrics_and_are_counted_together() {
    let plugin = Plugin::load(settings()).unwrap();
    let mut workers = [plugin.worker().unwrap(), plugin.worker().unwrap()];
    for worker in &mut workers {
        request(worker, "x-probe", "request_headers=statuses");
    }
    assert!(plugin.metrics().contains(&("c".to_owned(), MetricValue::Counter(14))), "{:?}", plugin.metrics());
    let counts = plugin.counts();
    assert_eq!(counts.callbacks["proxy_on_request_headers"].calls, 2);
    assert!(counts.callbacks["proxy_on_request_headers"].instructions > 1000);
    assert_eq!(counts.host_calls["proxy_grpc_cancel"], 2);
    assert_eq!(workers[0].counts().host_calls["proxy_grpc_cancel"], 1);
}

#[test]
fn a_property_that_the_module_sets_is_there_for_the_access_log() {
    let mut worker = Plugin::load(settings()).unwrap().worker().unwrap();
    let id = request(&mut worker, "x-probe", "request_headers=property+reply");
    assert_eq!(status(&mut worker, id).as_deref(), Some("403"));
    assert_eq!(worker.filter_state(id, "probe").as_deref(), Some(b"seen".as_slice()));
    assert_eq!(worker.filter_state(id, "nothing"), None);
}
