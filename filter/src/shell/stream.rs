//! The callbacks of one request. Each asks the core for a decision and applies it. If a host call fails, nothing goes
//! on.
//!
//! A request whose password has to be checked waits, and so does one that stands in line until others of its caller have
//! ended. It is released from the tick. Hosts differ in what they show
//! meanwhile: nothing by default, and the body as it comes with Envoy's `allow_on_headers_stop_iteration`. Every
//! callback pauses then, so that nothing goes on that hasn't been decided.

mod answer;
mod lookup;
mod phase;

use super::heads;
use super::host::{self, HostError, Map, SentHeaders};
use super::host_kind::{BodySize, HostKind, PasswordChecks};
use super::worker::{Unwritten, Worker};
use crate::caller::logins::StreamId;
use crate::decision::refusal::Refusal;
use crate::decision::{Decision, Forward, Request};
use crate::enforce::announced::BodyError;
use crate::enforce::body::AwaitedBody;
use crate::enforce::remote_write::Work;
use crate::gateway::Gateway;
use crate::report::{Reason, Record};
use crate::response::reply::Reply;
use crate::target::body::{Body, End};
use crate::target::headers::Headers;
use crate::target::headers::name::Name;
use crate::wire::snappy::Progress;
use lookup::{Looking, Then};
use phase::{Phase, Replies, Rest, ShownBody};
use proxy_wasm::types::Action;
use std::rc::Rc;

/// The most bytes of a body that are held where the host can't let pieces of it go on.
const MOST_HELD: usize = 16 << 20;

/// The slices of the work on a short message that are done at once. It takes as many to decode, read and encode one; one
/// that is made to take more waits for the ticks.
const AT_ONCE: usize = 4;

/// A request and its answer.
pub(crate) struct Stream {
    pub(crate) context: u32,
    pub(crate) worker: Rc<Worker>,
    phase: Phase,
    /// The presence of a body, as the headers have announced it.
    body: Body,
    /// The number of bytes of the body that have come so far.
    come: usize,
    /// The length of a whole message whose work waits for its turn.
    queued: Option<usize>,
    record: Record,
    replies: Replies,
    sent: SentHeaders,
    /// The silence that the server is being asked for.
    looking: Option<Box<Looking>>,
}

impl Stream {
    /// Creates the state of a new request.
    pub(crate) fn new(context: u32, worker: Rc<Worker>) -> Self {
        Self {
            context,
            worker,
            phase: Phase::New,
            body: Body::Follows,
            come: 0,
            queued: None,
            record: Record::default(),
            replies: Replies::Plain,
            sent: SentHeaders::default(),
            looking: None,
        }
    }

    /// Returns `true` if the request waits for the check of its password, or for others to end.
    pub(crate) fn waits(&self) -> bool {
        matches!(self.phase, Phase::Waiting(..)) && self.looking.is_none()
    }

    /// Decides the request when the headers have come.
    pub(crate) fn decide(&mut self, body: Body) -> Result<Action, HostError> {
        let kind = self.worker.kind;
        let headers = heads::read(kind, Map::Request)?;
        let body = if kind.tells_body { body } else { Body::announced(&headers) };
        self.body = body;
        let facts = match self.worker.facts(&headers) {
            Ok(facts) => facts,
            Err(unwritten) => return Ok(self.unwritten(unwritten)),
        };
        let stream = StreamId(self.context);
        let request = Request { stream, headers: &headers, body, scheme: facts.scheme, facts: &facts };
        let (decision, record) = self.worker.decide(&request)?;
        self.record = record;
        match decision {
            Decision::Wait => {
                self.phase = Phase::Waiting(ShownBody::Nothing);
                Ok(Action::Pause)
            }
            Decision::Reply(reply) => {
                self.replies = Replies::to(&headers);
                self.worker.report(&self.record);
                Ok(self.reply(&reply))
            }
            // Its chunks would be sent as they are, under a length.
            Decision::Pass(_) if kind.needs_length && headers.has(Name::TransferEncoding) => {
                Err(HostError::Malformed)
            }
            Decision::Pass(edits) => {
                heads::edit_request(kind, &edits, &headers, body)?;
                self.phase = Phase::Passed;
                self.worker.report(&self.record);
                Ok(Action::Continue)
            }
            Decision::Forward(mut forward) => match forward.lookup.take() {
                Some(lookup) => self.look_up_first(lookup, forward),
                None => self.forward(*forward, &headers),
            },
        }
    }

