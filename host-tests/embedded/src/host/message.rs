//! What goes in and out of a stream. The host does no input and output of its own: a front hands it frames and sends on
//! the frames that come out, so that the same state machine serves HTTP/1.1, HTTP/2 and a test without a network.

use bytes::Bytes;

/// Names and values in order. Pseudo headers stand first, as in HTTP/2: `:authority`, `:path`, `:method`, `:scheme` in
/// a request, `:status` in a response. Names are lower case.
pub type Headers = Vec<(Vec<u8>, Vec<u8>)>;

/// A piece of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// The head; `true` if nothing follows it.
    Headers(Headers, bool),
    /// A piece of the body; `true` if it is the last and no trailers follow. It may be empty.
    Data(Bytes, bool),
    /// Trailers end the message.
    Trailers(Headers),
}

impl Frame {
    /// Whether the message ends with this frame.
    pub fn ends(&self) -> bool {
        match self {
            Frame::Headers(_, end) | Frame::Data(_, end) => *end,
            Frame::Trailers(_) => true,
        }
    }
}

/// What the front has to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send this to the upstream; the first one is always [`Frame::Headers`] and starts the upstream request.
    ToUpstream(Frame),
    /// Send this to the client, be it the upstream's answer or an own one. After its last frame the stream is over:
    /// an upstream request that still runs is to be cancelled.
    ToDownstream(Frame),
    /// Reset both sides: HTTP/2 gets a `RST_STREAM`, HTTP/1.1 a closed connection. The stream is over.
    Reset,
}

/// Why a stream is closed by the front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The answer has been sent. Everything that the module is told about the end it has been told by then.
    Finished,
    /// The client went away.
    ClientGone,
    /// The upstream went away. Call [`Worker::local_reply`](super::Worker::local_reply) with 503 first: as long as the
    /// head of the answer hasn't gone to the client, be it held back by the module, the client gets that, and else a
    /// reset.
    UpstreamReset,
}

/// Names a stream within its worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(pub(crate) u32);
