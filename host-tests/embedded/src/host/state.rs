//! The data that a VM's host calls work on. It lives in the wasmtime store, beside the module's own memory.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use wasmtime::{Memory, TypedFunc};

use super::counts::Counts;
use super::local_reply::LocalReply;
use super::message::Way;
use super::plugin::Inner;
use super::stream::Stream;

/// The streams of a worker by context id.
pub(super) type Streams = BTreeMap<u32, Stream>;

/// An action that a host call asked for. It has to wait until the module has returned.
pub(super) enum Action {
    Continue(Way),
    Reply(LocalReply),
    Close,
}

/// The host's side of a VM.
pub(super) struct State {
    pub(super) plugin: Arc<Inner>,
    /// The id of this VM within its plugin. It names the owner of a queue.
    pub(super) vm: u64,
    /// The worker's streams, which are here while a callback runs.
    pub(super) streams: Streams,
    /// The context that the callback is about.
    pub(super) current: u32,
    /// The context that the module chose instead; 0 if it chose none.
    pub(super) effective: u32,
    pub(super) root: u32,
    /// `true` while the plugin's configuration can be read.
    pub(super) configuring: bool,
    /// `true` after the module replied: nothing goes on, whatever its callback returns.
    pub(super) stop: bool,
    /// The actions to do after the callback, each with the context id of its stream.
    pub(super) after: VecDeque<(u32, Action)>,
    pub(super) tick_period: Option<Duration>,
    /// The counts of the worker. Earlier VMs of the worker may have added to them.
    pub(super) counts: Arc<Mutex<Counts>>,
    pub(super) memory: Option<Memory>,
    pub(super) allocate: Option<TypedFunc<u32, u32>>,
}

impl State {
    pub(super) fn new(plugin: Arc<Inner>, root: u32, counts: Arc<Mutex<Counts>>) -> State {
        let vm = plugin.next_vm();
        State {
            plugin,
            vm,
            streams: Streams::new(),
            current: root,
            effective: 0,
            root,
            configuring: false,
            stop: false,
            after: VecDeque::new(),
            tick_period: None,
            counts,
            memory: None,
            allocate: None,
        }
    }

    /// Returns the context that host calls act on: the effective one, or the current one if that is gone.
    pub(super) fn context(&self) -> u32 {
        if self.knows(self.effective) { self.effective } else { self.current }
    }

    /// Returns `true` if a context of this id lives in this VM.
    pub(super) fn knows(&self, context: u32) -> bool {
        context == self.root || self.streams.get(&context).is_some_and(|stream| stream.in_vm && !stream.over)
    }

    pub(super) fn stream(&mut self) -> Option<&mut Stream> {
        let context = self.context();
        self.streams.get_mut(&context)
    }

    /// Queues an action for the stream that host calls act on. For the root context there is nothing to do.
    pub(super) fn later(&mut self, action: Action) {
        let context = self.context();
        if self.streams.contains_key(&context) {
            self.after.push_back((context, action));
        }
    }
}
