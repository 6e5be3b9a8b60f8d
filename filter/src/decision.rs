//! What goes into the core and what comes out of it: a request with what the host knows of it, and what happens to it.

pub mod refusal;

pub use crate::caller::facts::Facts;

use crate::caller::logins::StreamId;
use crate::enforce::form::AwaitedForm;
use crate::response::answer::RequestContext;
use crate::response::reply::Reply;
use crate::target::body::Body;
use crate::target::header_edits::HeaderEdits;
use crate::target::headers::Headers;
use crate::target::origin::UrlScheme;

/// What the host knows of a request when its headers have come.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Which one it is.
    pub stream: StreamId,
    /// Every header, with `:method`, `:path` and `:authority`.
    pub headers: &'a Headers,
    /// Whether something follows the headers.
    pub body: Body,
    /// What the client's connection speaks.
    pub scheme: UrlScheme,
    /// The facts that [`Gateway::needs`](crate::gateway::Gateway::needs) asks for.
    pub facts: &'a Facts,
}

/// What a configuration has to know of a request beside its headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Where it comes from.
    pub source: bool,
    /// The client's certificate.
    pub certificate: bool,
    /// What filters before this one left.
    pub metadata: bool,
    /// When it is.
    pub now: bool,
}

/// What happens to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It goes upstream.
    Forward(Box<Forward>),
    /// It isn't ours: it goes on as it came, but for these headers.
    Pass(HeaderEdits),
    /// It is answered here.
    Reply(Reply),
    /// It waits until its password was checked, and is decided then.
    Wait,
}

/// A request on its way upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forward {
    /// What changes in its headers, `:path` among them.
    pub edits: HeaderEdits,
    /// A form that has to be awaited; any other body streams.
    pub form: Option<AwaitedForm>,
    /// What its answer is read against.
    pub context: RequestContext,
}
