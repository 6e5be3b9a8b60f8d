//! One request's callbacks. Each asks the core and does what it says; where the host fails, nothing goes on.

use crate::forward::Forward;
use crate::gateway::{Decision, Gateway, Request};
use crate::host::{self, HostError, Map, Property};
use crate::refusal::Refusal;
use crate::request::form::{AwaitedForm, Body, FormError};
use crate::response::answer::Asked;
use crate::response::origin::Scheme;
use crate::response::reply::Reply;
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;
use std::rc::Rc;

/// A request and its answer.
pub(crate) struct Stream {
    gateway: Option<Rc<Gateway>>,
    state: State,
}

/// How far a request is.
enum State {
    /// Nothing is decided yet.
    New,
    /// It isn't ours.
    Passed,
    /// Its headers went upstream; its form is awaited, and goes on only when it has been read.
    AwaitingForm { asked: Asked, form: AwaitedForm },
    /// It went upstream, or streams there.
    Forwarded { asked: Asked },
    /// The filter answered. Hosts run the response callbacks for that answer too; it is no server's.
    Replied,
}

impl Stream {
    pub(crate) fn new(gateway: Option<Rc<Gateway>>) -> Self {
        Self { gateway, state: State::New }
    }

    fn decide(&mut self, end_of_stream: bool) -> Result<Action, HostError> {
        let Some(gateway) = self.gateway.clone() else {
            return Ok(self.reply(&Reply::unavailable()));
        };
        let headers = host::headers(Map::Request)?;
        let body = if end_of_stream { Body::None } else { Body::Follows };
        match gateway.decide(&Request { headers: &headers, body, scheme: scheme() }) {
            Decision::Reply(reply) => Ok(self.reply(&reply)),
            Decision::Pass(edits) => {
                host::edit(Map::Request, &edits)?;
                self.state = State::Passed;
                Ok(Action::Continue)
            }
            Decision::Forward(forward) => {
                host::edit(Map::Request, &forward.edits)?;
                let Forward { asked, form, .. } = *forward;
                self.state = match form {
                    Some(form) => State::AwaitingForm { asked, form },
                    None => State::Forwarded { asked },
                };
                Ok(Action::Continue)
            }
        }
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
                Ok(Action::Continue)
            }
            Err(error) => Ok(self.refuse(error)),
        }
    }

    fn answer(&mut self) -> Result<Action, HostError> {
        let (Some(asked), Some(gateway)) = (self.state.asked(), &self.gateway) else {
            return Ok(Action::Continue);
        };
        let headers = host::headers(Map::Response)?;
        match gateway.answer(asked, &headers) {
            Ok(edits) => host::edit(Map::Response, &edits).map(|()| Action::Continue),
            Err(reply) => Ok(self.reply(&reply)),
        }
    }

    fn refuse(&mut self, error: FormError) -> Action {
        let (Some(asked), Some(gateway)) = (self.state.asked(), &self.gateway) else {
            return Action::Pause;
        };
        let reply = gateway.refuse(asked, &Refusal::Form(error));
        self.reply(&reply)
    }

    /// Answers in the server's place. A host that can't do even that holds the request for good.
    fn reply(&mut self, reply: &Reply) -> Action {
        self.state = State::Replied;
        if let Err(error) = host::reply(reply) {
            log::error!("promward: the host refuses a reply: {error:?}");
        }
        Action::Pause
    }

    fn closed(&mut self, result: Result<Action, HostError>) -> Action {
        result.unwrap_or_else(|error| {
            log::error!("promward: a host call failed, the request is refused: {error:?}");
            let reply = self.gateway.as_ref().map_or_else(Reply::unavailable, |gateway| gateway.failed());
            self.reply(&reply)
        })
    }
}

impl State {
    /// What an answer of the server's is read against; none where no answer is the server's.
    fn asked(&self) -> Option<&Asked> {
        match self {
            Self::AwaitingForm { asked, .. } | Self::Forwarded { asked } => Some(asked),
            Self::New | Self::Passed | Self::Replied => None,
        }
    }
}

impl Context for Stream {}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _: usize, end_of_stream: bool) -> Action {
        let result = self.decide(end_of_stream);
        self.closed(result)
    }

    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        let result = match self.state {
            State::New | State::Replied => Ok(Action::Pause),
            State::Passed | State::Forwarded { .. } => Ok(Action::Continue),
            State::AwaitingForm { .. } => self.read_form(size, end_of_stream),
        };
        self.closed(result)
    }

    fn on_http_request_trailers(&mut self, _: usize) -> Action {
        match self.state {
            State::New | State::Replied => Action::Pause,
            State::Passed | State::Forwarded { .. } => Action::Continue,
            State::AwaitingForm { .. } => self.refuse(FormError::Trailers),
        }
    }

    fn on_http_response_headers(&mut self, _: usize, _: bool) -> Action {
        let result = self.answer();
        self.closed(result)
    }
}

/// What the client's connection speaks; a host that doesn't know of TLS has none.
fn scheme() -> Scheme {
    match host::property(Property("connection\0tls_version")) {
        Ok(version) if !version.is_empty() => Scheme::Https,
        _ => Scheme::Http,
    }
}
