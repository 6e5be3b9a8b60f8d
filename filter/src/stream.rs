//! One request's callbacks. Each asks the core and does what it says; where the host fails, nothing goes on.
//!
//! A request whose password has to be checked first waits, and is let go of from the tick. Hosts differ in what they show
//! meanwhile: by default nothing, with Envoy's `allow_on_headers_stop_iteration` the body as it comes. Every callback
//! pauses then, so that neither lets anything through that wasn't decided.

use crate::caller::logins::StreamId;
use crate::forward::Forward;
use crate::gateway::{Decision, Gateway, Request};
use crate::host::{self, HostError, Map, Property};
use crate::refusal::Refusal;
use crate::report::Record;
use crate::request::form::{AwaitedForm, Body, FormError};
use crate::response::answer::Asked;
use crate::response::origin::Scheme;
use crate::response::reply::Reply;
use crate::worker::Worker;
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;
use std::cell::RefCell;
use std::rc::Rc;

/// A request and its answer.
struct Stream {
    context: u32,
    worker: Rc<Worker>,
    state: State,
    record: Record,
}

/// How far a request is.
enum State {
    /// Nothing is decided yet.
    New,
    /// It waits until its password was checked.
    Waiting(Body, Shown),
    /// It isn't ours.
    Passed,
    /// Its headers went upstream, or may go; its form is awaited, and goes on only when it has been read.
    AwaitingForm { asked: Asked, form: AwaitedForm },
    /// It went upstream, or streams there.
    Forwarded { asked: Asked },
    /// The filter answered. Hosts run the response callbacks for that answer too; it is no server's.
    Replied,
}

/// What the host has shown of the body of a request that waits.
#[derive(Clone, Copy)]
enum Shown {
    Nothing,
    /// So many bytes, and more to come.
    Part(usize),
    /// All of it, of so many bytes.
    Whole(usize),
    /// That it ends in trailers.
    Trailers,
}

impl Stream {
    fn decide(&mut self, body: Body) -> Result<Action, HostError> {
        let headers = host::headers(Map::Request)?;
        let facts = self.worker.facts()?;
        let stream = StreamId(self.context);
        let request = Request { stream, headers: &headers, body, scheme: scheme(), facts: &facts };
        let (decision, record) = self.worker.decide(&request);
        self.record = record;
        match decision {
            Decision::Wait => {
                self.state = State::Waiting(body, Shown::Nothing);
                return Ok(Action::Pause);
            }
            Decision::Reply(reply) => {
                self.worker.report(&self.record);
                return Ok(self.reply(&reply));
            }
            Decision::Pass(edits) => {
                host::edit(Map::Request, &edits)?;
                self.state = State::Passed;
            }
            Decision::Forward(forward) => {
                host::edit(Map::Request, &forward.edits)?;
                let Forward { asked, form, .. } = *forward;
                self.state = match form {
                    Some(form) => State::AwaitingForm { asked, form },
                    None => State::Forwarded { asked },
                };
            }
        }
        if !matches!(self.state, State::AwaitingForm { .. }) {
            self.worker.report(&self.record);
        }
        Ok(Action::Continue)
    }

    /// The password was checked: the request is decided now, and goes on as far as it has come.
    fn release(&mut self) -> Result<Action, HostError> {
        let State::Waiting(body, shown) = self.state else { return Ok(Action::Pause) };
        if self.decide(body)? == Action::Pause {
            if let State::Waiting(_, still) = &mut self.state {
                *still = shown;
            }
            return Ok(Action::Pause);
        }
        if matches!(self.state, State::AwaitingForm { .. }) {
            match shown {
                Shown::Nothing => {}
                // The callback that has the end reads the form, and lets it go together with the headers. A release now
                // would send what is held unread.
                Shown::Part(size) => return self.read_form(size, false),
                Shown::Whole(size) => {
                    if self.read_form(size, true)? == Action::Pause {
                        return Ok(Action::Pause);
                    }
                }
                Shown::Trailers => return Ok(self.refuse(FormError::Trailers)),
            }
        }
        host::resume_request()?;
        Ok(Action::Continue)
    }

    /// Takes what has come of a form; the host keeps it until the end.
    fn read_form(&mut self, size: usize, end_of_stream: bool) -> Result<Action, HostError> {
        let State::AwaitingForm { asked, form } = &self.state else { return Ok(Action::Pause) };
        if !end_of_stream {
            return Ok(match form.check_length(size) {
                Ok(()) => Action::Pause,
                Err(error) => self.refuse(error),
            });
        }
        let body = if size == 0 { Vec::new() } else { host::request_body(size)? };
        match form.complete(&body) {
            Ok(text) => {
                host::replace_request_body(size, &text)?;
                self.state = State::Forwarded { asked: asked.clone() };
                self.worker.report(&self.record);
                Ok(Action::Continue)
            }
            Err(error) => Ok(self.refuse(error)),
        }
    }

    fn answer(&mut self) -> Result<Action, HostError> {
        if let State::Waiting(..) = self.state {
            // The host answers by itself, and there is nothing to wait for any more.
            self.state = State::Replied;
            self.worker.forget(self.context);
        }
        let Some(asked) = self.state.asked() else { return Ok(Action::Continue) };
        let headers = host::headers(Map::Response)?;
        match self.gateway().answer(asked, &headers) {
            Ok(edits) => host::edit(Map::Response, &edits).map(|()| Action::Continue),
            Err(refusal) => {
                let reply = self.gateway().refuse(asked, &refusal);
                self.record.refused(reply.status, &refusal);
                self.worker.report_answer(&self.record);
                Ok(self.reply(&reply))
            }
        }
    }