    /// Sends the head of a request on.
    fn forward(&mut self, forward: Forward, headers: &Headers) -> Result<Action, HostError> {
        let kind = self.worker.kind;
        let Forward { edits, context, body: awaited, trial, .. } = forward;
        let has_no_length = awaited.is_some() && !headers.has(Name::ContentLength);
        if kind.needs_length && (has_no_length || headers.has(Name::TransferEncoding)) {
            self.phase = Phase::Forwarded { context };
            return Ok(self.refuse(BodyError::NoLength.into()));
        }
        heads::edit_request(kind, &edits, headers, self.body)?;
        // A form that can be refused later has its own type. Only what must be empty can have gRPC's.
        if awaited.as_ref().is_some_and(AwaitedBody::must_be_empty) {
            self.replies = Replies::to(headers);
        }
        self.phase = match awaited {
            Some(awaited) => Phase::AwaitingBody { context, awaited, trial },
            None => Phase::Forwarded { context },
        };
        if !matches!(self.phase, Phase::AwaitingBody { .. }) {
            self.worker.report(&self.record);
        }
        Ok(Action::Continue)
    }

    /// Decides a request whose password has to be checked at once.
    pub(crate) fn decide_after_check(&mut self) -> Result<Action, HostError> {
        self.worker.check_now(self.context)?;
        let action = self.decide(self.body)?;
        if self.waits() { Err(HostError::Unchecked) } else { Ok(action) }
    }

    /// Decides the request again after it has waited, and lets it go on as far as it has come.
    pub(crate) fn release(&mut self) -> Result<Action, HostError> {
        let Phase::Waiting(shown) = self.phase else { return Ok(Action::Pause) };
        if self.decide(self.body)? == Action::Pause {
            if let Phase::Waiting(still) = &mut self.phase {
                *still = shown;
            }
            return Ok(Action::Pause);
        }
        self.go_on(shown)
    }

    /// Lets a request that has waited go on as far as the host has shown it.
    fn go_on(&mut self, shown: ShownBody) -> Result<Action, HostError> {
        let is_awaited = matches!(self.phase, Phase::AwaitingBody { .. });
        match shown {
            // The callback for the rest of the body releases all of it. If it were released now, a form would go on
            // unread, and Envoys before 1.40 would lose the next bytes of any other body.
            ShownBody::Part(size) if is_awaited => return self.read_body(size, End::Later),
            ShownBody::Part(_) => return Ok(Action::Continue),
            ShownBody::Whole(size) if is_awaited => {
                if self.read_body(size, End::Here)? == Action::Pause {
                    return Ok(Action::Pause);
                }
            }
            ShownBody::Trailers if is_awaited => {
                return Ok(self.refuse_whatever_rules_say(BodyError::Trailers));
            }
            ShownBody::Nothing | ShownBody::Whole(_) | ShownBody::Trailers => {}
        }
        host::resume_request()?;
        Ok(Action::Continue)
    }

    /// Reads an awaited body as far as it has come. The host keeps it until the end.
    fn read_body(&mut self, size: usize, end: End) -> Result<Action, HostError> {
        let Phase::AwaitingBody { awaited, trial, .. } = &self.phase else { return Ok(Action::Pause) };
        if end == End::Later {
            return Ok(match awaited.check_length(size) {
                Ok(()) => Action::Pause,
                Err(error) => self.refuse_whatever_rules_say(error),
            });
        }
        let body = if size == 0 { Vec::new() } else { host::request_body(size)? };
        match awaited {
            AwaitedBody::Form(form) => {
                let form = self.worker.complete_form(form, trial.as_deref(), &body, &mut self.record);
                self.completed(form.map(String::into_bytes).map_err(Refusal::Body))
            }
            AwaitedBody::Read(read) => {
                let read = self.worker.complete_read(read, trial.as_deref(), &body, &mut self.record);
                self.completed(read.map_err(Refusal::Body))
            }
            AwaitedBody::Silence(silence) => {
                let completed = silence.complete(&body).map(String::into_bytes);
                match completed.as_deref().ok().and_then(|completed| silence.lookup(completed)) {
                    Some(lookup) => Ok(self.look_up(lookup, Then::Body(completed.unwrap_or_default()))),
                    None => self.completed(completed.map_err(Refusal::Body)),
                }
            }
            AwaitedBody::Write(_) => {
                // What can't be read is refused before the host may have sent anything on.
                let is_short = match Work::is_short(&body) {
                    Ok(is_short) => is_short,
                    Err(error) => return Ok(self.refuse(Refusal::Body(error.into()))),
                };
                let in_ticks = self.worker.kind.checks == PasswordChecks::InTicks;
                if !is_short && in_ticks {
                    self.queued = Some(size);
                    return self.wait_for_work();
                }
                self.begin(body);
                let at_once = if in_ticks { AT_ONCE } else { usize::MAX };
                for _ in 0..at_once {
                    if let Some(action) = self.slice()? {
                        return Ok(action);
                    }
                }
                self.wait_for_work()
            }
        }
    }

