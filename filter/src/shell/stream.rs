//! The callbacks of one request. Each asks the core for a decision and applies it. If a host call fails, nothing goes
//! on.
//!
//! A request whose password has to be checked waits, and is released from the tick. Hosts differ in what they show
//! meanwhile: nothing by default, and the body as it comes with Envoy's `allow_on_headers_stop_iteration`. Every
//! callback pauses then, so that nothing goes on that hasn't been decided.

use super::host::{self, HostError, Map};
use super::worker::{Unwritten, Worker};
use crate::caller::logins::StreamId;
use crate::decision::refusal::Refusal;
use crate::decision::{Decision, Forward, Request, TriedForm};
use crate::enforce::form::{AwaitedForm, FormError};
use crate::gateway::Gateway;
use crate::report::{Reason, Record};
use crate::response::answer::RequestContext;
use crate::response::filtered::Filter;
use crate::response::reply::Reply;
use crate::target::body::{Body, End};
use crate::target::header_edits::HeaderEdits;
use crate::target::headers::Headers;
use crate::target::headers::name::Name;
use proxy_wasm::types::Action;
use std::fmt;
use std::rc::Rc;

/// A request and its answer.
pub(crate) struct Stream {
    pub(crate) context: u32,
    pub(crate) worker: Rc<Worker>,
    phase: Phase,
    record: Record,
    replies: Replies,
}

/// The way in which a host says the filter's replies to a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Replies {
    /// With the status that they have.
    Plain,
    /// As gRPC has it: with the status 200, and the real one in a header of its own.
    AsGrpc,
    /// As gRPC has it, but with this status put back in place of 200.
    Restored(u16),
}

/// The phase that a request is in.
#[allow(
    clippy::large_enum_variant,
    reason = "a stream has one phase, and a box would cost each form an allocation"
)]
enum Phase {
    /// Nothing has been decided yet.
    New,
    /// The request waits until its password has been checked.
    Waiting(Body, ShownBody),
    /// The request is at no mount, and is left to the proxy.
    Passed,
    /// Its headers went upstream, or may go. Its form is awaited, and goes on only when it has been read.
    AwaitingForm { context: RequestContext, form: AwaitedForm, trial: Option<Box<TriedForm>> },
    /// The request went upstream, or streams there.
    Forwarded { context: RequestContext },
    /// Its answer comes, and is filtered piece by piece.
    Filtering(Box<Filter>, Rest),
    /// Its answer was broken off.
    BrokenOff,
    /// The filter answered. Hosts run the response callbacks for this answer too, although it isn't the server's.
    Replied,
}

/// The rest of a request whose answer comes already.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// It streams to the server.
    Streams,
    /// It may be the end, and nothing else.
    MustBeEmpty,
}

/// The part of the body that the host has shown of a request that waits.
#[derive(Clone, Copy)]
enum ShownBody {
    Nothing,
    /// The first bytes of the body, with their number. More will come.
    Part(usize),
    /// All bytes of the body, with their number.
    Whole(usize),
    /// The trailers at the end of the body.
    Trailers,
}

impl Stream {
    /// Creates the state of a new request.
    pub(crate) fn new(context: u32, worker: Rc<Worker>) -> Self {
        Self { context, worker, phase: Phase::New, record: Record::default(), replies: Replies::Plain }
    }

    /// Returns `true` if the request waits for the check of its password.
    pub(crate) fn waits(&self) -> bool {
        matches!(self.phase, Phase::Waiting(..))
    }

    /// Decides the request when the headers have come.
    pub(crate) fn decide(&mut self, body: Body) -> Result<Action, HostError> {
        let headers = host::headers(Map::Request)?;
        let facts = match self.worker.facts(&headers) {
            Ok(facts) => facts,
            Err(unwritten) => return Ok(self.unwritten(unwritten)),
        };
        let stream = StreamId(self.context);
        let request = Request { stream, headers: &headers, body, scheme: facts.scheme, facts: &facts };
        let (decision, record) = self.worker.decide(&request);
        self.record = record;
        match decision {
            Decision::Wait => {
                self.phase = Phase::Waiting(body, ShownBody::Nothing);
                return Ok(Action::Pause);
            }
            Decision::Reply(reply) => {
                self.replies = Replies::to(&headers);
                self.worker.report(&self.record);
                return Ok(self.reply(&reply));
            }
            Decision::Pass(edits) => {
                host::edit(Map::Request, &edits, &headers)?;
                self.phase = Phase::Passed;
            }
            Decision::Forward(forward) => {
                host::edit(Map::Request, &forward.edits, &headers)?;
                let Forward { context, form, trial, .. } = *forward;
                // A form that can be refused later has its own type. Only what must be empty can have gRPC's.
                if form.as_ref().is_some_and(AwaitedForm::must_be_empty) {
                    self.replies = Replies::to(&headers);
                }
                self.phase = match form {
                    Some(form) => Phase::AwaitingForm { context, form, trial },
                    None => Phase::Forwarded { context },
                };
            }
        }
        if !matches!(self.phase, Phase::AwaitingForm { .. }) {
            self.worker.report(&self.record);
        }
        Ok(Action::Continue)
    }