    fn refuse(&mut self, error: FormError) -> Action {
        let Some(asked) = self.state.asked() else { return Action::Pause };
        let refusal = Refusal::Form(error);
        let reply = self.gateway().refuse(asked, &refusal);
        self.record.refused(reply.status, &refusal);
        self.worker.report(&self.record);
        self.reply(&reply)
    }

    /// Answers in the server's place. A host that can't do even that holds the request for good.
    fn reply(&mut self, reply: &Reply) -> Action {
        self.state = State::Replied;
        send(reply)
    }

    fn closed(&mut self, result: Result<Action, HostError>) -> Action {
        result.unwrap_or_else(|error| {
            log::error!("promward: a host call failed, the request is refused: {error:?}");
            let reply = self.gateway().failed();
            self.reply(&reply)
        })
    }

    fn gateway(&self) -> &Gateway {
        &self.worker.gateway
    }

    fn request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        let result = match &mut self.state {
            State::New | State::Replied => Ok(Action::Pause),
            State::Waiting(_, shown) => {
                *shown = if end_of_stream { Shown::Whole(size) } else { Shown::Part(size) };
                Ok(Action::Pause)
            }
            State::Passed | State::Forwarded { .. } => Ok(Action::Continue),
            State::AwaitingForm { .. } => self.read_form(size, end_of_stream),
        };
        self.closed(result)
    }

    fn request_trailers(&mut self) -> Action {
        match &mut self.state {
            State::New | State::Replied => Action::Pause,
            State::Waiting(_, shown) => {
                *shown = Shown::Trailers;
                Action::Pause
            }
            State::Passed | State::Forwarded { .. } => Action::Continue,
            State::AwaitingForm { .. } => self.refuse(FormError::Trailers),
        }
    }
}

impl State {
    /// What an answer of the server's is read against; none where no answer is the server's.
    fn asked(&self) -> Option<&Asked> {
        match self {
            Self::AwaitingForm { asked, .. } | Self::Forwarded { asked } => Some(asked),
            Self::New | Self::Waiting(..) | Self::Passed | Self::Replied => None,
        }
    }
}

/// A stream as its worker keeps it while it waits.
#[derive(Clone)]
pub(crate) struct Shared(Rc<RefCell<Stream>>);

impl Shared {
    /// Decides and lets go, from the tick, where host calls are about this stream.
    pub(crate) fn release(&self) {
        let mut stream = self.0.borrow_mut();
        let result = stream.release();
        stream.closed(result);
        self.wait_if_told(&mut stream);
    }

    fn wait_if_told(&self, stream: &mut Stream) {
        if let State::Waiting(..) = stream.state
            && let Err(error) = stream.worker.wait(stream.context, self.clone())
        {
            stream.worker.forget(stream.context);
            stream.closed(Err(error));
        }
    }
}

/// A stream as the host calls it back.
pub(crate) struct Handle(Option<Shared>);

impl Handle {
    /// A new stream; without a configuration it is answered, and that is all.
    pub(crate) fn new(context: u32, worker: Option<Rc<Worker>>) -> Self {
        Self(worker.map(|worker| {
            let stream = Stream { context, worker, state: State::New, record: Record::default() };
            Shared(Rc::new(RefCell::new(stream)))
        }))
    }
}

impl Context for Handle {}

impl HttpContext for Handle {
    fn on_http_request_headers(&mut self, _: usize, end_of_stream: bool) -> Action {
        let Some(shared) = &self.0 else { return send(&Reply::unavailable()) };
        let mut stream = shared.0.borrow_mut();
        let result = stream.decide(if end_of_stream { Body::None } else { Body::Follows });
        let action = stream.closed(result);
        shared.wait_if_told(&mut stream);
        action
    }

    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        let stream = |shared: &Shared| shared.0.borrow_mut().request_body(size, end_of_stream);
        self.0.as_ref().map_or(Action::Pause, stream)
    }

    fn on_http_request_trailers(&mut self, _: usize) -> Action {
        self.0.as_ref().map_or(Action::Pause, |shared| shared.0.borrow_mut().request_trailers())
    }

    fn on_http_response_headers(&mut self, _: usize, _: bool) -> Action {
        let Some(shared) = &self.0 else { return Action::Continue };
        let mut stream = shared.0.borrow_mut();
        let result = stream.answer();
        stream.closed(result)
    }
}

impl Drop for Handle {
    /// The host is done with the stream: nothing waits for it any more.
    fn drop(&mut self) {
        let gone = self.0.as_ref().map(|shared| {
            let stream = shared.0.borrow();
            (Rc::clone(&stream.worker), stream.context)
        });
        if let Some((worker, context)) = gone {
            worker.forget(context);
        }
    }
}

fn send(reply: &Reply) -> Action {
    if let Err(error) = host::reply(reply) {
        log::error!("promward: the host refuses a reply: {error:?}");
    }
    Action::Pause
}

/// What the client's connection speaks; a host that doesn't know of TLS has none.
fn scheme() -> Scheme {
    match host::property(Property("connection\0tls_version")) {
        Ok(version) if !version.is_empty() => Scheme::Https,
        _ => Scheme::Http,
    }
}
