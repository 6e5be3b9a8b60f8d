//! Counts, and the names of their metrics.

use super::outcome::Outcome;
use super::reason::Reason;
use super::tried::Tried;
use crate::api::class::Class;
use crate::api::mount::{MountId, Mounts};
use crate::caller::bcrypt::Verdict;
use crate::caller::callers::{Identified, LoginError};
use crate::caller::identity::Caller;
use crate::caller::logins::{CheckCapacity, CheckEvent};
use crate::caller::scheme::Scheme;
use crate::enforce::RuleNumber;
use std::fmt::Write;

/// An event that a metric counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Count {
    /// A request that was decided.
    Request {
        /// The mount that the request was for.
        mount: Option<MountId>,
        /// The class of the request.
        class: Option<Class>,
        /// The outcome of the request.
        outcome: Outcome,
    },
    /// A request whose caller had to be known, and was identified or not.
    Login {
        /// The scheme of the credentials, or `None` if it can't be told.
        scheme: Option<Scheme>,
        /// The outcome of the login.
        login: Login,
    },
    /// A check of a password that ran to its end.
    Check(Verdict),
    /// A request or an answer that was refused.
    Refusal {
        /// The mount that the request was for.
        mount: Option<MountId>,
        /// The reason for the refusal.
        reason: Reason,
    },
    /// A request that exceeded a limit, by the rule that the caller is under.
    Limit {
        /// The rule that covers the request.
        rule: RuleNumber,
        /// The limit, which is one of the [reasons that are](Reason::is_limit).
        limit: Reason,
    },
    /// A bound that was reached.
    Bound(Capacity),
    /// A request about which rules on trial say something else.
    Trial {
        /// The mount that the request was for.
        mount: Option<MountId>,
        /// The class of the request.
        class: Option<Class>,
        /// The outcome of the request.
        enforced: Outcome,
        /// The outcome that it would have had; see [`Tried::outcome`].
        trial: Option<Outcome>,
    },
}

/// The outcome of a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Login {
    /// The credentials are valid, and the caller is known.
    Accepted,
    /// The credentials are not valid.
    Rejected,
    /// The credentials were not checked.
    Throttled,
}

impl From<CheckEvent> for Count {
    fn from(event: CheckEvent) -> Self {
        match event {
            CheckEvent::Done(verdict) => Self::Check(verdict),
            CheckEvent::Full(bound) => Self::Bound(Capacity::Checks(bound)),
        }
    }
}

/// A bound of a cache, a queue or a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capacity {
    /// A bound on password checks.
    Checks(CheckCapacity),
    /// Queries that are remembered with their restriction.
    Queries,
    /// The table of rates. When it is full, callers share a bucket.
    Rates,
    /// The number of requests that may stand in line.
    Line,
    /// The table of open requests. When it is full, no other request is opened.
    OpenRequests,
    /// The messages of remote write that wait to be read.
    Messages,
}

/// The metrics of the numbers of open and of waiting requests under rules that limit them, over all workers.
pub const LINES: [&str; 2] = ["promward.requests_open", "promward.requests_waiting"];

/// The metric of the number of waiting checks, over all workers.
pub const CHECKS_WAITING: &str = "promward.checks_waiting";

/// The metric of the memory that the VMs have taken, in pages of 64 KiB, over all workers. A VM's memory never shrinks,
/// and the pages of a VM that died stay in the sum.
pub const MEMORY_PAGES: &str = "promward.memory_pages";

