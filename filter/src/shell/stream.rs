//! One request's callbacks. Each asks the core and does what it says; where the host fails, nothing goes on.
//!
//! A request whose password has to be checked first waits, and is let go of from the tick. Hosts differ in what they show
//! meanwhile: by default nothing, with Envoy's `allow_on_headers_stop_iteration` the body as it comes. Every callback
//! pauses then, so that neither lets anything through that wasn't decided.

use super::facts;
use super::host::{self, HostError, Map};
use super::worker::Worker;
use crate::caller::logins::StreamId;
use crate::decision::refusal::Refusal;
use crate::decision::{Decision, Forward, Request};
use crate::enforce::form::{AwaitedForm, FormError};
use crate::gateway::Gateway;
use crate::report::Record;
use crate::response::answer::RequestContext;
use crate::response::filtered::Filter;
use crate::response::reply::Reply;
use crate::target::body::{Body, End};
use proxy_wasm::types::Action;
use std::fmt;
use std::rc::Rc;

/// A request and its answer.
pub(crate) struct Stream {
    pub(crate) context: u32,
    pub(crate) worker: Rc<Worker>,
    state: Phase,
    record: Record,
}

/// How far a request is.
enum Phase {
    /// Nothing is decided yet.
    New,
    /// It waits until its password was checked.
    Waiting(Body, ShownBody),
    /// It isn't ours.
    Passed,
    /// Its headers went upstream, or may go; its form is awaited, and goes on only when it has been read.
    AwaitingForm { context: RequestContext, form: AwaitedForm },
    /// It went upstream, or streams there.
    Forwarded { context: RequestContext },
    /// Its answer comes, and is filtered piece by piece.
    Filtering(Box<Filter>),
    /// Its answer was broken off.
    BrokenOff,
    /// The filter answered. Hosts run the response callbacks for that answer too; it is no server's.
    Replied,
}

/// What the host has shown of the body of a request that waits.
#[derive(Clone, Copy)]
enum ShownBody {
    Nothing,
    /// So many bytes, and more to come.
    Part(usize),
    /// All of it, of so many bytes.
    Whole(usize),
    /// That it ends in trailers.
    Trailers,
}

impl Stream {
    /// A new one.
    pub(crate) fn new(context: u32, worker: Rc<Worker>) -> Self {
        Self { context, worker, state: Phase::New, record: Record::default() }
    }

    /// Whether its password has to be checked first.
    pub(crate) fn waits(&self) -> bool {
        matches!(self.state, Phase::Waiting(..))
    }

    /// Decides when the headers have come.
    pub(crate) fn decide(&mut self, body: Body) -> Result<Action, HostError> {
        let headers = host::headers(Map::Request)?;
        let facts = self.worker.facts()?;
        let stream = StreamId(self.context);
        let request = Request { stream, headers: &headers, body, scheme: facts::scheme(), facts: &facts };
        let (decision, record) = self.worker.decide(&request);
        self.record = record;
        match decision {
            Decision::Wait => {
                self.state = Phase::Waiting(body, ShownBody::Nothing);
                return Ok(Action::Pause);
            }
            Decision::Reply(reply) => {
                self.worker.report(&self.record);
                return Ok(self.reply(&reply));
            }
            Decision::Pass(edits) => {
                host::edit(Map::Request, &edits)?;
                self.state = Phase::Passed;
            }
            Decision::Forward(forward) => {
                host::edit(Map::Request, &forward.edits)?;
                let Forward { context, form, .. } = *forward;
                self.state = match form {
                    Some(form) => Phase::AwaitingForm { context, form },
                    None => Phase::Forwarded { context },
                };
            }
        }
        if !matches!(self.state, Phase::AwaitingForm { .. }) {
            self.worker.report(&self.record);
        }
        Ok(Action::Continue)
    }

    /// The password was checked: the request is decided now, and goes on as far as it has come.
    pub(crate) fn release(&mut self) -> Result<Action, HostError> {
        let Phase::Waiting(body, shown) = self.state else { return Ok(Action::Pause) };
        if self.decide(body)? == Action::Pause {
            if let Phase::Waiting(_, still) = &mut self.state {
                *still = shown;
            }
            return Ok(Action::Pause);
        }
        let is_form = matches!(self.state, Phase::AwaitingForm { .. });
        match shown {
            // The callback for what is still to come lets go of all of it. Released now, a form would go on unread, and of
            // any other body Envoys before 1.40 lose what comes next.
            ShownBody::Part(size) if is_form => return self.read_form(size, End::Later),
            ShownBody::Part(_) => return Ok(Action::Continue),
            ShownBody::Whole(size) if is_form => {
                if self.read_form(size, End::Here)? == Action::Pause {
                    return Ok(Action::Pause);
                }
            }
            ShownBody::Trailers if is_form => return Ok(self.refuse(FormError::Trailers)),
            ShownBody::Nothing | ShownBody::Whole(_) | ShownBody::Trailers => {}
        }
        host::resume_request()?;
        Ok(Action::Continue)
    }

