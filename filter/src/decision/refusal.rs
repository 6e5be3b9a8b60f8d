//! Refusals. The errors of all rooms come in, and a status and a reply go out, with the message of the room's own
//! error.

use crate::access::Denied;
use crate::access::cross_site::CrossSite;
use crate::access::only::NoValues;
use crate::api::class::Class;
use crate::api::requested::NotSupported;
use crate::caller::budget::Spent;
use crate::caller::callers::LoginError;
use crate::caller::facts::Untold;
use crate::caller::logins::TooMany;
use crate::enforce::RuleNumber;
use crate::enforce::announced::BodyError;
use crate::enforce::guards::GuardError;
use crate::enforce::remote_write::error::WriteError;
use crate::enforce::silence::lookup::LookupError;
use crate::enforce::tenant::NoTenant;
use crate::enforce::violation::Violation;
use crate::limits::Concurrent;
use crate::limits::lines::Never;
use crate::response::answer::AnswerError;
use crate::response::reply::{Reply, Wording};
use crate::target::method::Methods;
use crate::target::parameters::ParameterError;
use crate::target::path::TargetError;
use crate::time::bucket::Empty;
use crate::time::duration::Shown;
use crate::time::rate::{Amount, Rate};
use std::fmt;

/// The reason why a request or its answer goes no further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The target can be read in two ways.
    Target(TargetError),
    /// No server is mounted at this path.
    NoMount,
    /// The endpoint doesn't support the method.
    Method(Methods),
    /// A page of another site sent the request.
    CrossSite(CrossSite),
    /// The credentials are invalid, or can't be checked now.
    Login(LoginError, CanLogIn),
    /// No rule allows the request to an anonymous caller.
    Unknown(Denied, CanLogIn),
    /// No rule allows the request to a known caller.
    Denied(Denied),
    /// The `only` or the `tenant` of a rule has no value for the caller.
    NoValues(NoValues, CanLogIn),
    /// The tenants that the caller may see can't be written into the header for the server.
    Tenant(NoTenant),
    /// A rule restricts its callers, and the endpoint can't be restricted (`threats.md` R2).
    Withheld(RuleNumber),
    /// The parameters violate the requirements of the rule.
    Violation(Violation),
    /// The request exceeds the rate of a rule.
    RateExceeded(RateExceeded),
    /// The caller has as many requests open as a rule allows.
    AtOnceExceeded(AtOnceExceeded),
    /// The query string is ambiguous.
    Parameters(ParameterError),
    /// The body can't be read in only one way, or violates the requirements of the rule.
    Body(BodyError),
    /// The silence that the request is for isn't the caller's, or can't be looked up.
    Lookup(LookupError),
    /// The server's answer can't be passed on.
    Answer(AnswerError),
    /// The proxy could not provide or do what the decision needs.
    Host,
}

/// The presence of a scheme by which a caller can log in. A 401 must carry a challenge (RFC 9110 §15.5.2), and there is
/// none for certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CanLogIn {
    /// Callers can log in by password or token.
    Yes,
    /// Callers can log in only by certificate, or not at all.
    No,
}

/// The error of a request that exceeds the rate of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateExceeded {
    /// The rule that has the rate.
    pub rule: RuleNumber,
    /// The thing that is counted.
    pub of: Amount,
    /// The rate of the rule.
    pub rate: Rate,
    /// The time until the next request is allowed.
    pub empty: Empty,
}

impl fmt::Display for RateExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, of, rate, empty } = self;
        let (burst, seconds) = (rate.burst, empty.retry_after);
        write!(f, "{rule}.limits allows {rate}{of}, {burst} of them at once: try again in {seconds} s")
    }
}

/// The error of a request that is one too many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtOnceExceeded {
    /// The rule that says how many there may be.
    pub rule: RuleNumber,
    /// The number of them, and the time for which others wait.
    pub limit: Concurrent,
    /// The reason why it is not opened.
    pub why: Never,
}

impl AtOnceExceeded {
    /// The time after which to come again, in seconds. Nobody knows when an open request ends.
    const RETRY_AFTER: u64 = 1;
}

impl fmt::Display for AtOnceExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, limit, why } = self;
        write!(f, "{rule}.limits.concurrent allows {} requests at once", limit.most)?;
        if *why == Never::Waited {
            write!(f, ", and there was room for no other one within {}", Shown(limit.wait))?;
        }
        write!(f, ": try again in {} s", Self::RETRY_AFTER)
    }
}

/// Implements the conversion of a room's error to a refusal.
macro_rules! from {
    ($($error:ty => $variant:ident),* $(,)?) => {$(
        impl From<$error> for Refusal {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        }
    )*};
}

from! {
    TargetError => Target,
    CrossSite => CrossSite,
    RateExceeded => RateExceeded,
    AtOnceExceeded => AtOnceExceeded,
    NoTenant => Tenant,
    ParameterError => Parameters,
    BodyError => Body,
    AnswerError => Answer,
    LookupError => Lookup,
    Violation => Violation,
}

impl From<NotSupported> for Refusal {
    fn from(NotSupported(methods): NotSupported) -> Self {
        Self::Method(methods)
    }
}

