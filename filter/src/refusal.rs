//! Refusals: whatever room says no, and with which status. The words are those of the room's own error.

use crate::access::Denied;
use crate::request::form::FormError;
use crate::request::method::Methods;
use crate::request::parameters::ParameterError;
use crate::request::path::TargetError;
use crate::response::location::LocationError;
use crate::response::reply::{Reply, Wording};
use std::fmt;

/// Why a request goes no further, or its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The target can be read in two ways.
    Target(TargetError),
    /// No server is mounted there.
    NoMount,
    /// It asks to speak another protocol, whose requests nobody would look at (`threats.md` H6).
    Upgrade,
    /// The endpoint doesn't know the method.
    Method(Methods),
    /// No rule allows it.
    Denied(Denied),
    /// The query string is ambiguous.
    Parameters(ParameterError),
    /// The body is no form that can be read in one way only.
    Form(FormError),
    /// The server redirects off the site.
    Location(LocationError),
    /// The proxy couldn't tell or do what the decision needs.
    Host,
}

impl From<TargetError> for Refusal {
    fn from(error: TargetError) -> Self {
        Self::Target(error)
    }
}

impl From<ParameterError> for Refusal {
    fn from(error: ParameterError) -> Self {
        Self::Parameters(error)
    }
}

impl From<FormError> for Refusal {
    fn from(error: FormError) -> Self {
        Self::Form(error)
    }
}

impl From<LocationError> for Refusal {
    fn from(error: LocationError) -> Self {
        Self::Location(error)
    }
}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Target(error) => error.fmt(f),
            Self::NoMount => f.write_str("nothing is served at this path"),
            Self::Upgrade => {
                f.write_str("this path speaks no other protocol: leave the header \"upgrade\" out")
            }
            Self::Method(allowed) => write!(f, "this path takes only {allowed}"),
            Self::Denied(denied) => denied.fmt(f),
            Self::Parameters(error) => error.fmt(f),
            Self::Form(error) => error.fmt(f),
            Self::Location(error) => error.fmt(f),
            Self::Host => f.write_str("the proxy could not process this request"),
        }
    }
}

impl Refusal {
    /// The HTTP status. Where nobody can log in, a 401 would ask for what can't be given, so anonymous callers get 403.
    pub fn status(&self) -> u16 {
        match self {
            Self::Target(_) | Self::Parameters(_) | Self::Upgrade => 400,
            Self::Form(FormError::TooLong { .. }) => 413,
            Self::Form(FormError::Type | FormError::Encoding) => 415,
            Self::Form(_) => 400,
            Self::NoMount => 404,
            Self::Method(_) => 405,
            Self::Denied(_) => 403,
            Self::Location(_) => 502,
            Self::Host => 503,
        }
    }

    /// The reply that says so.
    pub fn reply(&self, wording: Wording) -> Reply {
        let mut reply = Reply::error(self.status(), self, wording);
        if let Self::Method(allowed) = self {
            reply.headers.push(("allow", allowed.to_string()));
        }
        reply
    }
}
