//! One access rule, compiled, and the effect that earlier rules have on it: a caller whom one rule restricts or limits
//! stays so in those that follow.

use super::scope::{RequestedAccess, Scope};
use crate::access::only::{NoValues, Only};
use crate::access::tenants::{TenantError, Tenants};
use crate::api::class::{Class, Classes};
use crate::api::mount::MountId;
use crate::caller::identity::Caller;
use crate::caller::who::{Who, Whos};
use crate::enforce::RuleNumber;
use crate::enforce::guards::Guards;
use crate::enforce::remote_write::MissingLabel;
use crate::enforce::restriction::Restriction;
use crate::limits::Concurrent;
use crate::time::rate::Rate;
use std::rc::Rc;

/// A compiled rule, with its shorthands and exceptions resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The callers whom the rule names.
    pub who: Whos,
    /// The classes that the rule allows.
    pub may: Classes,
    /// The mounts where the rule holds.
    pub at: Vec<HeldAt>,
    /// The restriction of what its callers may see; `None` if they may see everything.
    pub only: Option<Only>,
    /// The tenants that its callers belong to at the server; `None` if the rule names none.
    pub tenant: Option<Tenants>,
    /// The effect on callers whom earlier rules restrict or limit.
    pub unrestricted: Unrestricted,
    /// The guards on what one query may touch.
    pub guards: Option<Guards>,
    /// The rate at which each caller may send requests.
    pub rate: Option<Rate>,
    /// The number of requests that each caller may have open at once.
    pub concurrent: Option<Concurrent>,
    /// The treatment of series that its callers write without a restricted label.
    pub missing: MissingLabel,
    /// The rate at which each caller may write samples.
    pub samples: Option<Rate>,
    /// The requests to an opaque server that the rule is about; `None` if it is about all. A rule that has it never has
    /// `only` or guards, so where it is passed over it binds nobody.
    pub scope: Option<Scope>,
}

/// A mount where a rule holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldAt {
    /// The number of the mount.
    pub mount: MountId,
    /// The classes that can be restricted there.
    pub restrictable: Classes,
}

/// The effect of a rule on the restrictions and limits of earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unrestricted {
    /// The rule lifts them.
    Yes,
    /// The rule leaves them as they are.
    No,
}

/// The earlier rules that bind a caller: the first that restricts them, that limits them, and that names their tenants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inherited {
    /// The first rule with `only`.
    pub restricted: Option<RuleNumber>,
    /// The first rule with guards.
    pub limited: Option<RuleNumber>,
    /// The first rule with `tenant`.
    pub tied: Option<RuleNumber>,
}

impl Inherited {
    /// Returns the rules that bind the caller after this one.
    #[must_use]
    pub fn after(self, number: RuleNumber, rule: &Rule) -> Self {
        let this = Some(number);
        Self {
            restricted: self.restricted.or(this.filter(|_| rule.only.is_some())),
            limited: self.limited.or(this.filter(|_| rule.guards.is_some())),
            tied: self.tied.or(this.filter(|_| rule.tenant.is_some())),
        }
    }
}

impl Rule {
    /// Returns `true` if the rule names somebody who has all of these names, and holds at the mount.
    pub fn is_for(&self, called: &[Who], mount: MountId) -> bool {
        self.is_at(mount) && self.who.has_any(called)
    }

    /// Returns `true` if the rule is about requests with this method and path. Other rules decide about the rest.
    pub fn is_about(&self, requested: &RequestedAccess<'_>) -> bool {
        self.scope.as_ref().is_none_or(|scope| scope.holds(requested.method, requested.path))
    }

    /// Returns `true` if the rule holds each caller to the same terms as another one, but for the number of requests.
    pub fn has_terms_of(&self, other: &Self) -> bool {
        self.only == other.only
            && self.tenant == other.tenant
            && self.guards == other.guards
            && self.missing == other.missing
    }

    /// Returns `true` if messages of remote write are read for the rule.
    pub fn reads_messages(&self) -> bool {
        self.may.contains(Class::Write) && (self.only.is_some() || self.samples.is_some())
    }

    /// Returns `true` if the rule holds at the mount.
    pub fn is_at(&self, mount: MountId) -> bool {
        self.at.iter().any(|at| at.mount == mount)
    }

    /// Returns the classes that can be restricted at the mount, or none if the rule doesn't hold there.
    pub fn restrictable(&self, mount: MountId) -> Classes {
        self.at.iter().find(|at| at.mount == mount).map_or(Classes::default(), |at| at.restrictable)
    }

    /// Returns the classes that can't be guarded at the mount. A request that the filter reads to restrict it can be guarded
    /// as well, but raw samples only by the guards that hold the time.
    #[inline(never)]
    pub fn unguardable(&self, mount: MountId) -> Classes {
        let is_timed = self.guards.is_some_and(|guards| guards.range.or(guards.oldest).is_some());
        let untimed = if is_timed { Classes::default() } else { Classes::of(&[Class::RemoteRead]) };
        Classes::UNGUARDABLE.without(self.restrictable(mount).without(untimed))
    }

    /// Returns the classes that the rule gives at the mount to callers who are bound like this. Restricted callers
    /// never get a class that can't be restricted, and limited callers never get one that can't be guarded
    /// (`threats.md` R2). Callers whose tenants an earlier rule names never get data without the header.
    pub fn gives(&self, bound: Inherited, mount: MountId) -> Classes {
        let (restricted, limited) = (self.is_closed_by(bound.restricted), self.is_closed_by(bound.limited));
        let mut gives = self.may;
        if self.only.is_some() {
            gives = gives.both(self.restrictable(mount));
        } else if restricted {
            gives = gives.both(Classes::OPEN);
        }
        if self.tenant.is_none() && self.is_closed_by(bound.tied) {
            gives = gives.both(Classes::OPEN);
        }
        if self.guards.is_some() {
            gives = gives.without(self.unguardable(mount));
        } else if limited {
            gives = gives.without(Classes::GUARDED);
        }
        gives
    }

    /// Returns the restriction of this caller, or `None` if they may see everything.
    ///
    /// # Errors
    ///
    /// Returns an error if the rule has `only`, and nothing is left for the caller.
    pub fn restriction(&self, caller: &Caller) -> Result<Option<Rc<Restriction>>, NoValues> {
        self.only.as_ref().map(|only| only.restriction(caller)).transpose()
    }

    /// Returns the value of the header that names this caller's tenants, or `None` if the rule names no tenants.
    ///
    /// # Errors
    ///
    /// Returns an error if the rule has `tenant`, and there is none for the caller that the header can carry.
    pub fn tenants(&self, caller: &Caller) -> Result<Option<String>, TenantError> {
        self.tenant.as_ref().map(|tenant| tenant.header_value(caller)).transpose()
    }

    fn is_closed_by(&self, earlier: Option<RuleNumber>) -> bool {
        earlier.is_some() && self.unrestricted == Unrestricted::No
    }
}
