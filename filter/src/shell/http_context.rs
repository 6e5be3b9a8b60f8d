//! The link between the host and a stream: the host's callbacks come in, and the worker can find the stream again from
//! the tick while it waits.

use super::stream::{Stream, send};
use super::worker::{Waiting, Worker};
use crate::response::reply::Reply;
use crate::target::body::{Body, End};
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
}

impl Shared {
    fn wait_if_told(&self, stream: &mut Stream) {
        if stream.waits()
            && let Err(error) = stream.worker.wait(stream.context, Rc::new(self.clone()))
        {
            stream.worker.forget(stream.context);
            stream.closed(Err(error));
        }
    }
}

/// A stream as the host calls it back.
pub(crate) struct StreamContext(Option<Shared>);

impl StreamContext {
    /// Creates a stream. Without a configuration it only sends a reply.
    pub(crate) fn new(context: u32, worker: Option<Rc<Worker>>) -> Self {
        Self(worker.map(|worker| Shared(Rc::new(RefCell::new(Stream::new(context, worker))))))
    }
}

impl Context for StreamContext {}

impl HttpContext for StreamContext {
    fn on_http_request_headers(&mut self, _: usize, end_of_stream: bool) -> Action {
        #[cfg(feature = "trap-on-request")]
        crate::shell::trap::if_asked();
        let Some(shared) = &self.0 else { return send(&Reply::unavailable()) };
        let mut stream = shared.0.borrow_mut();
        let result = stream.decide(if end_of_stream { Body::None } else { Body::Follows });
        let action = stream.closed(result);
        shared.wait_if_told(&mut stream);
        action
    }

    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        let stream = |shared: &Shared| shared.0.borrow_mut().request_body(size, end(end_of_stream));
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

    fn on_http_response_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        let Some(shared) = &self.0 else { return Action::Continue };
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
        let gone = self.0.as_ref().map(|shared| {
            let stream = shared.0.borrow();
            (Rc::clone(&stream.worker), stream.context)
        });
        if let Some((worker, context)) = gone {
            worker.forget(context);
        }
    }
}