impl Count {
    /// Returns the name of the metric. Labels stand in it as `.name=value;`, so that Envoy's `stats_tags` can extract
    /// them.
    pub fn metric(self, mounts: &Mounts) -> String {
        let none = "none";
        match self {
            Self::Request { mount, class, outcome } => labelled(
                "requests_total",
                &[
                    ("mount", prefix(mount, mounts)),
                    ("class", class.map_or(none, Class::name)),
                    ("outcome", outcome.name()),
                ],
            ),
            Self::Login { scheme, login } => labelled(
                "logins_total",
                &[("scheme", scheme.map_or(none, Scheme::name)), ("outcome", login.name())],
            ),
            Self::Check(verdict) => {
                let outcome = if verdict == Verdict::Right { "right" } else { "wrong" };
                labelled("checks_total", &[("outcome", outcome)])
            }
            Self::Refusal { mount, reason } => {
                labelled("refusals_total", &[("mount", prefix(mount, mounts)), ("reason", reason.name())])
            }
            Self::Limit { rule, limit } => {
                labelled("limited_total", &[("rule", &rule.position.to_string()), ("limit", limit.name())])
            }
            Self::Trial { mount, class, enforced, trial } => labelled(
                "trial_requests_total",
                &[
                    ("mount", prefix(mount, mounts)),
                    ("class", class.map_or(none, Class::name)),
                    ("enforced", enforced.name()),
                    ("trial", Tried::name(trial)),
                ],
            ),
            Self::Bound(bound) => labelled("bounds_reached_total", &[("bound", bound.name())]),
        }
    }
}

/// Returns the name of a mount in logs and metrics.
pub(super) fn prefix(mount: Option<MountId>, mounts: &Mounts) -> &str {
    mount.and_then(|id| mounts.get(id)).map_or("none", |mount| mount.prefix.written())
}

fn labelled(name: &str, labels: &[(&str, &str)]) -> String {
    let mut metric = format!("promward.{name}");
    for (label, value) in labels {
        // Writing to a `String` never fails.
        let _ = write!(metric, ".{label}={value};");
    }
    metric
}

impl Count {
    /// Returns the count of a login, or `None` if nobody logs in or the password still has to be checked.
    pub(crate) fn login(identified: &Result<Identified, LoginError>) -> Option<Self> {
        match identified {
            Ok(Identified::NotYet | Identified::Caller(Caller::Anonymous)) => None,
            Ok(Identified::Caller(Caller::Known(identity))) => {
                Some(Self::Login { scheme: Some(identity.scheme()), login: Login::Accepted })
            }
            Err(error) => Some(Self::Login { scheme: error.scheme(), login: Login::failed(error) }),
        }
    }
}

impl Login {
    /// Returns the outcome of a login that failed with this error.
    pub fn failed(error: &LoginError) -> Self {
        match error {
            LoginError::TooMany(_) => Self::Throttled,
            _ => Self::Rejected,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Throttled => "throttled",
        }
    }
}

impl Capacity {
    /// The bounds on password checks.
    pub const OF_CHECKS: [Self; 6] = [
        Self::Checks(CheckCapacity::Checks),
        Self::Checks(CheckCapacity::ChecksOfSource),
        Self::Checks(CheckCapacity::Waiting),
        Self::Checks(CheckCapacity::Right),
        Self::Checks(CheckCapacity::Wrong),
        Self::Checks(CheckCapacity::Hints),
    ];

    /// The bounds on requests whose number at once is limited.
    pub const OF_LINES: [Self; 2] = [Self::Line, Self::OpenRequests];

    /// The bound on tokens that are remembered.
    pub const TOKENS: Self = Self::Checks(CheckCapacity::Tokens);

    /// Returns the name of the bound in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Checks(CheckCapacity::Checks) => "checks",
            Self::Checks(CheckCapacity::ChecksOfSource) => "checks_of_source",
            Self::Checks(CheckCapacity::Waiting) => "waiting",
            Self::Checks(CheckCapacity::Right) => "right_passwords",
            Self::Checks(CheckCapacity::Wrong) => "wrong_passwords",
            Self::Checks(CheckCapacity::Tokens) => "tokens",
            Self::Checks(CheckCapacity::Hints) => "hints",
            Self::Queries => "queries",
            Self::Rates => "rates",
            Self::Line => "line",
            Self::OpenRequests => "open_requests",
            Self::Messages => "messages",
        }
    }
}