    /// Decides the request after its password has been checked, and lets it go on as far as it has come.
    pub(crate) fn release(&mut self) -> Result<Action, HostError> {
        let Phase::Waiting(body, shown) = self.phase else { return Ok(Action::Pause) };
        if self.decide(body)? == Action::Pause {
            if let Phase::Waiting(_, still) = &mut self.phase {
                *still = shown;
            }
            return Ok(Action::Pause);
        }
        let is_form = matches!(self.phase, Phase::AwaitingForm { .. });
        match shown {
            // The callback for the rest of the body releases all of it. If it were released now, a form would go on
            // unread, and Envoys before 1.40 would lose the next bytes of any other body.
            ShownBody::Part(size) if is_form => return self.read_form(size, End::Later),
            ShownBody::Part(_) => return Ok(Action::Continue),
            ShownBody::Whole(size) if is_form => {
                if self.read_form(size, End::Here)? == Action::Pause {
                    return Ok(Action::Pause);
                }
            }
            ShownBody::Trailers if is_form => {
                return Ok(self.refuse_whatever_rules_say(FormError::Trailers));
            }
            ShownBody::Nothing | ShownBody::Whole(_) | ShownBody::Trailers => {}
        }
        host::resume_request()?;
        Ok(Action::Continue)
    }

    /// Reads a form as far as it has come. The host keeps it until the end.
    fn read_form(&mut self, size: usize, end: End) -> Result<Action, HostError> {
        let Phase::AwaitingForm { context, form, trial } = &self.phase else { return Ok(Action::Pause) };
        if end == End::Later {
            return Ok(match form.check_length(size) {
                Ok(()) => Action::Pause,
                Err(error) => self.refuse_whatever_rules_say(error),
            });
        }
        let body = if size == 0 { Vec::new() } else { host::request_body(size)? };
        match self.worker.complete(form, trial.as_deref(), &body, &mut self.record) {
            Ok(text) => {
                host::replace_request_body(size, &text)?;
                self.phase = Phase::Forwarded { context: context.clone() };
                self.worker.report(&self.record);
                Ok(Action::Continue)
            }
            Err(error) => Ok(self.refuse(error)),
        }
    }

    /// Handles the headers of the server's answer.
    pub(crate) fn answer(&mut self) -> Result<Action, HostError> {
        if let Phase::Waiting(..) = self.phase {
            // The host itself answers, and there is nothing left to wait for.
            self.phase = Phase::Replied;
            self.worker.forget(self.context);
        }
        if let (Phase::Replied, Replies::Restored(status)) = (&self.phase, self.replies) {
            let headers = host::headers(Map::Response)?;
            host::edit(Map::Response, &HeaderEdits::set(Name::Status, status.to_string()), &headers)?;
        }
        let Some(context) = self.phase.context() else { return Ok(Action::Continue) };
        let headers = host::headers(Map::Response)?;
        match self.gateway().answer(context, &headers) {
            Ok(edits) => {
                host::edit(Map::Response, &edits, &headers)?;
                if let Some(filtered) = &context.filtered {
                    let filter = Box::new(filtered.filter());
                    let rest = match self.phase {
                        Phase::AwaitingForm { .. } => Rest::MustBeEmpty,
                        _ => Rest::Streams,
                    };
                    self.phase = Phase::Filtering(filter, rest);
                }
                Ok(Action::Continue)
            }
            Err(refusal) => {
                let reply = self.gateway().refuse(context, &refusal);
                self.record.refused(reply.status, refusal.reason(), &refusal);
                self.worker.report_answer(&self.record);
                Ok(self.reply(&reply))
            }
        }
    }

