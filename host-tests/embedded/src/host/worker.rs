//! One VM and the streams that go through it.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::Result;

use super::calls::{Answer, Call, CallId};
use super::connection::Connection;
use super::counts::Counts;
use super::header_map;
use super::local_reply::LocalReply;
use super::message::{Frame, Output, StreamId, Way, Why};
use super::personality::{AfterTrap, Personality, Replies, UnansweredStatus};
use super::settings::{FailurePolicy, Level};
use super::state::{PluginState, Streams, lock};
use super::stream::Stream;
use super::vm::Vm;

/// One VM of a plugin, used by one thread. The front puts frames in by [`request`](Worker::request) and
/// [`response`](Worker::response), and does what [`outputs`](Worker::outputs) returns.
pub struct Worker {
    pub(super) plugin: Arc<PluginState>,
    pub(super) vm: Vm,
    pub(super) streams: Streams,
    /// The streams that an action was asked for since the last look.
    pub(super) touched: Vec<u32>,
    counts: Arc<Mutex<Counts>>,
    last_id: u32,
    loaded: Instant,
}

impl Worker {
    pub(super) fn new(plugin: Arc<PluginState>) -> Result<Worker> {
        const ROOT: u32 = 1;
        let counts = Arc::default();
        lock(&plugin.counts).push(Arc::clone(&counts));
        let vm = Vm::start(&plugin, ROOT, Arc::clone(&counts))?;
        Ok(Worker {
            plugin,
            vm,
            streams: Streams::new(),
            touched: Vec::new(),
            counts,
            last_id: ROOT,
            loaded: Instant::now(),
        })
    }

    /// Opens a stream: one request and its answer. It has to be closed with [`close`](Worker::close) in the end. If the
    /// VM has trapped, this call loads a new one.
    pub fn open(&mut self, connection: Arc<Connection>) -> StreamId {
        self.reload_if_due();
        let id = self.next_id();
        let started = (self.plugin.settings.clock)();
        self.streams.insert(id, Stream::new(connection, self.vm.peek().vm, started));
        StreamId(id)
    }

    /// Takes a frame from the client, [`Frame::Headers`] first. Frames after the end of the answer are dropped.
    pub fn request(&mut self, id: StreamId, frame: Frame) {
        self.arrive(id.0, Way::Request, frame);
        self.settle(Some(id));
    }

    /// Takes a frame from the upstream, [`Frame::Headers`] first, without informational answers (1xx).
    pub fn response(&mut self, id: StreamId, frame: Frame) {
        self.arrive(id.0, Way::Response, frame);
        self.settle(Some(id));
    }

    /// Answers in place of the upstream (404, 502, 503, 504). As on Envoy, the answer goes through the module's
    /// response callbacks, and past them if the upstream's answer has come and the module holds back its head. If that
    /// head has been sent, the stream is reset.
    pub fn local_reply(&mut self, id: StreamId, status: u16, body: &str) {
        let reply = LocalReply::plain(status, body);
        match self.personality().replies {
            Replies::NotShown => self.send_page(id.0, reply),
            Replies::Shown | Replies::ShownWithALineFeed => self.send_reply(id.0, reply),
        }
        self.settle(Some(id));
    }

    /// Closes a stream. The module is told, unless it knows already. The id is void from then on.
    pub fn close(&mut self, id: StreamId, why: Why) {
        if self.personality().unanswered_status == UnansweredStatus::ClientClosedRequest
            && let Some(stream) = self.streams.get_mut(&id.0)
        {
            stream.response.headers.get_or_insert_with(|| vec![(b":status".to_vec(), b"499".to_vec())]);
        }
        if why != Why::Finished || self.streams.get(&id.0).is_some_and(|stream| !stream.over) {
            self.end(id.0);
        }
        self.streams.remove(&id.0);
        self.settle(None);
    }

    /// Returns what the front has to do now, in order, each thing once. Ask after every call about this stream, and
    /// when its waker was called.
    pub fn outputs(&mut self, id: StreamId) -> Vec<Output> {
        self.streams.get_mut(&id.0).map(|stream| std::mem::take(&mut stream.outputs)).unwrap_or_default()
    }

    /// Returns `true` if the front should go on reading the body of the request. It should not while more than
    /// [`buffer_limit`](super::Settings::buffer_limit) bytes of it wait for a module that paused everything.
    pub fn wants_request(&self, id: StreamId) -> bool {
        self.streams.get(&id.0).is_none_or(|stream| !stream.request.above_limit || stream.local_complete)
    }

    /// Returns `true` if the front should go on reading the body of the response, as
    /// [`wants_request`](Worker::wants_request) says.
    pub fn wants_response(&self, id: StreamId) -> bool {
        self.streams.get(&id.0).is_none_or(|stream| !stream.response.above_limit)
    }

    /// Sets the function that is called when a tick or a callback of another stream has changed this stream. The front
    /// then asks for its outputs, and whether it wants more. The function must not call the worker itself.
    pub fn set_waker(&mut self, id: StreamId, waker: Box<dyn Fn()>) {
        if let Some(stream) = self.streams.get_mut(&id.0) {
            stream.waker = Some(waker);
        }
    }

