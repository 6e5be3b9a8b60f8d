//! The phases of a request on its way, and what is kept of it in each.

use crate::decision::TriedBody;
use crate::enforce::body::AwaitedBody;
use crate::enforce::remote_write::{AwaitedWrite, Work};
use crate::response::answer::RequestContext;
use crate::response::filtered::Filter;
use crate::target::headers::Headers;
use crate::target::headers::name::Name;

/// The way in which a host says the filter's replies to a request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Replies {
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
    reason = "a stream has one phase, and a box would cost each body an allocation"
)]
pub(super) enum Phase {
    /// Nothing has been decided yet.
    New,
    /// The request waits until its password has been checked, or until others of its caller have ended.
    Waiting(ShownBody),
    /// The request is at no mount, and is left to the proxy.
    Passed,
    /// Its headers went upstream, or may go. Its body is awaited, and goes on only when it has been read.
    AwaitingBody { context: RequestContext, awaited: AwaitedBody, trial: Option<Box<TriedBody>> },
    /// The message that was awaited has come, and is worked on in slices.
    Working(Box<(RequestContext, AwaitedWrite, Work)>),
    /// The request went upstream, or streams there.
    Forwarded { context: RequestContext },
    /// Its answer comes, and is filtered piece by piece.
    Filtering(Box<Filter>, Rest),
    /// Its answer was broken off.
    BrokenOff,
    /// Its answer's head was made the head of a reply, whose body comes in place of the first piece.
    Replaced(String),
    /// The filter answered. Hosts run the response callbacks for this answer too, although it isn't the server's.
    Replied,
}

/// The rest of a request whose answer comes already.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// It streams to the server.
    Streams,
    /// It may be the end, and nothing else.
    MustBeEmpty,
}

/// The part of the body that the host has shown of a request that waits.
#[derive(Clone, Copy)]
pub(super) enum ShownBody {
    Nothing,
    /// The first bytes of the body, with their number. More will come.
    Part(usize),
    /// All bytes of the body, with their number.
    Whole(usize),
    /// The trailers at the end of the body.
    Trailers,
}

impl Phase {
    /// Returns the context for an answer of the server, or `None` if no answer can be the server's.
    pub(super) fn context(&self) -> Option<&RequestContext> {
        match self {
            Self::AwaitingBody { context, .. } | Self::Forwarded { context } => Some(context),
            Self::Working(working) => Some(&working.0),
            Self::New | Self::Waiting(..) | Self::Passed | Self::Replied => None,
            // The answer has been read as far as its headers.
            Self::Filtering(..) | Self::BrokenOff | Self::Replaced(_) => None,
        }
    }
}

impl Replies {
    /// Returns the way in which hosts say a reply to a request with these headers. Envoy gives a refusal of a gRPC request
    /// the status 200, by which it looks like a success to caches, probes and logs.
    pub(super) fn to(request: &Headers) -> Self {
        const GRPC: &[u8] = b"application/grpc";
        let begins =
            |value: &[u8]| value.get(..GRPC.len()).is_some_and(|start| start.eq_ignore_ascii_case(GRPC));
        if request.first(Name::ContentType).is_some_and(begins) { Self::AsGrpc } else { Self::Plain }
    }
}
