//! The counts that a configuration begins with. A counter that appears with its first event hides that event from
//! `increase()`, so the counters of what may go wrong are there at zero from the start.

use super::Gateway;
use crate::access::{Inherited, Rule};
use crate::api::class::{Class, Classes};
use crate::api::mount::{Mount, MountId};
use crate::caller::bcrypt::Verdict;
use crate::caller::scheme::Scheme;
use crate::enforce::RuleNumber;
use crate::report::count::{Capacity, Count, Login};
use crate::report::{Outcome, Reason};

/// The outcomes that requests of a class have at a mount.
const OUTCOMES: [Outcome; 6] = [
    Outcome::Allowed,
    Outcome::Invalid,
    Outcome::Unauthorized,
    Outcome::Forbidden,
    Outcome::Throttled,
    Outcome::Failed,
];

/// The differences to look for between enforced rules and those on trial.
const TRIED: [(Outcome, Outcome); 6] = [
    (Outcome::Allowed, Outcome::Allowed),
    (Outcome::Allowed, Outcome::Invalid),
    (Outcome::Allowed, Outcome::Unauthorized),
    (Outcome::Allowed, Outcome::Forbidden),
    (Outcome::Unauthorized, Outcome::Allowed),
    (Outcome::Forbidden, Outcome::Allowed),
];

/// The reasons for which a request at no mount is refused.
const AT_NO_MOUNT: [Reason; 3] = [Reason::Target, Reason::NoMount, Reason::Method];

impl Gateway {
    /// Returns the counts to report at zero when the configuration is taken. Requests are among them as far as a rule
    /// allows their class at the mount, or one on trial does.
    pub fn counts_at_zero(&self) -> Vec<Count> {
        let mut counts = Vec::new();
        for outcome in [Outcome::Invalid, Outcome::NotFound] {
            counts.push(Count::Request { mount: None, class: None, outcome });
        }
        for reason in AT_NO_MOUNT {
            counts.push(Count::Refusal { mount: None, reason });
        }
        for (id, mount) in self.mounts.iter() {
            self.at_mount(id, mount, &mut counts);
        }
        for (rule, of) in self.access.rules() {
            limits(rule, of, &mut counts);
        }
        self.logins(&mut counts);
        counts
    }

    fn at_mount(&self, id: MountId, mount: &Mount, counts: &mut Vec<Count>) {
        let mut allowed = Classes::default();
        let tried = self.trial.iter().flat_map(|trial| trial.rules.rules());
        for (_, rule) in self.access.rules().chain(tried) {
            if rule.is_at(id) {
                allowed = allowed.with(rule.gives(Inherited::default(), id));
            }
        }
        let at = Some(id);
        counts.push(Count::Request { mount: at, class: None, outcome: Outcome::Invalid });
        for class in Class::all() {
            if allowed.both(mount.api.classes).contains(class) {
                for outcome in OUTCOMES {
                    counts.push(Count::Request { mount: at, class: Some(class), outcome });
                }
                for (enforced, trial) in TRIED.into_iter().filter(|_| self.trial.is_some()) {
                    counts.push(Count::Trial { mount: at, class: Some(class), enforced, trial: Some(trial) });
                }
            }
        }
        for reason in Reason::all() {
            if reason != Reason::NoMount {
                counts.push(Count::Refusal { mount: at, reason });
            }
        }
    }

    fn logins(&self, counts: &mut Vec<Count>) {
        let callers = &self.callers;
        let has_passwords = callers.passwords.is_some();
        let schemes = [
            (None, true),
            (Some(Scheme::User), has_passwords),
            (Some(Scheme::Token), !callers.tokens.is_empty()),
            (Some(Scheme::Certificate), !callers.certificates.is_empty()),
            (Some(Scheme::Jwt), !callers.issuers.is_empty()),
        ];
        for (scheme, is_configured) in schemes {
            if is_configured {
                counts.push(Count::Login { scheme, login: Login::Rejected });
            }
            if is_configured && scheme.is_some() {
                counts.push(Count::Login { scheme, login: Login::Accepted });
            }
        }
        if has_passwords {
            counts.push(Count::Login { scheme: Some(Scheme::User), login: Login::Throttled });
            counts.extend([Count::Check(Verdict::Right), Count::Check(Verdict::Wrong)]);
            counts.extend(Capacity::OF_CHECKS.map(Count::Bound));
        }
        if !callers.tokens.is_empty() {
            counts.push(Count::Bound(Capacity::TOKENS));
        }
        if self.access.has_rates() {
            counts.push(Count::Bound(Capacity::Rates));
        }
        if self.access.has_lines() {
            counts.extend(Capacity::OF_LINES.map(Count::Bound));
        }
        if self.access.rules().any(|(_, rule)| rule.only.is_some()) {
            counts.push(Count::Bound(Capacity::Queries));
        }
        if self.access.rules().any(|(_, rule)| rule.reads_messages()) {
            counts.push(Count::Bound(Capacity::Messages));
        }
    }
}

/// Adds the counts of the limits that a rule has.
fn limits(rule: RuleNumber, of: &Rule, counts: &mut Vec<Count>) {
    let guards = of.guards.unwrap_or_default();
    let has_bounds = guards.bounds.is_some();
    for (limit, is_given) in [
        (Reason::Rate, of.rate.or(of.samples).is_some()),
        (Reason::Concurrent, of.concurrent.is_some()),
        (Reason::Range, guards.range.is_some()),
        (Reason::Lookback, guards.lookback.is_some()),
        (Reason::Oldest, guards.oldest.is_some()),
        (Reason::Points, guards.points.is_some()),
        (Reason::Work, has_bounds),
        (Reason::Depth, has_bounds),
        (Reason::Operators, has_bounds),
        (Reason::Selectors, has_bounds),
        (Reason::Unnamed, has_bounds),
        (Reason::Calls, has_bounds),
        (Reason::Repetitions, has_bounds),
    ] {
        if is_given {
            counts.push(Count::Limit { rule, limit });
        }
    }
}