    /// Sends a body on that has been read, or refuses it.
    fn completed(&mut self, completed: Result<Vec<u8>, Refusal>) -> Result<Action, HostError> {
        let body = match completed {
            Ok(body) => body,
            Err(refusal) => return Ok(self.refuse(refusal)),
        };
        host::replace_request_body(&body)?;
        if let Some(context) = self.phase.context() {
            self.phase = Phase::Forwarded { context: context.clone() };
        }
        self.worker.report(&self.record);
        Ok(Action::Continue)
    }

    /// Lets a message wait for the ticks in which it is worked on, or refuses it if too many do.
    fn wait_for_work(&mut self) -> Result<Action, HostError> {
        if !self.worker.has_room_for_work() {
            self.queued = None;
            return Ok(self.refuse(Refusal::Body(BodyError::Busy)));
        }
        Ok(Action::Pause)
    }

    /// Returns `true` if a message has come whose work takes longer than a callback may.
    pub(crate) fn has_work(&self) -> bool {
        self.queued.is_some() || matches!(self.phase, Phase::Working(_))
    }

    /// Does the next slice of the work on a message, and lets the request go on when all is done. Called from the tick.
    pub(crate) fn work(&mut self) -> Result<Progress, HostError> {
        if let Some(size) = self.queued.take() {
            self.begin(host::request_body(size)?);
        }
        match self.slice()? {
            None => return Ok(Progress::More),
            Some(Action::Continue) => host::resume_request()?,
            Some(_) => {}
        }
        Ok(Progress::Done)
    }

    /// Begins the work on a message that has come whole, or refuses it.
    fn begin(&mut self, body: Vec<u8>) {
        let Phase::AwaitingBody { context, awaited: AwaitedBody::Write(write), .. } = &self.phase else {
            return;
        };
        match write.begin(body) {
            Ok(work) => self.phase = Phase::Working(Box::new((context.clone(), write.clone(), work))),
            Err(error) => _ = self.refuse(Refusal::Body(error)),
        }
    }

    /// Does the next slice of the work on a message. Returns the action for the host when all is done.
    fn slice(&mut self) -> Result<Option<Action>, HostError> {
        let Phase::Working(working) = &mut self.phase else { return Ok(Some(Action::Pause)) };
        let (_, write, work) = &mut **working;
        let completed = match work.slice() {
            Ok(None) => return Ok(None),
            Ok(Some(completed)) => self.worker.written(write, completed, &self.record),
            Err(error) => Err(Refusal::Body(error.into())),
        };
        self.completed(completed).map(Some)
    }

    /// Refuses a body that the rules on trial would refuse as well.
    fn refuse_whatever_rules_say(&mut self, error: BodyError) -> Action {
        self.record.trial = None;
        self.refuse(error.into())
    }

    fn refuse(&mut self, refusal: Refusal) -> Action {
        let Some(context) = self.phase.context() else { return Action::Pause };
        let reply = self.gateway().refuse(context, self.record.class, &refusal);
        self.record.refused(reply.status, refusal.reason(), &refusal);
        self.worker.report(&self.record);
        self.reply(&reply)
    }

    /// Refuses a request whose client can't be known.
    #[cold]
    fn unwritten(&mut self, unwritten: Unwritten) -> Action {
        let reply = self.gateway().failed();
        self.record.refused(reply.status, Reason::Host, &unwritten);
        self.worker.report(&self.record);
        self.reply(&reply)
    }

