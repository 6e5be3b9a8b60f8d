//! One request and its answer on their way through the module: what has come, what is held back, what the module may
//! look at. `flow.rs` moves it on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use super::message::{Frame, Output};
use super::reply::LocalReply;
use super::{Connection, Headers};

/// A direction of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// From the client to the upstream.
    Request,
    /// From the upstream to the client.
    Response,
}

/// Whether frames go on to the next hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Iteration {
    /// They do.
    Goes,
    /// A callback paused; the next frame's callback is called, and may let everything go.
    Paused,
    /// The headers callback paused everything: nothing is shown to the module until it resumes.
    PausedForAll,
}

/// Which bytes of the body a body callback looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyPart {
    /// None: no body callback runs or waits.
    Nothing,
    /// The piece that just came.
    Piece,
    /// All that is held back.
    Held,
}

/// One direction of a stream.
pub(super) struct Side {
    /// The head, from when it came to the end of the stream.
    pub(super) headers: Option<Headers>,
    pub(super) trailers: Option<Headers>,
    /// Body that is held back. Once something was, it stays `Some`, if empty: that decides whether the head or an empty
    /// frame ends the message.
    pub(super) held: Option<Vec<u8>>,
    /// The piece of body that a callback is shown.
    pub(super) piece: Vec<u8>,
    /// The whole message has come.
    pub(super) complete: bool,
    pub(super) iteration: Iteration,
    pub(super) headers_went_on: bool,
    /// The module was told of the end.
    pub(super) module_saw_end: bool,
    /// The next hop was told of the end.
    pub(super) hop_saw_end: bool,
    /// While everything that was paused goes on: it begins with the module itself, which hasn't seen it.
    pub(super) from_module: bool,
    /// What is held back is a matter of reading slower (`true`), not of an answer 413.
    pub(super) streaming: bool,
    /// More is held back than the limit allows.
    pub(super) above_limit: bool,
    /// What host calls can see and edit.
    pub(super) shows_headers: bool,
    pub(super) shows_trailers: bool,
    pub(super) shows_body: BodyPart,
    /// The last body callback paused.
    pub(super) buffering: bool,
    /// Bytes of body that came.
    pub(super) size: u64,
}

impl Side {
    fn new() -> Side {
        Side {
            headers: None,
            trailers: None,
            held: None,
            piece: Vec::new(),
            complete: false,
            iteration: Iteration::Goes,
            headers_went_on: false,
            module_saw_end: false,
            hop_saw_end: false,
            from_module: false,
            streaming: false,
            above_limit: false,
            shows_headers: false,
            shows_trailers: false,
            shows_body: BodyPart::Nothing,
            buffering: false,
            size: 0,
        }
    }

    /// The body that host calls see and edit.
    pub(super) fn body(&mut self) -> Option<&mut Vec<u8>> {
        if self.buffering {
            return self.held.as_mut();
        }
        match self.shows_body {
            BodyPart::Nothing => None,
            BodyPart::Piece => Some(&mut self.piece),
            BodyPart::Held => self.held.as_mut(),
        }
    }
}

/// A stream.
pub(super) struct Stream {
    pub(super) connection: Arc<Connection>,
    pub(super) started: SystemTime,
    /// Which of the worker's VMs it lives in.
    pub(super) generation: u64,
    /// The VM has a context for it.
    pub(super) in_vm: bool,
    pub(super) request: Side,
    pub(super) response: Side,
    /// `end_of_stream` of the last headers or body callback.
    pub(super) end_of_stream: bool,
    /// A callback of this direction runs.
    pub(super) calling: Option<Way>,
    pub(super) request_aborted: bool,
    pub(super) response_aborted: bool,
    /// An own reply that waits for the callback to return.
    pub(super) prepared: Option<LocalReply>,
    /// The answer is complete, or an own one; what the client still sends is dropped.
    pub(super) local_complete: bool,
    /// An own reply is the answer: the upstream's is dropped.
    pub(super) replied: bool,
    /// The head of the answer went to the client.
    pub(super) response_begun: bool,
    /// The VM trapped, and the 503 for it has been sent.
    pub(super) failure_replied: bool,
    /// The stream is over, and the module was told so.
    pub(super) over: bool,
    /// While `on_log` runs: all headers can be read again.
    pub(super) logging: bool,
    pub(super) filter_state: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(super) outputs: Vec<Output>,
    pub(super) waker: Option<Box<dyn Fn()>>,
}

impl Stream {
    pub(super) fn new(connection: Arc<Connection>, generation: u64) -> Stream {
        Stream {
            connection,
            started: SystemTime::now(),
            generation,
            in_vm: false,
            request: Side::new(),
            response: Side::new(),
            end_of_stream: false,
            calling: None,
            request_aborted: false,
            response_aborted: false,
            prepared: None,
            local_complete: false,
            replied: false,
            response_begun: false,
            failure_replied: false,
            over: false,
            logging: false,
            filter_state: BTreeMap::new(),
            outputs: Vec::new(),
            waker: None,
        }
    }

    pub(super) fn side(&mut self, way: Way) -> &mut Side {
        match way {
            Way::Request => &mut self.request,
            Way::Response => &mut self.response,
        }
    }

    /// A frame goes to the next hop of this direction.
    pub(super) fn send(&mut self, way: Way, frame: Frame) {
        self.outputs.push(match way {
            Way::Request => Output::ToUpstream(frame),
            Way::Response => Output::ToDownstream(frame),
        });
    }

    /// Own replies to this request have no body.
    pub(super) fn is_head(&self) -> bool {
        self.request_header(b":method") == Some(b"HEAD")
    }

    /// Own replies to this request are gRPC's.
    pub(super) fn is_grpc(&self) -> bool {
        self.request_header(b"content-type").is_some_and(|value| {
            value
                .strip_prefix(b"application/grpc")
                .is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
        })
    }

    fn request_header(&self, name: &[u8]) -> Option<&[u8]> {
        super::header_map::get(self.request.headers.as_ref()?, name)
    }
}
