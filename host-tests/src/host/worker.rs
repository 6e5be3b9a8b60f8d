//! One VM and the streams that go through it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{Connection, Counts, Frame, Output, Plugin, StreamId, Why};

/// One VM of a plugin, used by one thread. Frames go in by [`request`](Worker::request) and
/// [`response`](Worker::response), and what the front has to do comes out of [`outputs`](Worker::outputs).
pub struct Worker {
    plugin: Plugin,
    streams: BTreeMap<StreamId, Stream>,
    last_id: u32,
}

struct Stream {
    outputs: Vec<Output>,
}

impl Worker {
    pub(super) fn new(plugin: Plugin) -> Worker {
        Worker {
            plugin,
            streams: BTreeMap::new(),
            last_id: 0,
        }
    }

    /// A new stream: one request and its answer. To be closed with [`close`](Worker::close) in the end.
    pub fn open(&mut self, _connection: Arc<Connection>) -> StreamId {
        self.last_id = self.last_id.saturating_add(1);
        let id = StreamId(self.last_id);
        self.streams.insert(id, Stream { outputs: Vec::new() });
        id
    }

    /// A frame came from the client.
    pub fn request(&mut self, id: StreamId, frame: Frame) {
        self.push(id, Output::ToUpstream(frame));
    }

    /// A frame came from the upstream.
    pub fn response(&mut self, id: StreamId, frame: Frame) {
        self.push(id, Output::ToDownstream(frame));
    }

    /// The front's own answer, in place of the upstream's (404, 502, 503, 504): it goes through the module's response
    /// callbacks, as Envoy's do. If the answer has begun already, the stream is reset.
    pub fn local_reply(&mut self, id: StreamId, status: u16, body: &str) {
        let headers = vec![(b":status".to_vec(), status.to_string().into_bytes())];
        self.push(id, Output::ToDownstream(Frame::Headers(headers, body.is_empty())));
        if !body.is_empty() {
            self.push(
                id,
                Output::ToDownstream(Frame::Data(body.to_owned().into(), true)),
            );
        }
    }

    /// The stream is over. The module is told, unless it has been; the id is void from then on.
    pub fn close(&mut self, id: StreamId, _why: Why) {
        self.streams.remove(&id);
    }

    /// What the front has to do now, in order; each thing is handed out once. Ask after every call about this stream, and
    /// when its waker was called.
    pub fn outputs(&mut self, id: StreamId) -> Vec<Output> {
        self.streams
            .get_mut(&id)
            .map(|stream| std::mem::take(&mut stream.outputs))
            .unwrap_or_default()
    }

    /// Whether the front should go on reading the request's body: `false` while more than
    /// [`buffer_limit`](super::Settings::buffer_limit) bytes of it wait for a paused module.
    pub fn wants_request(&self, _id: StreamId) -> bool {
        true
    }

    /// The same for the response's body.
    pub fn wants_response(&self, _id: StreamId) -> bool {
        true
    }

    /// `waker` is called when there are outputs for this stream that no call about this stream made: a tick did, or a
    /// callback of another stream.
    pub fn set_waker(&mut self, _id: StreamId, _waker: Box<dyn Fn()>) {}

    /// How often [`tick`](Worker::tick) is to be called; `None` while the module asked for no ticks. It may change with
    /// every callback.
    pub fn tick_period(&self) -> Option<Duration> {
        None
    }

    /// Runs the module's tick.
    pub fn tick(&mut self) {}

    /// The value of `set_property([key])`, which Envoy keeps as the filter state `wasm.key`, for an access log.
    pub fn filter_state(&self, _id: StreamId, _key: &str) -> Option<Vec<u8>> {
        None
    }

    /// What this worker counted: host calls, and instructions by callback.
    pub fn counts(&self) -> Counts {
        self.plugin.counts()
    }

    fn push(&mut self, id: StreamId, output: Output) {
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.outputs.push(output);
        }
    }
}
