//! The messages that go into a stream and come out of it. The host does no input and output of its own: a front hands
//! it frames and sends the frames that come out, so that the same state machine serves HTTP/1.1, HTTP/2 and a test
//! without a network.

use bytes::Bytes;

/// Names and values in order. Pseudo headers stand first, as in HTTP/2: `:authority`, `:path`, `:method`, `:scheme` in
/// a request, `:status` in a response. Names are in lower case.
pub type Headers = Vec<(Vec<u8>, Vec<u8>)>;

/// A piece of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// The head, with `true` if nothing follows it.
    Headers(Headers, bool),
    /// A piece of the body, with `true` if it is the last and no trailers follow. It may be empty.
    Data(Bytes, bool),
    /// The trailers, which end the message.
    Trailers(Headers),
}

impl Frame {
    /// Returns `true` if the message ends with this frame.
    pub fn ends(&self) -> bool {
        match self {
            Frame::Headers(_, end) | Frame::Data(_, end) => *end,
            Frame::Trailers(_) => true,
        }
    }
}

/// A direction of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the client to the upstream.
    Request,
    /// From the upstream to the client.
    Response,
}

/// An instruction to the front.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send this to the upstream. The first one is always [`Frame::Headers`], and starts the upstream request.
    ToUpstream(Frame),
    /// Send this to the client. It belongs to the upstream's answer, or to a local reply. The stream is over after the
    /// last frame: an upstream request that still runs has to be cancelled.
    ToDownstream(Frame),
    /// Reset both sides: HTTP/2 gets a `RST_STREAM`, HTTP/1.1 a closed connection. The stream is over.
    Reset,
}

/// A reason why the front closes a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The answer has been sent. By then the module has been told everything about the end.
    Finished,
    /// The client went away.
    ClientGone,
    /// The upstream went away. Call [`Worker::local_reply`](super::Worker::local_reply) with 503 before: if the head of
    /// the answer hasn't gone to the client yet, the client gets the 503, and else a reset.
    UpstreamReset,
}

/// The name of a stream within its worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(pub(crate) u32);
