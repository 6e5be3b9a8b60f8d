//! What one sees of the filter's decisions: one record of each feeds the metrics and the access log. Names of callers are
//! in the log and never in a metric's labels.

use crate::api::class::Class;
use crate::api::mount::{MountId, Mounts};
use crate::caller::bcrypt::Verdict;
use crate::caller::callers::LoginError;
use crate::caller::identity::Caller;
use crate::caller::logins::{CheckCapacity, CheckEvent};
use crate::caller::scheme::Scheme;
use crate::enforce::RuleNumber;
use std::borrow::Cow;
use std::fmt::{self, Write};

/// A decision, as far as it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Where the request was for.
    pub mount: Option<MountId>,
    /// What it does.
    pub class: Option<Class>,
    /// Who is calling, as far as anybody asked.
    pub caller: Caller,
    /// By which rule it is allowed.
    pub rule: Option<RuleNumber>,
    /// What became of it.
    pub outcome: Outcome,
    /// Why it was refused: what the client is told.
    pub reason: String,
}

impl Default for Record {
    fn default() -> Self {
        Self {
            mount: None,
            class: None,
            caller: Caller::Anonymous,
            rule: None,
            outcome: Outcome::Allowed,
            reason: String::new(),
        }
    }
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It went upstream.
    Allowed,
    /// The filter answered it: a redirect, a preflight.
    Answered,
    /// It was for no mount, and left to the proxy.
    Passed,
    /// It can be read in two ways (400, 405, 413, 415).
    Invalid,
    /// Nobody is calling, or somebody who isn't known (401).
    Unauthorized,
    /// No rule allows it (403).
    Forbidden,
    /// Nothing is there (404).
    NotFound,
    /// Too many of them (429).
    Throttled,
    /// The server or the proxy failed (5xx).
    Failed,
}

impl Outcome {
    /// What a status of the filter's own means.
    pub fn of(status: u16) -> Self {
        match status {
            ..=399 => Self::Answered,
            401 => Self::Unauthorized,
            403 => Self::Forbidden,
            404 => Self::NotFound,
            429 => Self::Throttled,
            400..=499 => Self::Invalid,
            500.. => Self::Failed,
        }
    }

    /// What logs and metrics call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Answered => "answered",
            Self::Passed => "passed",
            Self::Invalid => "invalid",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Throttled => "throttled",
            Self::Failed => "failed",
        }
    }
}

impl Record {
    /// That it was refused after all, or its answer.
    pub fn refused(&mut self, status: u16, reason: &dyn fmt::Display) {
        self.outcome = Outcome::of(status);
        self.reason = reason.to_string();
    }

    /// What the access log can show, each under a name of its own. What isn't known is left out.
    pub fn properties<'a>(
        &'a self,
        mounts: &'a Mounts,
    ) -> impl Iterator<Item = (&'static str, Cow<'a, str>)> {
        let identity = self.caller.identity();
        let known = [
            ("promward_mount", self.mount.map(|_| prefix(self.mount, mounts).into())),
            ("promward_caller", identity.map(|identity| identity.to_string().into())),
            ("promward_scheme", identity.map(|identity| identity.scheme().name().into())),
            ("promward_class", self.class.map(|class| class.name().into())),
            ("promward_rule", self.rule.map(|RuleNumber(number)| number.to_string().into())),
            ("promward_outcome", Some(self.outcome.name().into())),
            ("promward_reason", Some(self.reason.as_str().into()).filter(|_| !self.reason.is_empty())),
        ];
        known.into_iter().filter_map(|(name, value)| Some((name, value?)))
    }

    /// What counts it.
    pub fn count(&self) -> Count {
        Count::Request { mount: self.mount, class: self.class, outcome: self.outcome }
    }
}

/// Something that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Count {
    /// A request.
    Request {
        /// Where it was for.
        mount: Option<MountId>,
        /// What it does.
        class: Option<Class>,
        /// What became of it.
        outcome: Outcome,
    },
    /// A request whose caller was asked for and found, or not.
    Login {
        /// By which scheme; none, where one can't tell.
        scheme: Option<Scheme>,
        /// How it ended.
        login: Login,
    },
    /// A check of a password that was run to its end.
    Check(Verdict),
    /// A request that came too early for the rate of a rule.
    Limit(RuleNumber),
    /// An answer of the server's that was refused.
    Answer(Option<MountId>),
    /// Something that has a bound was at it.
    Bound(Capacity),
}

/// How a login ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Login {
    /// The caller is known.
    Accepted,
    /// What it presented is invalid.
    Rejected,
    /// It wasn't looked at.
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

/// What has a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capacity {
    /// What checks of passwords take.
    Checks(CheckCapacity),
    /// Queries that are remembered with their restriction.
    Queries,
    /// The table of rates: callers share a bucket.
    Rates,
}

/// The metric of how many checks wait, over all workers.
pub const CHECKS_WAITING: &str = "promward.checks_waiting";

/// The metric of the memory that the VMs have taken, in pages of 64 KiB, over all workers. A VM's memory never shrinks, and
/// one that died takes nothing back.
pub const MEMORY_PAGES: &str = "promward.memory_pages";

impl Count {
    /// The name of its metric. Labels stand in it as `.name=value;`, for Envoy's `stats_tags` to take out.
    pub fn metric(self, mounts: &Mounts) -> String {
        let none = "none";
        match self {
            Self::Request { mount, class, outcome } => labelled(
                "requests",
                &[
                    ("mount", prefix(mount, mounts)),
                    ("class", class.map_or(none, Class::name)),
                    ("outcome", outcome.name()),
                ],
            ),
            Self::Login { scheme, login } => labelled(
                "logins",
                &[("scheme", scheme.map_or(none, Scheme::name)), ("outcome", login.name())],
            ),
            Self::Check(verdict) => {
                let outcome = if verdict == Verdict::Right { "right" } else { "wrong" };
                labelled("checks", &[("outcome", outcome)])
            }
            Self::Limit(RuleNumber(number)) => labelled("limited", &[("rule", &number.to_string())]),
            Self::Answer(mount) => labelled("answers_refused", &[("mount", prefix(mount, mounts))]),
            Self::Bound(bound) => labelled("bounds_reached", &[("bound", bound.name())]),
        }
    }
}

/// A mount as a configuration writes it.
fn prefix(mount: Option<MountId>, mounts: &Mounts) -> &str {
    match mount.and_then(|id| mounts.get(id)) {
        Some(mount) if mount.prefix.is_root() => "/",
        Some(mount) => mount.prefix.as_str(),
        None => "none",
    }
}

fn labelled(name: &str, labels: &[(&str, &str)]) -> String {
    let mut metric = format!("promward.{name}");
    for (label, value) in labels {
        // Writing to a text never fails.
        let _ = write!(metric, ".{label}={value};");
    }
    metric
}

impl Login {
    /// How a login ended that failed like this.
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
    fn name(self) -> &'static str {
        match self {
            Self::Checks(CheckCapacity::Checks) => "checks",
            Self::Checks(CheckCapacity::ChecksOfSource) => "checks_of_source",
            Self::Checks(CheckCapacity::Waiting) => "waiting",
            Self::Checks(CheckCapacity::Right) => "right_passwords",
            Self::Checks(CheckCapacity::Wrong) => "wrong_passwords",
            Self::Queries => "queries",
            Self::Rates => "rates",
        }
    }
}
