//! The input and the output of the core: a request with the facts that the host knows of it, and the decision about it.
//!
//! A decision to forward holds values of earlier rooms: the body that is awaited, and the context that the answer
//! needs. So this room stands directly below the gateway.

mod reason;
pub mod refusal;
mod sentence;

pub use crate::caller::facts::{Facts, HostFacts, Untold};

use crate::caller::logins::StreamId;
use crate::enforce::body::AwaitedBody;
use crate::enforce::form::AwaitedForm;
use crate::enforce::remote_read::AwaitedRead;
use crate::enforce::silence::lookup::Lookup;
use crate::report::Tried;
use crate::response::answer::RequestContext;
use crate::response::reply::Reply;
use crate::target::body::Body;
use crate::target::header_edits::HeaderEdits;
use crate::target::headers::Headers;
use crate::target::origin::UrlScheme;

/// A request as far as it is known when its headers have come.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The stream of the request.
    pub stream: StreamId,
    /// All headers, with `:method`, `:path` and `:authority`.
    pub headers: &'a Headers,
    /// The presence of a body after the headers.
    pub body: Body,
    /// The scheme of the client's connection.
    pub scheme: UrlScheme,
    /// The facts that the host knows beside the headers.
    pub facts: &'a dyn HostFacts,
}

/// The decision about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The request goes upstream.
    Forward(Box<Forward>),
    /// The request is at no mount, and goes on unchanged except for these headers.
    Pass(HeaderEdits),
    /// The filter itself answers the request.
    Reply(Reply),
    /// The request waits until its password has been checked, or until others of its caller have ended, and is decided
    /// then.
    Wait,
}

/// A body that rules on trial allow as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriedBody {
    /// The body as these rules would complete it.
    pub body: ReadAtOnce,
    /// The verdict unless they refuse the body.
    pub allowed: Tried,
}

/// A body that is read at once when it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "forms come most often, and a message is no smaller in a box")]
pub enum ReadAtOnce {
    /// A form, with its parameters.
    Form(AwaitedForm),
    /// A message of remote read.
    Read(AwaitedRead),
}

/// The way in which a request goes upstream, and what is needed later for its body and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forward {
    /// The changes to its headers, including `:path`.
    pub edits: HeaderEdits,
    /// The body to wait for. Any other body streams.
    pub body: Option<AwaitedBody>,
    /// The body that the rules on trial would wait for, if they may write it in another way.
    pub trial: Option<Box<TriedBody>>,
    /// The silence that the server has to be asked for before the request goes on. A body may have one of its own.
    pub lookup: Option<Lookup>,
    /// The context that its answer needs.
    pub context: RequestContext,
}
