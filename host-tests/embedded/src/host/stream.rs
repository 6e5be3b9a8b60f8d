//! One request and its answer on their way through the module: what has come, what is held back, and what the module
//! may look at. `flow.rs` moves it on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use super::connection::Connection;
use super::local_reply::LocalReply;
use super::message::{Frame, Headers, Output, Way};

/// The state that says whether frames go on to the next hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Iteration {
    /// Frames go on to the next hop.
    Goes,
    /// A callback paused. The next frame's callback is called, and may release everything.
    Paused,
    /// The headers callback paused everything: the module sees nothing until it resumes.
    PausedForAll,
}

/// The part of the body that a body callback looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyPart {
    /// No part: no body callback runs or waits.
    Nothing,
    /// The piece that just came.
    Piece,
    /// Everything that is held back.
    Held,
}

/// The callback that runs about a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    Head(Way),
    Body(Way),
    Trailers(Way),
    Log,
}

/// The state of one direction of a stream.
pub(super) struct Side {
    /// The head, from its arrival to the end of the stream.
    pub(super) headers: Option<Headers>,
    pub(super) trailers: Option<Headers>,
    /// The body that is held back. It stays `Some`, perhaps empty, after something was held back: that decides whether
    /// the head or an empty frame ends the message.
    pub(super) held: Option<Vec<u8>>,
    /// The piece of body that a callback is shown.
    pub(super) piece: Vec<u8>,
    /// `true` when the whole message has come.
    pub(super) complete: bool,
    pub(super) iteration: Iteration,
    pub(super) headers_went_on: bool,
    /// `true` if the callback with the head let it go on before it returned.
    pub(super) is_let_go: bool,
    /// `true` when the module has been told of the end.
    pub(super) module_saw_end: bool,
    /// `true` when the next hop has been told of the end.
    pub(super) hop_saw_end: bool,
    /// `true` while everything that was paused goes on: it begins with the module, which hasn't seen it.
    pub(super) from_module: bool,
    /// `true` if a body that grows over the limit is read more slowly, `false` if it is answered 413.
    pub(super) streaming: bool,
    /// `true` if more is held back than the limit allows.
    pub(super) above_limit: bool,
    /// `true` if host calls can see and edit the head.
    pub(super) shows_headers: bool,
    pub(super) shows_trailers: bool,
    /// The part of the body that host calls can see and edit.
    pub(super) shows_body: BodyPart,
    /// `true` if the last body callback paused.
    pub(super) buffering: bool,
    /// The number of bytes of body that came.
    pub(super) size: u64,
    /// The pieces of a body that is shown when it is complete.
    pub(super) gathered: Option<Vec<u8>>,
    /// `true` if the body was gathered because the module paused an answer.
    pub(super) was_gathered: bool,
    /// `true` if the body is longer than the buffer, so that the module can't read it.
    pub(super) spilled: bool,
    /// `true` if the module has replaced what it was shown by nothing.
    pub(super) emptied: bool,
    /// The head as it came, where headers that were removed go on all the same.
    pub(super) received: Option<Headers>,
    /// The length of the body by the head as it came, where that decides how its end is shown.
    pub(super) length: Option<u64>,
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
            is_let_go: false,
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
            gathered: None,
            was_gathered: false,
            spilled: false,
            emptied: false,
            received: None,
            length: None,
        }
    }

    /// Returns the body that host calls see and edit.
    pub(super) fn body(&mut self) -> Option<&mut Vec<u8>> {
        if self.spilled {
            return None;
        }
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

/// A request and its answer, with what the module knows of them.
pub(super) struct Stream {
    pub(super) connection: Arc<Connection>,
    pub(super) started: SystemTime,
    /// The id of the VM that the stream lives in.
    pub(super) generation: u64,
    /// `true` if the VM has a context for the stream.
    pub(super) in_vm: bool,
    pub(super) request: Side,
    pub(super) response: Side,
    /// The argument `end_of_stream` of the last headers or body callback.
    pub(super) end_of_stream: bool,
    /// The direction of the callback that runs.
    pub(super) calling: Option<Way>,
    /// The callback that runs.
    pub(super) moment: Option<Moment>,
    pub(super) request_aborted: bool,
    pub(super) response_aborted: bool,
    /// A local reply that waits for the callback to return.
    pub(super) prepared: Option<LocalReply>,
    /// `true` if the answer is complete, or is a local reply. What the client still sends is then dropped.
    pub(super) local_complete: bool,
    /// `true` if the answer is a local reply. The upstream's answer is then dropped.
    pub(super) replied: bool,
    /// `true` if the head of the answer has gone to the client.
    pub(super) response_begun: bool,
    /// `true` if the VM trapped and the 503 for it has been sent.
    pub(super) failure_replied: bool,
    /// `true` if the VM trapped in a callback of this stream and the module is never asked about it again.
    pub(super) unseen: bool,
    /// A local reply whose body takes the place of the answer's first piece.
    pub(super) first_piece: Option<Vec<u8>>,
    /// A local reply to a piece of the request's body, where the request goes up all the same, without a body.
    pub(super) late_reply: Option<LocalReply>,
    /// `true` if the stream is over and the module has been told so.
    pub(super) over: bool,
    /// `true` while `on_log` runs: all headers can be read again.
    pub(super) logging: bool,
    pub(super) filter_state: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(super) outputs: Vec<Output>,
    pub(super) waker: Option<Box<dyn Fn()>>,
}

impl Stream {
    pub(super) fn new(connection: Arc<Connection>, generation: u64, started: SystemTime) -> Stream {
        Stream {
            connection,
            started,
            generation,
            in_vm: false,
            request: Side::new(),
            response: Side::new(),
            end_of_stream: false,
            calling: None,
            moment: None,
            request_aborted: false,
            response_aborted: false,
            prepared: None,
            local_complete: false,
            replied: false,
            response_begun: false,
            failure_replied: false,
            unseen: false,
            first_piece: None,
            late_reply: None,
            over: false,
            logging: false,
            filter_state: BTreeMap::new(),
            outputs: Vec::new(),
            waker: None,
        }
    }

    /// Returns `true` while a head is paused that hasn't been replied to.
    pub(super) fn is_paused(&self) -> bool {
        let is_paused = |side: &Side| side.iteration == Iteration::PausedForAll && !side.headers_went_on;
        !self.replied && (is_paused(&self.request) || is_paused(&self.response))
    }

    pub(super) fn side(&mut self, way: Way) -> &mut Side {
        match way {
            Way::Request => &mut self.request,
            Way::Response => &mut self.response,
        }
    }

    pub(super) fn side_ref(&self, way: Way) -> &Side {
        match way {
            Way::Request => &self.request,
            Way::Response => &self.response,
        }
    }

    /// Sends a frame to the next hop of this direction.
    pub(super) fn send(&mut self, way: Way, frame: Frame) {
        self.outputs.push(match way {
            Way::Request => Output::ToUpstream(frame),
            Way::Response => Output::ToDownstream(frame),
        });
    }
}
