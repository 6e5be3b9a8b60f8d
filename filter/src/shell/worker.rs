//! One configuration in one worker: the state that its streams share, and the tick in which passwords are checked while
//! streams wait.

use super::facts::{self, StreamFacts};
use super::host::{self, HostError, HostSharedData, Map, Metric, MetricKind};
use super::host_kind::{HostKind, PasswordChecks, RecordPlace};
use super::memory;
use super::unfit::unfit;
use crate::caller::client::{CLIENT_HEADER, Client, ClientFrom};
use crate::caller::logins::StreamId;
use crate::decision::{Decision, Request, TriedBody};
use crate::enforce::body::{AwaitedBody, BodyError};
use crate::gateway::Gateway;
use crate::gateway::worker_state::{Resources, WorkerState};
use crate::report::Record;
use crate::report::count::{CHECKS_WAITING, Count};
use crate::shared_data::SharedData;
use crate::target::header_edits::Change;
use crate::target::headers::Headers;
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

/// The period of the tick while a stream waits, in milliseconds. Hosts call it less often.
const PERIOD: u32 = 1;

/// The most slices of a check that runs at once.
const MOST_SLICES: u32 = 1 << 16;

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
    /// The metrics that the host knows already.
    metrics: RefCell<Vec<(Count, Metric)>>,
    checks_waiting: Cell<Option<(Metric, i64)>>,
    is_ticking: Cell<bool>,
    listener: Cell<Listener>,
}

/// A stream that waits for its password to be checked.
pub(crate) trait Waiting {
    /// Decides a request that waits and lets it go on. Called from the tick, in which host calls must be about this
    /// stream.
    fn release(&self);
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
    pub(crate) fn new(kind: &'static HostKind, gateway: Gateway, root: u32) -> Result<Self, Unfit> {
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
        let state = WorkerState::new(random, gateway.rates(), &shared);
        let no_shared_data = |_| {
            Unfit(
                "access[].limits.rate needs data that the proxy's workers share, and this host has none"
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
            metrics: RefCell::default(),
            checks_waiting: Cell::default(),
            is_ticking: Cell::default(),
            listener: Cell::new(Listener::Unseen),
        })
    }

    /// Asks the core for a decision about the current request.
    pub(crate) fn decide(&self, request: &Request<'_>) -> (Decision, Record) {
        let mut state = self.state.borrow_mut();
        self.gateway.decide(request, &mut Resources { state: &mut state, shared: &self.shared })
    }

    /// Completes a body that has come whole.
    pub(crate) fn complete(
        &self,
        awaited: &AwaitedBody,
        trial: Option<&TriedBody>,
        body: &[u8],
        record: &mut Record,
    ) -> Result<Vec<u8>, BodyError> {
        self.gateway.complete(awaited, trial, body, &mut self.state.borrow_mut(), record)
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

    /// Keeps a stream that waits, and starts the tick if it isn't running.
    pub(crate) fn wait(&self, context: u32, stream: Rc<dyn Waiting>) -> Result<(), HostError> {
        self.waiting.borrow_mut().push((context, stream));
        if !self.is_ticking.get() {
            host::tick_every(PERIOD)?;
            self.is_ticking.set(true);
        }
        Ok(())
    }

    /// Forgets a stream that has ended, or that needs no password any more.
    pub(crate) fn forget(&self, context: u32) {
        if self.take(context).is_some() {
            self.state.borrow_mut().logins.forget(StreamId(context));
        }
        self.tell_counts();
    }

    /// Returns `true` if a stream waits.
    pub(crate) fn is_busy(&self) -> bool {
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
    pub(crate) fn tick(&self) {
        let ready = self.state.borrow_mut().logins.slice(self.gateway.hints(&self.shared));
        for StreamId(context) in ready {
            let Some(stream) = self.take(context) else { continue };
            match host::act_on(context) {
                Ok(()) => stream.release(),
                // The stream has ended, and the host hasn't reported it yet.
                Err(error) => log::warn!("promward: a waiting stream can't be reached: {error:?}"),
            }
        }
        // Metrics and ticks from here on belong to no stream.
        let _ = host::act_on(self.root);
        self.tell_counts();
    }

    /// Notes that the ticks have ended. The next stream that waits has to ask for them again.
    pub(crate) fn rest(&self) {
        self.is_ticking.set(false);
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

    /// Makes the host show the metrics of what may go wrong before it does. Their numbers aren't kept, so that the
    /// metrics that are used are found among few.
    pub(crate) fn tell_zeros(&self) {
        for count in self.gateway.counts_at_zero() {
            log_refused(host::metric(MetricKind::Counter, &count.metric(&self.gateway.mounts)));
        }
        if self.gateway.callers.passwords.is_some() && self.kind.checks == PasswordChecks::InTicks {
            log_refused(host::metric(MetricKind::Gauge, CHECKS_WAITING));
        }
    }

    /// Reports the counts as metrics. A metric that the host refuses is left out, since that is no reason to refuse a
    /// request.
    fn tell_counts(&self) {
        let (counts, waiting) = {
            let mut state = self.state.borrow_mut();
            (state.take_counts(), state.logins.waiting())
        };
        for count in counts {
            log_refused(self.metric(count).and_then(|metric| host::add(metric, 1)));
        }
        self.tell_waiting(i64::try_from(waiting).unwrap_or(i64::MAX));
        memory::tell_growth(if self.kind.has_gauges { MetricKind::Gauge } else { MetricKind::Counter });
    }

    fn metric(&self, count: Count) -> Result<Metric, HostError> {
        if let Some(&(_, metric)) = self.metrics.borrow().iter().find(|(known, _)| *known == count) {
            return Ok(metric);
        }
        let metric = host::metric(MetricKind::Counter, &count.metric(&self.gateway.mounts))?;
        self.metrics.borrow_mut().push((count, metric));
        Ok(metric)
    }

    /// Reports the number of waiting checks. The gauge is shared by all workers, so each adds only its own change.
    fn tell_waiting(&self, waiting: i64) {
        let told = self.checks_waiting.get();
        if waiting == told.map_or(0, |(_, number)| number) {
            return;
        }
        let metric =
            told.map_or_else(|| host::metric(MetricKind::Gauge, CHECKS_WAITING), |(metric, _)| Ok(metric));
        let Ok(metric) = metric else { return };
        let difference = waiting.saturating_sub(told.map_or(0, |(_, number)| number));
        if host::add(metric, difference).is_ok() {
            self.checks_waiting.set(Some((metric, waiting)));
        }
    }
}

/// Logs that the host refuses a metric, if it does.
fn log_refused<T>(metric: Result<T, HostError>) {
    if let Err(error) = metric {
        log::debug!("promward: the host refuses a metric: {error:?}");
    }
}