impl From<Untold> for Refusal {
    fn from(_: Untold) -> Self {
        Self::Host
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Target(error) => error.fmt(f),
            Self::NoMount => f.write_str("nothing is served at this path"),
            Self::Method(allowed) => write!(f, "this path takes only {allowed}"),
            Self::CrossSite(error) => error.fmt(f),
            Self::Login(error, _) => error.fmt(f),
            Self::Unknown(denied, CanLogIn::Yes) => write!(f, "{denied}: log in"),
            Self::Unknown(denied, CanLogIn::No) | Self::Denied(denied) => denied.fmt(f),
            Self::NoValues(none, CanLogIn::Yes) => write!(f, "{none}: log in"),
            Self::NoValues(none, CanLogIn::No) => none.fmt(f),
            Self::Tenant(error) => error.fmt(f),
            Self::Withheld(rule) => {
                write!(
                    f,
                    "this endpoint can't be limited to what you may see, so it is refused ({rule}.only)"
                )
            }
            Self::Violation(violation) => violation.fmt(f),
            Self::RateExceeded(exceeded) => exceeded.fmt(f),
            Self::AtOnceExceeded(exceeded) => exceeded.fmt(f),
            Self::Parameters(error) => error.fmt(f),
            Self::Body(error) => error.fmt(f),
            Self::Lookup(error) => error.fmt(f),
            Self::Answer(error) => error.fmt(f),
            Self::Host => f.write_str("the proxy could not process this request"),
        }
    }
}

impl Refusal {
    /// Returns the reason for the log, which may say more than the client is told.
    pub fn for_the_log(&self) -> &dyn fmt::Display {
        match self {
            Self::Login(LoginError::Jwt(error), _) => error,
            _ => self,
        }
    }

    /// Returns the HTTP status. If callers can't log in by a header, it is 403 in place of a 401 that nobody could
    /// answer.
    pub fn status(&self) -> u16 {
        match self {
            Self::Target(_) | Self::Parameters(_) => 400,
            Self::Body(BodyError::NoLength) => 411,
            Self::Body(
                BodyError::TooLong { .. } | BodyError::LongMessage { .. } | BodyError::LongRead { .. },
            ) => 413,
            Self::Body(BodyError::Write(error)) => match **error {
                WriteError::TooLong | WriteError::TooMany { .. } => 413,
                _ => 400,
            },
            Self::Body(BodyError::Type(_) | BodyError::Encoding | BodyError::NotSnappy) => 415,
            Self::Violation(violation) | Self::Body(BodyError::Violation(violation)) => match violation {
                Violation::TooLong
                | Violation::Searched(_)
                | Violation::Work { .. }
                | Violation::Guard(GuardError::Exceeded(_)) => 422,
                _ => 400,
            },
            Self::Body(BodyError::Busy) | Self::Host => 503,
            Self::Body(_) => 400,
            Self::Login(LoginError::TooMany(_), _) | Self::RateExceeded(_) | Self::AtOnceExceeded(_) => 429,
            Self::Login(LoginError::Unknown, _) | Self::Lookup(LookupError::Failed) => 503,
            Self::Login(_, CanLogIn::Yes)
            | Self::Unknown(_, CanLogIn::Yes)
            | Self::NoValues(_, CanLogIn::Yes) => 401,
            Self::Login(_, CanLogIn::No)
            | Self::Unknown(_, CanLogIn::No)
            | Self::NoValues(_, CanLogIn::No) => 403,
            Self::Denied(_) | Self::CrossSite(_) | Self::Tenant(_) | Self::Withheld(_) => 403,
            Self::Lookup(LookupError::NoCluster | LookupError::NoCalls) => 403,
            Self::NoMount | Self::Lookup(LookupError::NotTheirs) => 404,
            Self::Method(_) => 405,
            Self::Answer(_) => 502,
        }
    }

    /// Returns the HTTP status for a request of this class. Where others get 429, a writer gets 503: Prometheus drops
    /// its samples after a 429, and sends them again after a 503 (`threats.md` S5).
    fn status_of(&self, class: Option<Class>) -> u16 {
        match self.status() {
            429 if class == Some(Class::Write) => 503,
            status => status,
        }
    }

    /// Returns the reply for a client whose request has this class, as far as that is known.
    pub fn reply(&self, class: Option<Class>, wording: Wording) -> Reply {
        self.with_headers(Reply::error(self.status_of(class), self, wording))
    }

    /// Adds the headers that belong to the refusal to a reply.
    pub(crate) fn with_headers(&self, mut reply: Reply) -> Reply {
        if let Self::Method(allowed) = self {
            reply.headers.push(("allow", allowed.to_string()));
        }
        if let Some(seconds) = self.retry_after() {
            reply.headers.push(("retry-after", seconds.to_string()));
        }
        reply
    }

    fn retry_after(&self) -> Option<u64> {
        let empty = match self {
            Self::RateExceeded(exceeded) => exceeded.empty,
            Self::AtOnceExceeded(_) => Empty { retry_after: AtOnceExceeded::RETRY_AFTER },
            Self::Body(BodyError::Busy) => return Some(1),
            Self::Login(LoginError::TooMany(TooMany::Waiting(empty)), _) => *empty,
            Self::Login(
                LoginError::TooMany(TooMany::Begun(Spent::BySource(empty) | Spent::InAll(empty))),
                _,
            ) => *empty,
            _ => return None,
        };
        Some(empty.retry_after)
    }
}
