//! One access rule, compiled, and what rules before it mean for it: whoever is restricted or limited by one stays so in
//! those that follow.

use crate::access::only::{NoValues, Only};
use crate::api::class::Classes;
use crate::api::mount::MountId;
use crate::caller::identity::Caller;
use crate::caller::who::{Who, Whos};
use crate::enforce::RuleNumber;
use crate::enforce::guards::Guards;
use crate::enforce::restriction::Restriction;
use crate::time::rate::Rate;
use std::rc::Rc;

/// One rule, compiled: shorthands and exceptions are worked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Whom it names.
    pub who: Whos,
    /// What it allows.
    pub may: Classes,
    /// Where it holds.
    pub at: Vec<HeldAt>,
    /// What its callers may see of it; none is everything.
    pub only: Option<Only>,
    /// Whether it gives all of that to callers whom earlier rules restrict or limit.
    pub unrestricted: Unrestricted,
    /// How much one query of theirs may touch.
    pub guards: Option<Guards>,
    /// How often each caller may.
    pub rate: Option<Rate>,
}

/// A mount where a rule holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldAt {
    /// The mount.
    pub mount: MountId,
    /// The classes that can be restricted there.
    pub restrictable: Classes,
}

/// Whether a rule lifts what earlier ones restrict and limit its callers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unrestricted {
    /// It does.
    Yes,
    /// It doesn't.
    No,
}

/// The first of the rules before one that restricts its callers, and the first that limits them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inherited {
    /// It has `only`.
    pub restricted: Option<RuleNumber>,
    /// It has guards.
    pub limited: Option<RuleNumber>,
}

impl Inherited {
    /// The same for the rules after this one.
    #[must_use]
    pub fn after(self, number: RuleNumber, rule: &Rule) -> Self {
        let this = Some(number);
        Self {
            restricted: self.restricted.or(this.filter(|_| rule.only.is_some())),
            limited: self.limited.or(this.filter(|_| rule.guards.is_some())),
        }
    }
}

impl Rule {
    /// Whether it names somebody who is called all of this, and holds at the mount.
    pub fn is_for(&self, called: &[Who], mount: MountId) -> bool {
        self.is_at(mount) && self.who.has_any(called)
    }

    /// Returns true if the rule holds at the mount.
    pub fn is_at(&self, mount: MountId) -> bool {
        self.at.iter().any(|at| at.mount == mount)
    }

    /// Returns the classes that can be restricted at the mount; none, where the rule doesn't hold.
    pub fn restrictable(&self, mount: MountId) -> Classes {
        self.at.iter().find(|at| at.mount == mount).map_or(Classes::default(), |at| at.restrictable)
    }

    /// What it gives at the mount to callers who are bound so. To the restricted that is never what can't be restricted, and to the
    /// limited never what can't be guarded (`threats.md` R2).
    pub fn gives(&self, bound: Inherited, mount: MountId) -> Classes {
        let (restricted, limited) = (self.is_closed_by(bound.restricted), self.is_closed_by(bound.limited));
        let mut gives = self.may;
        if self.only.is_some() {
            gives = gives.both(self.restrictable(mount));
        } else if restricted {
            gives = gives.both(Classes::OPEN);
        }
        if self.guards.is_some() {
            gives = gives.without(Classes::UNGUARDABLE);
        } else if limited {
            gives = gives.without(Classes::GUARDED);
        }
        gives
    }

    /// What this caller may see of it; none is everything.
    ///
    /// # Errors
    ///
    /// The rule has `only`, and nothing is left for them.
    pub fn restriction(&self, caller: &Caller) -> Result<Option<Rc<Restriction>>, NoValues> {
        self.only.as_ref().map(|only| only.restriction(caller)).transpose()
    }

    fn is_closed_by(&self, earlier: Option<RuleNumber>) -> bool {
        earlier.is_some() && self.unrestricted == Unrestricted::No
    }
}