    /// Returns the time between two calls of [`tick`](Worker::tick), or `None` while the module wants no ticks. It may
    /// change with every callback.
    pub fn tick_period(&self) -> Option<Duration> {
        self.vm.peek().tick_period.filter(|_| !self.vm.failed())
    }

    /// Runs the module's tick.
    pub fn tick(&mut self) {
        self.vm.on_tick(&mut self.streams);
        self.do_what_was_asked();
        if std::mem::take(&mut self.vm.state().worker_died) {
            let all: Vec<u32> = self.streams.keys().copied().collect();
            for id in all {
                self.reset(id);
                self.touched.push(id);
            }
        }
        self.settle(None);
    }

    /// Returns the calls that the module has made and that the front has still to make, each once.
    pub fn take_calls(&mut self) -> Vec<Call> {
        std::mem::take(&mut self.vm.state().calls.made)
    }

    /// Takes the answer to a call, which is empty if there was none in time.
    pub fn answer_call(&mut self, CallId { vm, token }: CallId, answer: Answer) {
        let state = self.vm.state();
        if state.vm != vm {
            return;
        }
        let Some(context) = state.calls.take_context(token) else { return };
        self.vm.on_call_response(&mut self.streams, token, context, answer);
        self.do_what_was_asked();
        self.settle(None);
    }

    /// Returns the value of `set_property([key])`, which Envoy keeps as the filter state `wasm.key`, for an access log. On
    /// Traffic Server it is the header `@key`.
    pub fn filter_state(&self, id: StreamId, key: &str) -> Option<Vec<u8>> {
        let stream = self.streams.get(&id.0)?;
        let as_header = || {
            let name = format!("@{key}");
            let heads = [&stream.request.headers, &stream.response.headers];
            heads
                .into_iter()
                .flatten()
                .find_map(|head| header_map::get(head, name.as_bytes()))
                .map(<[u8]>::to_vec)
        };
        stream.filter_state.get(key.as_bytes()).cloned().or_else(as_header)
    }

    /// Returns `true` if the VM has trapped and no new one was loaded yet.
    pub fn failed(&self) -> bool {
        self.vm.failed()
    }

    /// Returns what this worker counted: host calls, and instructions by callback.
    pub fn counts(&self) -> Counts {
        lock(&self.counts).clone()
    }

    /// Returns the value of a global of 64 bits that the module exports, such as a
    /// [counter](promward_module::counting) of its code.
    pub fn global(&mut self, name: &str) -> Option<i64> {
        self.vm.global(name)
    }

    /// Returns the host that is played.
    pub(super) fn personality(&self) -> Personality {
        self.plugin.settings.personality
    }

    /// Returns a stream that the front hasn't closed.
    pub(super) fn stream(&mut self, id: u32) -> &mut Stream {
        self.streams.get_mut(&id).expect("a stream lives until the front closes it")
    }

    fn next_id(&mut self) -> u32 {
        self.last_id = self.last_id.wrapping_add(1).max(1);
        while self.streams.contains_key(&self.last_id) {
            self.last_id = self.last_id.wrapping_add(1).max(1);
        }
        self.last_id
    }

    fn reload_if_due(&mut self) {
        let settings = &self.plugin.settings;
        let due = match self.personality().after_trap {
            AfterTrap::ByPolicy => {
                settings.failure_policy == FailurePolicy::FailReload
                    && self.loaded.elapsed() >= settings.reload_backoff
            }
            AfterTrap::NewVmAtOnce => true,
            AfterTrap::NeverAgain => false,
        };
        if due {
            self.replace_trapped_vm();
        }
    }

    /// Loads a new VM if the present one has trapped.
    pub(super) fn replace_trapped_vm(&mut self) {
        if !self.vm.failed() {
            return;
        }
        self.loaded = Instant::now();
        let root = self.next_id();
        match Vm::start(&self.plugin, root, Arc::clone(&self.counts)) {
            Ok(vm) => {
                self.vm = vm;
                self.plugin.log(Level::Warn, "the module trapped before: a new VM was loaded");
            }
            Err(error) => {
                self.plugin.log(Level::Error, &format!("the module can't be loaded anew: {error:#}"))
            }
        }
    }

    /// Tells the module of queues, and the front of streams, that have changed.
    fn settle(&mut self, about: Option<StreamId>) {
        while let Some(token) = self.queue_with_news() {
            self.vm.on_queue_ready(&mut self.streams, token);
            self.do_what_was_asked();
        }
        for id in std::mem::take(&mut self.touched) {
            let stream = self.streams.get(&id).filter(|_| Some(StreamId(id)) != about);
            if let Some(waker) = stream.and_then(|stream| stream.waker.as_ref()) {
                waker();
            }
        }
    }

    fn queue_with_news(&self) -> Option<u32> {
        lock(&self.plugin.shared_queues).news(self.vm.peek().vm).filter(|_| !self.vm.failed())
    }
}
