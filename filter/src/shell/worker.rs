//! One configuration in one worker: the state that its streams share, and the tick in which passwords are checked, and
//! open requests counted, while streams wait.

use super::facts::{self, StreamFacts};
use super::host::{self, HostError, HostSharedData, Map, MetricKind};
use super::host_kind::{HostKind, RecordPlace};
use super::memory;
use super::metrics::Metrics;
use super::ticks::{Pace, Ticks};
use super::unfit::unfit;
use crate::caller::client::{CLIENT_HEADER, Client, ClientFrom};
use crate::caller::logins::StreamId;
use crate::decision::refusal::Refusal;
use crate::decision::{Decision, Request, TriedBody};
use crate::enforce::announced::BodyError;
use crate::enforce::form::AwaitedForm;
use crate::enforce::remote_read::AwaitedRead;
use crate::enforce::remote_write::{AwaitedWrite, Completed};
use crate::gateway::Gateway;
use crate::gateway::worker_state::{Resources, WorkerState};
use crate::report::Record;
use crate::report::count::{Capacity, Count};
use crate::shared_data::SharedData;
use crate::target::header_edits::Change;
use crate::target::headers::Headers;
use crate::wire::snappy::Progress;
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

/// The most slices of a check that runs at once.
const MOST_SLICES: u32 = 1 << 16;

/// The most messages that wait to be worked on. The host holds them.
const MOST_WORKING: usize = 64;

/// A key of the shared data under which nothing is.
const NOBODYS_KEY: &str = "promward";

/// The state that the streams of a configuration share.
pub(crate) struct Worker {
    pub(crate) kind: &'static HostKind,
    pub(crate) gateway: Gateway,
    root: u32,
    shared: HostSharedData,
    state: RefCell<WorkerState>,
    /// The streams that wait, by their contexts.
    waiting: RefCell<Vec<(u32, Rc<dyn Waiting>)>>,
    /// The streams whose messages are worked on, one after the other, so that only the first takes memory.
    working: RefCell<Vec<(u32, Rc<dyn Waiting>)>>,
    metrics: Metrics,
    ticks: Rc<Ticks>,
    listener: Cell<Listener>,
}

/// A stream that waits for its password to be checked, or for other requests of its caller to end.
pub(crate) trait Waiting {
    /// Decides a request that waits and lets it go on. Called from the tick, in which host calls must be about this
    /// stream.
    fn release(&self);

    /// Does the next slice of the work on a message. Called from the tick, as [`Waiting::release`].
    fn work(&self) -> Progress;
}

/// The experience with a listener that is declared to write the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listener {
    /// No request has come yet.
    Unseen,
    /// The first request had what the host says too, and each one since had something.
    Writes,
    /// A request hadn't what the listener should write.
    Fails,
}

/// The error of a listener that doesn't write the client, although it is declared to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unwritten;

impl fmt::Display for Unwritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "listener_writes_client: the listener doesn't write {CLIENT_HEADER}, or not what the proxy knows of the client"
        )
    }
}