    /// Handles a piece of the server's answer. From its first byte on, only the end of the connection can tell the
    /// client that something is wrong (`threats.md` R3).
    pub(crate) fn answer_body(&mut self, size: usize, end: End) -> Action {
        let filter = match &mut self.phase {
            Phase::Filtering(filter, _) => filter,
            Phase::BrokenOff => return Action::Pause,
            _ => return Action::Continue,
        };
        let piece = if size == 0 { Ok(Vec::new()) } else { host::response_body(size) };
        let filtered = piece.map(|piece| filter.next(&piece, end));
        let error: &dyn fmt::Display = match &filtered {
            Ok(Ok(filtered)) => match host::replace_response_body(size, filtered) {
                Ok(()) => return Action::Continue,
                Err(_) => &Refusal::Host,
            },
            Ok(Err(error)) => error,
            Err(_) => &Refusal::Host,
        };
        self.record.refused(502, Reason::Answer, error);
        self.worker.report_answer(&self.record);
        self.phase = Phase::BrokenOff;
        if let Err(error) = host::break_off() {
            log::error!(
                "promward: the host doesn't close the stream of an answer that was broken off: {error:?}"
            );
        }
        Action::Pause
    }

    /// Refuses a form that the rules on trial would refuse as well.
    fn refuse_whatever_rules_say(&mut self, error: FormError) -> Action {
        self.record.trial = None;
        self.refuse(error)
    }

    fn refuse(&mut self, error: FormError) -> Action {
        let Some(context) = self.phase.context() else { return Action::Pause };
        let refusal = Refusal::Form(error);
        let reply = self.gateway().refuse(context, &refusal);
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
        send(reply)
    }

    /// Returns the action for the host. If a host call failed, the request is refused.
    pub(crate) fn closed(&mut self, result: Result<Action, HostError>) -> Action {
        result.unwrap_or_else(|error| {
            log::error!("promward: a host call failed, the request is refused: {error:?}");
            let reply = self.gateway().failed();
            self.reply(&reply)
        })
    }

    fn gateway(&self) -> &Gateway {
        &self.worker.gateway
    }

    /// Handles a piece of the request's body.
    pub(crate) fn request_body(&mut self, size: usize, end: End) -> Action {
        let result = match &mut self.phase {
            Phase::New | Phase::Replied | Phase::BrokenOff => Ok(Action::Pause),
            Phase::Waiting(_, shown) => {
                *shown = if end == End::Here { ShownBody::Whole(size) } else { ShownBody::Part(size) };
                Ok(Action::Pause)
            }
            Phase::Filtering(_, Rest::MustBeEmpty) if size > 0 => Ok(Action::Pause),
            Phase::Passed | Phase::Forwarded { .. } | Phase::Filtering(..) => Ok(Action::Continue),
            Phase::AwaitingForm { .. } => self.read_form(size, end),
        };
        self.closed(result)
    }

    /// Handles the trailers of the request.
    pub(crate) fn request_trailers(&mut self) -> Action {
        match &mut self.phase {
            Phase::New | Phase::Replied | Phase::BrokenOff => Action::Pause,
            Phase::Waiting(_, shown) => {
                *shown = ShownBody::Trailers;
                Action::Pause
            }
            Phase::Filtering(_, Rest::MustBeEmpty) => Action::Pause,
            Phase::Passed | Phase::Forwarded { .. } | Phase::Filtering(..) => Action::Continue,
            Phase::AwaitingForm { .. } => self.refuse_whatever_rules_say(FormError::Trailers),
        }
    }
}

impl Phase {
    /// Returns the context for an answer of the server, or `None` if no answer can be the server's.
    fn context(&self) -> Option<&RequestContext> {
        match self {
            Self::AwaitingForm { context, .. } | Self::Forwarded { context } => Some(context),
            Self::New | Self::Waiting(..) | Self::Passed | Self::Replied => None,
            // The answer has been read as far as its headers.
            Self::Filtering(..) | Self::BrokenOff => None,
        }
    }
}

impl Replies {
    /// Returns the way in which hosts say a reply to a request with these headers. Envoy gives a refusal of a gRPC request
    /// the status 200, by which it looks like a success to caches, probes and logs.
    fn to(request: &Headers) -> Self {
        const GRPC: &[u8] = b"application/grpc";
        let begins =
            |value: &[u8]| value.get(..GRPC.len()).is_some_and(|start| start.eq_ignore_ascii_case(GRPC));
        if request.first(Name::ContentType).is_some_and(begins) { Self::AsGrpc } else { Self::Plain }
    }
}

/// Answers in place of the server.
pub(crate) fn send(reply: &Reply) -> Action {
    if let Err(error) = host::reply(reply) {
        log::error!("promward: the host refuses a reply: {error:?}");
    }
    Action::Pause
}
