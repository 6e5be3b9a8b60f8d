//! The reason of each refusal, as metrics name it.

use super::refusal::Refusal;
use crate::caller::callers::LoginError;
use crate::enforce::announced::BodyError;
use crate::enforce::guards::{Exceeded, Guard, GuardError};
use crate::enforce::remote_read::error::ReadError;
use crate::enforce::remote_write::error::WriteError;
use crate::enforce::silence::lookup::LookupError;
use crate::enforce::violation::Violation;
use crate::promql::{Bound, Problem, SyntaxError};
use crate::report::Reason;

impl Refusal {
    /// Returns the reason as metrics name it.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Target(_) | Self::Parameters(_) => Reason::Target,
            Self::NoMount => Reason::NoMount,
            Self::Method(_) => Reason::Method,
            Self::CrossSite(_) => Reason::CrossSite,
            Self::Login(LoginError::TooMany(_), _) => Reason::Logins,
            Self::Login(LoginError::Unknown, _) | Self::Host => Reason::Host,
            Self::Login(..) => Reason::Credentials,
            Self::Unknown(..) | Self::Denied(_) => Reason::NoRule,
            Self::NoValues(..) | Self::Tenant(_) => Reason::NoValue,
            Self::Withheld(_) => Reason::NotRestrictable,
            Self::Violation(violation) => of_violation(violation),
            Self::RateExceeded(_) => Reason::Rate,
            Self::AtOnceExceeded(_) => Reason::Concurrent,
            Self::Body(error) => of_body(error),
            Self::Lookup(LookupError::NotTheirs) => Reason::NoRule,
            Self::Lookup(LookupError::Failed) => Reason::Host,
            Self::Lookup(_) => Reason::NotRestrictable,
            Self::Answer(_) => Reason::Answer,
        }
    }
}

fn of_body(error: &BodyError) -> Reason {
    match error {
        BodyError::TooLong { .. } | BodyError::LongMessage { .. } | BodyError::LongRead { .. } => {
            Reason::Length
        }
        BodyError::Write(error) => match **error {
            WriteError::TooLong | WriteError::TooMany { .. } => Reason::Length,
            _ => Reason::Message,
        },
        BodyError::Read(error) => match error {
            ReadError::LongQuery(_) => Reason::Length,
            ReadError::TooMany(too_many) => of_bound(too_many.bound),
            ReadError::Alternatives => Reason::NotRestrictable,
            _ => Reason::Message,
        },
        BodyError::Busy => Reason::Host,
        BodyError::Parameters(_) => Reason::Target,
        BodyError::Violation(violation) => of_violation(violation),
        _ => Reason::Form,
    }
}

fn of_violation(violation: &Violation) -> Reason {
    match violation {
        Violation::Parameter(..) | Violation::Split(_) | Violation::OneSelector(_) => Reason::Parameter,
        Violation::TooLong | Violation::Searched(_) => Reason::Length,
        Violation::Work { .. } => Reason::Work,
        Violation::Syntax(_, error) => of_syntax(error),
        Violation::Guard(GuardError::Time(_)) => Reason::Time,
        Violation::Guard(GuardError::Duration(error)) => of_syntax(error),
        Violation::Guard(GuardError::Exceeded(Exceeded { guard, .. })) => match guard {
            Guard::Range { .. } => Reason::Range,
            Guard::Lookback { .. } => Reason::Lookback,
            Guard::Oldest { .. } => Reason::Oldest,
            Guard::Points { .. } => Reason::Points,
        },
    }
}

fn of_syntax(error: &SyntaxError) -> Reason {
    match &error.problem {
        Problem::TooLong(_) => Reason::Length,
        Problem::Exceeded(bound, _) | Problem::Multiplied(_, bound, _) => of_bound(*bound),
        _ => Reason::Query,
    }
}

fn of_bound(bound: Bound) -> Reason {
    match bound {
        Bound::Depth => Reason::Depth,
        Bound::Operators => Reason::Operators,
        Bound::Selectors => Reason::Selectors,
        Bound::Unnamed => Reason::Unnamed,
        Bound::Calls => Reason::Calls,
        Bound::Matchers => Reason::Matchers,
        Bound::Repetitions | Bound::Groups => Reason::Repetitions,
        Bound::WrittenBytes => Reason::WrittenBytes,
    }
}