    /// Answers in place of the server. If the host can't do even that, the request is held for good.
    fn reply(&mut self, reply: &Reply) -> Action {
        self.phase = Phase::Replied;
        if self.replies == Replies::AsGrpc {
            self.replies = Replies::Restored(reply.status);
        }
        self.sent = send(self.worker.kind, reply);
        Action::Pause
    }

    /// Returns the action for the host. If a host call failed, the request is refused.
    pub(crate) fn closed(&mut self, result: Result<Action, HostError>) -> Action {
        result.unwrap_or_else(|error| {
            let reply = self.failed(error);
            self.reply(&reply)
        })
    }

    #[cold]
    fn failed(&self, error: HostError) -> Reply {
        log::error!("promward: a host call failed, the request is refused: {error:?}");
        self.gateway().failed()
    }

    fn gateway(&self) -> &Gateway {
        &self.worker.gateway
    }

    /// Handles a piece of the request's body.
    pub(crate) fn request_body(&mut self, size: usize, end: End) -> Action {
        self.come = match self.worker.kind.body_size {
            BodySize::Held => size,
            BodySize::New => self.come.saturating_add(size),
        };
        let size = self.come;
        let result = match &mut self.phase {
            // A new VM gets the body of a request that it hasn't seen.
            Phase::New => {
                let reply = self.gateway().failed();
                Ok(self.reply(&reply))
            }
            Phase::Replied | Phase::BrokenOff | Phase::Replaced(_) => Ok(self.hold()),
            Phase::Waiting(shown) => {
                *shown = if end == End::Here { ShownBody::Whole(size) } else { ShownBody::Part(size) };
                Ok(Action::Pause)
            }
            Phase::Filtering(_, Rest::MustBeEmpty) if size > 0 => Ok(self.hold()),
            // The headers have announced no body.
            Phase::Forwarded { .. } if size > 0 && self.body == Body::None => {
                Ok(self.refuse(BodyError::Unexpected.into()))
            }
            Phase::Filtering(..) if size > 0 && self.body == Body::None => Ok(self.hold()),
            Phase::Forwarded { .. } if !self.worker.kind.holds_ends && size > MOST_HELD => {
                Ok(self.refuse(BodyError::TooLong { max: MOST_HELD }.into()))
            }
            // Such a host closes the connection where a piece goes on that isn't the last.
            Phase::Passed | Phase::Forwarded { .. } | Phase::Filtering(..)
                if !self.worker.kind.holds_ends && end == End::Later =>
            {
                Ok(if size > MOST_HELD { self.hold() } else { Action::Pause })
            }
            Phase::Passed | Phase::Forwarded { .. } | Phase::Filtering(..) => Ok(Action::Continue),
            Phase::AwaitingBody { .. } => self.read_body(size, end),
            // All of it has come.
            Phase::Working(_) => Ok(Action::Pause),
        };
        self.closed(result)
    }

    /// Lets nothing of the request's body go on.
    fn hold(&self) -> Action {
        if !self.worker.kind.holds_ends
            && let Err(error) = host::replace_request_body(b"")
        {
            log::error!("promward: the host doesn't empty a body that must not go on: {error:?}");
        }
        Action::Pause
    }

    /// Handles the trailers of the request.
    pub(crate) fn request_trailers(&mut self) -> Action {
        match &mut self.phase {
            Phase::New | Phase::Replied | Phase::BrokenOff | Phase::Replaced(_) | Phase::Working(_) => {
                Action::Pause
            }
            Phase::Waiting(shown) => {
                *shown = ShownBody::Trailers;
                Action::Pause
            }
            Phase::Filtering(_, Rest::MustBeEmpty) => Action::Pause,
            Phase::Passed | Phase::Forwarded { .. } | Phase::Filtering(..) => Action::Continue,
            Phase::AwaitingBody { .. } => self.refuse_whatever_rules_say(BodyError::Trailers),
        }
    }
}

/// Answers in place of the server.
pub(crate) fn send(kind: &HostKind, reply: &Reply) -> SentHeaders {
    host::reply(kind, reply).unwrap_or_else(|error| {
        log::error!("promward: the host refuses a reply: {error:?}");
        SentHeaders::default()
    })
}
