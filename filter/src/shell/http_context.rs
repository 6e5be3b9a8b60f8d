//! The link between the host and a stream: the host's callbacks come in, and the worker can find the stream again from
//! the tick while it waits.

use super::host::SentHeaders;
use super::host_kind::{HostKind, PasswordChecks};
use super::stream::{Stream, send};
use super::worker::{Waiting, Worker};
use crate::response::reply::Reply;
use crate::target::body::{Body, End};
use crate::wire::snappy::Progress;
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;
use std::cell::RefCell;
use std::rc::Rc;

/// A stream as its worker keeps it while it waits.
#[derive(Clone)]
struct Shared(Rc<RefCell<Stream>>);

impl Waiting for Shared {
    fn release(&self) {
        let mut stream = self.0.borrow_mut();
        let result = stream.release();
        stream.closed(result);
        self.wait_if_told(&mut stream);
    }

    fn work(&self) -> Progress {
        let mut stream = self.0.borrow_mut();
        stream.work().unwrap_or_else(|error| {
            stream.closed(Err(error));
            Progress::Done
        })
    }
}

impl Shared {
    /// Lets the worker keep a stream that waits for a tick.
    fn wait_if_told(&self, stream: &mut Stream) {
        let kept = if stream.waits() {
            stream.worker.wait(stream.context, Rc::new(self.clone()))
        } else if stream.has_work() {
            stream.worker.queue(stream.context, Rc::new(self.clone()))
        } else {
            return;
        };
        if let Err(error) = kept {
            stream.worker.forget(stream.context);
            stream.closed(Err(error));
        }
    }
}

/// A stream as the host calls it back. Without a configuration it only sends a reply.
pub(crate) struct StreamContext {
    stream: Option<Shared>,
    kind: Option<&'static HostKind>,
    /// The reply of a stream without a configuration.
    sent: Option<SentHeaders>,
}

impl StreamContext {
    /// Creates a stream on a host, if that is known.
    pub(crate) fn new(context: u32, kind: Option<&'static HostKind>, worker: Option<Rc<Worker>>) -> Self {
        let stream = worker.map(|worker| Shared(Rc::new(RefCell::new(Stream::new(context, worker)))));
        Self { stream, kind, sent: None }
    }

    /// Replies to a request without a configuration.
    #[cold]
    fn refuse(&mut self) -> Action {
        self.sent = self.kind.map(|kind| send(kind, &Reply::unavailable()));
        Action::Pause
    }

    /// Returns `true` if an answer to a request without a configuration is the filter's own.
    fn is_own(&self) -> bool {
        self.sent.is_some() && self.kind.is_some_and(|kind| kind.shows_own_replies)
    }
}

impl Context for StreamContext {
    fn on_http_call_response(&mut self, _: u32, _: usize, size: usize, _: usize) {
        let Some(shared) = &self.stream else { return };
        let mut stream = shared.0.borrow_mut();
        let result = stream.looked_up(size);
        stream.closed(result);
    }
}

impl HttpContext for StreamContext {
    fn on_http_request_headers(&mut self, _: usize, end_of_stream: bool) -> Action {
        #[cfg(feature = "trap-on-request")]
        crate::shell::trap::if_asked();
        let Some(shared) = &self.stream else { return self.refuse() };
        let mut stream = shared.0.borrow_mut();
        let mut result = stream.decide(if end_of_stream { Body::None } else { Body::Follows });
        if stream.waits() && stream.worker.kind.checks == PasswordChecks::AtOnce {
            result = stream.decide_after_check();
        }
        let action = stream.closed(result);
        shared.wait_if_told(&mut stream);
        action
    }

    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        let Some(shared) = &self.stream else { return Action::Pause };
        let mut stream = shared.0.borrow_mut();
        let action = stream.request_body(size, end(end_of_stream));
        shared.wait_if_told(&mut stream);
        action
    }

    fn on_http_request_trailers(&mut self, _: usize) -> Action {
        self.stream.as_ref().map_or(Action::Pause, |shared| shared.0.borrow_mut().request_trailers())
    }

    fn on_http_response_headers(&mut self, _: usize, _: bool) -> Action {
        let Some(shared) = &self.stream else {
            return if self.is_own() { Action::Continue } else { Action::Pause };
        };
        let mut stream = shared.0.borrow_mut();
        let result = stream.answer();
        stream.closed_answer(result)
    }

    fn on_http_response_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        let Some(shared) = &self.stream else {
            return if self.is_own() { Action::Continue } else { Action::Pause };
        };
        shared.0.borrow_mut().answer_body(size, end(end_of_stream))
    }
}

/// Converts the flag of a callback.
fn end(end_of_stream: bool) -> End {
    if end_of_stream { End::Here } else { End::Later }
}

impl Drop for StreamContext {
    /// Makes the worker forget the stream, which the host has ended.
    fn drop(&mut self) {
        let gone = self.stream.as_ref().map(|shared| {
            let stream = shared.0.borrow();
            (Rc::clone(&stream.worker), stream.context)
        });
        if let Some((worker, context)) = gone {
            worker.forget(context);
        }
    }
}
