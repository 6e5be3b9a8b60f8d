//! The data that host calls work on: a VM's own, which lives in the wasmtime store beside the module's memory, and the
//! data that all VMs of a plugin share. The two types stand in one file because each has the other in a field: a module
//! is linked for stores of a [`State`], and a VM's host calls reach the plugin.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Result, anyhow};
use wasmtime::{Engine, InstancePre, Memory, TypedFunc};

use super::calls::Calls;
use super::counts::Counts;
use super::local_reply::LocalReply;
use super::message::Way;
use super::metrics::Metrics;
use super::settings::{Level, Settings};
use super::shared::{SharedData, SharedQueues};
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
    pub(super) plugin: Arc<PluginState>,
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
    /// `true` after a call that ends the host's worker.
    pub(super) worker_died: bool,
    /// The actions to do after the callback, each with the context id of its stream.
    pub(super) after: VecDeque<(u32, Action)>,
    pub(super) tick_period: Option<Duration>,
    pub(super) calls: Calls,
    /// The counts of the worker. Earlier VMs of the worker may have added to them.
    pub(super) counts: Arc<Mutex<Counts>>,
    pub(super) memory: Option<Memory>,
    pub(super) allocate: Option<TypedFunc<u32, u32>>,
}

impl State {
    pub(super) fn new(plugin: Arc<PluginState>, root: u32, counts: Arc<Mutex<Counts>>) -> State {
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
            worker_died: false,
            after: VecDeque::new(),
            tick_period: None,
            calls: Calls::default(),
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

/// The data that the VMs of a plugin share.
pub(super) struct PluginState {
    pub(super) settings: Settings,
    pub(super) engine: Engine,
    pub(super) module: InstancePre<State>,
    pub(super) metrics: Arc<Mutex<Metrics>>,
    pub(super) shared_data: Arc<Mutex<SharedData>>,
    pub(super) shared_queues: Arc<Mutex<SharedQueues>>,
    /// The counts of each worker.
    pub(super) counts: Arc<Mutex<Vec<Arc<Mutex<Counts>>>>>,
    /// The number of VMs that have been started. The id of a VM is its number, counted from 0.
    pub(super) vms: Arc<AtomicU64>,
    /// The lines at warning or above that the trial VM logs while it runs: the reason why a configuration is refused.
    pub(super) complaints: Mutex<Option<Vec<String>>>,
}

impl PluginState {
    /// Writes a line to the log, if it is grave enough.
    pub(super) fn log(&self, level: Level, line: &str) {
        if level >= Level::Warn
            && let Some(complaints) = lock(&self.complaints).as_mut()
        {
            complaints.push(line.to_owned());
        }
        if level >= self.settings.log_level {
            (self.settings.log)(level, line);
        }
    }

    pub(super) fn next_vm(&self) -> u64 {
        self.vms.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn fill_random(&self, bytes: &mut [u8]) -> Result<()> {
        getrandom::fill(bytes).map_err(|error| anyhow!("the system has no randomness: {error}"))
    }
}

/// Locks a mutex that a panicking thread may have held: none of our data is ever half-written.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