    /// Takes what has come of a form; the host keeps it until the end.
    fn read_form(&mut self, size: usize, end: End) -> Result<Action, HostError> {
        let Phase::AwaitingForm { context, form } = &self.state else { return Ok(Action::Pause) };
        if end == End::Later {
            return Ok(match form.check_length(size) {
                Ok(()) => Action::Pause,
                Err(error) => self.refuse(error),
            });
        }
        let body = if size == 0 { Vec::new() } else { host::request_body(size)? };
        match self.worker.complete(form, &body) {
            Ok(text) => {
                host::replace_request_body(size, &text)?;
                self.state = Phase::Forwarded { context: context.clone() };
                self.worker.report(&self.record);
                Ok(Action::Continue)
            }
            Err(error) => Ok(self.refuse(error)),
        }
    }

    /// What the server's answer becomes, when its headers have come.
    pub(crate) fn answer(&mut self) -> Result<Action, HostError> {
        if let Phase::Waiting(..) = self.state {
            // The host answers by itself, and there is nothing to wait for any more.
            self.state = Phase::Replied;
            self.worker.forget(self.context);
        }
        let Some(context) = self.state.context() else { return Ok(Action::Continue) };
        let headers = host::headers(Map::Response)?;
        match self.gateway().answer(context, &headers) {
            Ok(edits) => {
                host::edit(Map::Response, &edits)?;
                if let Some(filtered) = &context.filtered {
                    self.state = Phase::Filtering(Box::new(filtered.filter()));
                }
                Ok(Action::Continue)
            }
            Err(refusal) => {
                let reply = self.gateway().refuse(context, &refusal);
                self.record.refused(reply.status, &refusal);
                self.worker.report_answer(&self.record);
                Ok(self.reply(&reply))
            }
        }
    }

    /// A piece of the server's answer has come. From its first byte on nothing but the end of the connection can say that
    /// something is wrong (`threats.md` R3).
    pub(crate) fn answer_body(&mut self, size: usize, end: End) -> Action {
        let filter = match &mut self.state {
            Phase::Filtering(filter) => filter,
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
        self.record.refused(502, error);
        self.worker.report_answer(&self.record);
        self.state = Phase::BrokenOff;
        if let Err(error) = host::break_off() {
            log::error!("promward: the host doesn't break an answer off, which waits for good: {error:?}");
        }
        Action::Pause
    }

    fn refuse(&mut self, error: FormError) -> Action {
        let Some(context) = self.state.context() else { return Action::Pause };
        let refusal = Refusal::Form(error);
        let reply = self.gateway().refuse(context, &refusal);
        self.record.refused(reply.status, &refusal);
        self.worker.report(&self.record);
        self.reply(&reply)
    }

    /// Answers in the server's place. A host that can't do even that holds the request for good.
    fn reply(&mut self, reply: &Reply) -> Action {
        self.state = Phase::Replied;
        send(reply)
    }

    /// What the host is told; where a host call failed, the request is refused.
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

    /// A piece of the request's body has come.
    pub(crate) fn request_body(&mut self, size: usize, end: End) -> Action {
        let result = match &mut self.state {
            Phase::New | Phase::Replied | Phase::BrokenOff => Ok(Action::Pause),
            Phase::Waiting(_, shown) => {
                *shown = if end == End::Here { ShownBody::Whole(size) } else { ShownBody::Part(size) };
                Ok(Action::Pause)
            }
            Phase::Passed | Phase::Forwarded { .. } | Phase::Filtering(_) => Ok(Action::Continue),
            Phase::AwaitingForm { .. } => self.read_form(size, end),
        };
        self.closed(result)
    }

    /// The request's trailers have come.
    pub(crate) fn request_trailers(&mut self) -> Action {
        match &mut self.state {
            Phase::New | Phase::Replied | Phase::BrokenOff => Action::Pause,
            Phase::Waiting(_, shown) => {
                *shown = ShownBody::Trailers;
                Action::Pause
            }
            Phase::Passed | Phase::Forwarded { .. } | Phase::Filtering(_) => Action::Continue,
            Phase::AwaitingForm { .. } => self.refuse(FormError::Trailers),
        }
    }
}

impl Phase {
    /// What an answer of the server's is read against; none where no answer is the server's.
    fn context(&self) -> Option<&RequestContext> {
        match self {
            Self::AwaitingForm { context, .. } | Self::Forwarded { context } => Some(context),
            Self::New | Self::Waiting(..) | Self::Passed | Self::Replied => None,
            // The answer has been read as far as its headers.
            Self::Filtering(_) | Self::BrokenOff => None,
        }
    }
}

/// Answers in the server's place.
pub(crate) fn send(reply: &Reply) -> Action {
    if let Err(error) = host::reply(reply) {
        log::error!("promward: the host refuses a reply: {error:?}");
    }
    Action::Pause
}