/// The reason why this host can't run a configuration.
pub(crate) struct Unfit(pub(crate) Cow<'static, str>);

impl Worker {
    /// Creates the worker of the plugin whose root has this context.
    pub(crate) fn new(
        kind: &'static HostKind,
        gateway: Gateway,
        root: u32,
        ticks: Rc<Ticks>,
    ) -> Result<Self, Unfit> {
        if let Some(why) = unfit(kind, &gateway) {
            return Err(Unfit(why.into()));
        }
        let shared = HostSharedData { no_entry: kind.no_entry };
        if gateway.callers.passwords.is_some() {
            // nginx ends the VM here if it has no shared data, rather than at the first login.
            let _ = shared.get(NOBODYS_KEY);
        }
        let no_randomness = |_| Unfit("the host has no randomness".into());
        let random = || host::random().map_err(no_randomness);
        let random = [random()?, random()?, random()?];
        let state = WorkerState::new(random, gateway.tables(), &shared);
        let no_shared_data = |_| {
            Unfit(
                "access[].limits needs data that the proxy's workers share, and this host has none: leave out rate \
                 and concurrent"
                    .into(),
            )
        };
        Ok(Self {
            kind,
            shared,
            gateway,
            root,
            state: RefCell::new(state.map_err(no_shared_data)?),
            waiting: RefCell::default(),
            working: RefCell::default(),
            metrics: Metrics::default(),
            ticks,
            listener: Cell::new(Listener::Unseen),
        })
    }

    /// Asks the core for a decision about the current request. If its number is limited, the ticks begin.
    pub(crate) fn decide(&self, request: &Request<'_>) -> Result<(Decision, Record), HostError> {
        let mut state = self.state.borrow_mut();
        let decided =
            self.gateway.decide(request, &mut Resources { state: &mut state, shared: &self.shared });
        if state.lines.is_some() {
            self.ticks.at_least(pace(&state))?;
        }
        Ok(decided)
    }

    /// Completes a form whose whole body has come.
    pub(crate) fn complete_form(
        &self,
        form: &AwaitedForm,
        trial: Option<&TriedBody>,
        body: &[u8],
        record: &mut Record,
    ) -> Result<String, BodyError> {
        self.gateway.complete_form(form, trial, body, &mut self.state.borrow_mut(), record)
    }

    /// Completes a message of remote read that has come whole.
    pub(crate) fn complete_read(
        &self,
        read: &AwaitedRead,
        trial: Option<&TriedBody>,
        body: &[u8],
        record: &mut Record,
    ) -> Result<Vec<u8>, BodyError> {
        self.gateway.complete_read(read, trial, body, &mut self.state.borrow_mut(), record)
    }

    /// Counts the samples of a message on which all work is done, and returns the body that goes upstream.
    pub(crate) fn written(
        &self,
        write: &AwaitedWrite,
        completed: Completed,
        record: &Record,
    ) -> Result<Vec<u8>, Refusal> {
        let mut state = self.state.borrow_mut();
        let resources = &mut Resources { state: &mut state, shared: &self.shared };
        self.gateway.written(write, completed, &StreamFacts::new(self.kind, None), resources, record)
    }

    /// Returns `true` if one more message may wait to be worked on.
    pub(crate) fn has_room_for_work(&self) -> bool {
        let has_room = self.working.borrow().len() < MOST_WORKING;
        if !has_room {
            self.state.borrow_mut().count(Count::Bound(Capacity::Messages));
        }
        has_room
    }

    /// Keeps a stream whose message is to be worked on, and starts the tick if it isn't running.
    pub(crate) fn queue(&self, context: u32, stream: Rc<dyn Waiting>) -> Result<(), HostError> {
        keep(&self.working, context, stream);
        self.ticks.at_least(Pace::Fast)
    }

    /// Returns the facts about the current stream, which has these headers.
    ///
    /// The first request that a worker gets is compared with what the host says. From then on each has what the listener
    /// writes. One that hasn't shows that somebody else may write it, and from then on every request is refused, since a
    /// client might have written it into any of them (`threats.md` H7).
    pub(crate) fn facts<'a>(&self, headers: &'a Headers) -> Result<StreamFacts<'a>, Unwritten> {
        if self.gateway.client == ClientFrom::Host {
            return Ok(StreamFacts::new(self.kind, None));
        }
        let client = Client::written(headers).filter(|client| match self.listener.get() {
            Listener::Unseen => facts::confirm(self.kind, client),
            Listener::Writes => true,
            Listener::Fails => false,
        });
        if client.is_none() && self.listener.get() != Listener::Fails {
            log::error!("promward: {Unwritten}: all requests are refused until the configuration changes");
        }
        self.listener.set(if client.is_some() { Listener::Writes } else { Listener::Fails });
        client.map(|client| StreamFacts::new(self.kind, Some(client))).ok_or(Unwritten)
    }

    /// Does something as the root, and returns to this stream. What belongs to the root outlives the stream: a call that ends
    /// when its stream does would never be answered, and stay in the SDK's list of calls.
    pub(crate) fn as_root<T>(
        &self,
        context: u32,
        act: impl FnOnce() -> Result<T, HostError>,
    ) -> Result<T, HostError> {
        host::act_on(self.root)?;
        let acted = act();
        host::act_on(context)?;
        acted
    }

    /// Keeps a stream that waits, and starts the tick if it isn't running.
    pub(crate) fn wait(&self, context: u32, stream: Rc<dyn Waiting>) -> Result<(), HostError> {
        keep(&self.waiting, context, stream);
        self.ticks.at_least(Pace::Fast)
    }

    /// Forgets a stream that has ended, or that waits for nothing any more.
    pub(crate) fn forget(&self, context: u32) {
        if self.take(context).is_some() {
            self.state.borrow_mut().logins.forget(StreamId(context));
        }
        self.working.borrow_mut().retain(|&(works, _)| works != context);
        self.end(context);
        self.tell_counts();
    }

    /// Ends a request as far as its number is limited: another one of the same caller has its turn.
    pub(crate) fn end(&self, context: u32) {
        self.state.borrow_mut().end(StreamId(context), &self.shared);
    }

    /// Returns `true` if the number of some requests is limited.
    pub(crate) fn has_lines(&self) -> bool {
        self.gateway.access.has_lines()
    }

    /// Returns the pace of the ticks that the streams need.
    pub(crate) fn pace(&self) -> Pace {
        if self.has_work() { Pace::Fast } else { pace(&self.state.borrow()) }
    }

    /// Returns `true` if messages are to be worked on.
    pub(crate) fn has_work(&self) -> bool {
        !self.working.borrow().is_empty()
    }

    /// Returns `true` if passwords are to be checked.
    pub(crate) fn has_checks(&self) -> bool {
        !self.state.borrow().logins.is_idle()
    }

    /// Runs the check that a stream waits for to its end.
    pub(crate) fn check_now(&self, context: u32) -> Result<(), HostError> {
        let mut state = self.state.borrow_mut();
        for _ in 0..MOST_SLICES {
            if state.logins.slice(self.gateway.hints(&self.shared)).contains(&StreamId(context)) {
                return Ok(());
            }
        }
        state.logins.forget(StreamId(context));
        Err(HostError::Unchecked)
    }

    /// Runs one slice of the waiting checks, and releases the streams that need not wait any longer.
    pub(crate) fn check(&self) {
        let ready = self.state.borrow_mut().logins.slice(self.gateway.hints(&self.shared));
        ready.into_iter().for_each(|StreamId(context)| self.release(context));
        self.leave_streams();
    }

    /// Does one slice of the work on the message whose turn it is.
    pub(crate) fn work(&self) {
        let first = self.working.borrow().first().cloned();
        let Some((context, stream)) = first else { return };
        let progress = host::act_on(context).map_or(Progress::Done, |()| stream.work());
        if progress == Progress::Done {
            self.working.borrow_mut().retain(|&(works, _)| works != context);
        }
        self.leave_streams();
    }

    /// Looks after the requests whose number is limited, and releases those whose turn it is.
    pub(crate) fn tend(&self) {
        let Ok(now) = host::now() else { return };
        let (ready, numbers) = match &mut self.state.borrow_mut().lines {
            Some(lines) if lines.is_busy() => {
                (lines.tend(&self.shared, now), lines.report(&self.shared, now))
            }
            _ => return,
        };
        ready.into_iter().for_each(|context| self.release(context));
        self.leave_streams();
        numbers.into_iter().for_each(|numbers| self.metrics.tell_lines(numbers));
    }

    #[inline(never)]
    fn release(&self, context: u32) {
        let Some(stream) = self.take(context) else { return };
        match host::act_on(context) {
            Ok(()) => stream.release(),
            // The stream has ended, and the host hasn't reported it yet.
            Err(error) => log::warn!("promward: a waiting stream can't be reached: {error:?}"),
        }
    }

    /// Ends the calls about streams. Metrics and ticks from then on belong to none.
    fn leave_streams(&self) {
        let _ = host::act_on(self.root);
        self.tell_counts();
    }

    fn take(&self, context: u32) -> Option<Rc<dyn Waiting>> {
        let mut waiting = self.waiting.borrow_mut();
        let at = waiting.iter().position(|&(waits, _)| waits == context)?;
        Some(waiting.swap_remove(at).1)
    }

    /// Reports a request to the host: in the access log and in the metrics.
    pub(crate) fn report(&self, record: &Record) {
        record.counts().for_each(|count| self.state.borrow_mut().count(count));
        self.log(record);
        self.tell_counts();
    }

    /// Reports an answer that was refused. Its request has been counted already.
    pub(crate) fn report_answer(&self, record: &Record) {
        record.refusal().into_iter().for_each(|count| self.state.borrow_mut().count(count));
        self.log(record);
        self.tell_counts();
    }

    fn log(&self, record: &Record) {
        let text = record.json(&self.gateway.mounts);
        let logged = match self.kind.record {
            RecordPlace::Property(name) => host::set_property(name, text.as_bytes()),
            RecordPlace::Header(name) => host::change(Map::Request, Change::Remove(name.as_bytes()))
                .and_then(|()| host::change(Map::Request, Change::Add(name, &text))),
        };
        if let Err(error) = logged {
            log::debug!("promward: the host refuses the record for the access log: {error:?}");
        }
    }

    /// Makes the host show the metrics of what may go wrong before it does.
    pub(crate) fn tell_zeros(&self) {
        Metrics::tell_zeros(&self.gateway, self.kind);
    }

    fn tell_counts(&self) {
        let (counts, waiting) = {
            let mut state = self.state.borrow_mut();
            (state.take_counts(), state.logins.waiting())
        };
        for count in counts {
            self.metrics.add(count, &self.gateway);
        }
        self.metrics.tell_checks_waiting(waiting);
        memory::tell_growth(if self.kind.has_gauges { MetricKind::Gauge } else { MetricKind::Counter });
    }
}

/// Keeps a stream, once: each piece of its body asks for it again, and an entry that nobody takes out would never end.
fn keep(streams: &RefCell<Vec<(u32, Rc<dyn Waiting>)>>, context: u32, stream: Rc<dyn Waiting>) {
    let mut streams = streams.borrow_mut();
    if streams.iter().all(|&(kept, _)| kept != context) {
        streams.push((context, stream));
    }
}

/// Returns the pace of the ticks that the streams of a worker need.
fn pace(state: &WorkerState) -> Pace {
    match (state.is_waiting(), &state.lines) {
        (true, _) => Pace::Fast,
        (false, Some(lines)) if lines.is_busy() => Pace::Slow,
        _ => Pace::None,
    }
}
