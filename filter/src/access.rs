//! Access rules. A caller, a class and a mount come in, and the rule that allows the request goes out, or a refusal.
//! The first rule that names the caller, holds at the mount and covers the class decides. Requests that no rule allows
//! are refused.

#[cfg(not(target_arch = "wasm32"))]
mod account;
pub(crate) mod cross_site;
mod denied;
pub(crate) mod only;
mod rule;
mod scope;
pub(crate) mod tenants;
mod trial;

#[cfg(not(target_arch = "wasm32"))]
pub use account::{Considered, RuleVerdict};
pub use denied::{Closed, Denied};
pub use rule::{HeldAt, Inherited, Rule, Unrestricted};
pub use scope::{PathPattern, RequestedAccess, Scope};
pub use trial::Trial;

use crate::api::class::{Class, Classes};
use crate::api::mount::MountId;
use crate::caller::claim::ClaimPath;
use crate::caller::identity::Caller;
use crate::caller::who::Who;
use crate::enforce::{RuleList, RuleNumber};
use only::Only;
use tenants::Tenants;

/// A list of rules, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    list: RuleList,
    rules: Vec<Rule>,
}

/// The classes that somebody may use at a mount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// The classes that they get in full.
    pub open: Classes,
    /// The classes that they get as far as `only` lets them see.
    pub restricted: Classes,
    /// The classes among both that guards limit.
    pub limited: Classes,
    /// The classes among both that are sent with the header that names the caller's tenants.
    pub by_tenant: Classes,
}

impl Given {
    /// Returns the open and the restricted classes together.
    pub fn all(self) -> Classes {
        self.open.with(self.restricted)
    }
}

/// Returns the rules that hold at a mount and name somebody who has all of these names, in their order, each with the
/// earlier rules that bind the caller.
pub(crate) fn walk<'r, 'c>(
    list: RuleList,
    rules: &'r [Rule],
    called: &'c [Who],
    mount: MountId,
) -> impl Iterator<Item = (RuleNumber, &'r Rule, Inherited)> + use<'r, 'c> {
    let mut bound = Inherited::default();
    let with_number =
        rules.iter().enumerate().map(move |(position, rule)| (RuleNumber { list, position }, rule));
    with_number.filter(move |(_, rule)| rule.is_for(called, mount)).map(move |(number, rule)| {
        let before = bound;
        bound = bound.after(number, rule);
        (number, rule, before)
    })
}

impl Access {
    /// Creates the list from the rules in their order.
    pub fn new(list: RuleList, rules: Vec<Rule>) -> Self {
        Self { list, rules }
    }

    /// Returns `true` if it matters who is calling. It doesn't where the first rule for the request is for anyone, gives
    /// the class even to callers whom earlier rules may have bound, and shows the same to everybody: nobody is asked
    /// there (`threats.md` C1).
    pub fn asks(&self, requested: &RequestedAccess<'_>) -> bool {
        let RequestedAccess { class, mount, .. } = *requested;
        let mut bound = Inherited::default();
        for (number, rule) in self.rules().filter(|(_, rule)| rule.is_at(mount)) {
            if rule.may.contains(class) && rule.is_about(requested) {
                let is_for_all =
                    rule.who.has_any(&[Who::anyone()]) && rule.gives(bound, mount).contains(class);
                let is_same = !rule.only.as_ref().is_some_and(Only::depends_on_caller)
                    && !rule.tenant.as_ref().is_some_and(Tenants::depends_on_caller);
                return !(is_for_all && is_same);
            }
            bound = bound.after(number, rule);
        }
        true
    }

    /// Returns the rule that allows a request to a caller. The rule's `only` and guards then say what the caller may
    /// see.
    ///
    /// # Errors
    ///
    /// Returns an error if no rule allows it.
    pub fn decide(
        &self,
        caller: &Caller,
        requested: &RequestedAccess<'_>,
    ) -> Result<(RuleNumber, &Rule), Denied> {
        let RequestedAccess { class, mount, .. } = *requested;
        let mut found = walk(self.list, &self.rules, caller.is(), mount);
        let allows =
            |rule: &Rule, bound| rule.gives(bound, mount).contains(class) && rule.is_about(requested);
        match found.find(|(_, rule, bound)| allows(rule, *bound)) {
            Some((number, rule, _)) => Ok((number, rule)),
            None => Err(self.denied(caller, requested)),
        }
    }

    #[cold]
    fn denied(&self, caller: &Caller, requested: &RequestedAccess<'_>) -> Denied {
        let RequestedAccess { class, mount, .. } = *requested;
        let covering =
            walk(self.list, &self.rules, caller.is(), mount).filter(|(_, rule, _)| rule.may.contains(class));
        let mut reasons = covering.filter_map(|(number, rule, bound)| {
            Closed::of(rule, number, bound, class, mount)
                .or_else(|| Closed::by_scope(rule, number, requested))
        });
        let first = reasons.next();
        // A rule that names the path is the one that the caller is likely to have in mind.
        let closed = match first {
            Some(Closed::NotThisPath(_)) => {
                reasons.find(|closed| matches!(closed, Closed::NotThisMethod(..))).or(first)
            }
            _ => first,
        };
        Denied { caller: caller.clone(), class, closed }
    }

    /// Returns `true` if no rule at a mount names only one of two readings of a path below it.
    pub fn reads_alike(&self, mount: MountId, path: &str, other: &str) -> bool {
        let scopes =
            self.rules.iter().filter(|rule| rule.is_at(mount)).filter_map(|rule| rule.scope.as_ref());
        scopes.into_iter().all(|scope| scope.reads_alike(path, other))
    }

    /// Returns the rules in their order, each with its number.
    pub fn rules(&self) -> impl Iterator<Item = (RuleNumber, &Rule)> {
        let list = self.list;
        self.rules.iter().enumerate().map(move |(position, rule)| (RuleNumber { list, position }, rule))
    }

    /// Returns everybody whom a rule names, each once, in the order of the rules.
    pub fn named(&self) -> Vec<&Who> {
        let mut named = Vec::new();
        for who in self.rules.iter().flat_map(|rule| rule.who.listed()) {
            if !named.contains(&who) {
                named.push(who);
            }
        }
        named
    }

    /// Returns the parts of an opaque server that somebody who has all of these names may use, beside what
    /// [`Access::given`] gives them whole.
    pub fn parts(&self, called: &[Who], mount: MountId) -> Vec<&Scope> {
        let gives = |(_, rule, bound): &(RuleNumber, &Rule, Inherited)| !rule.gives(*bound, mount).is_empty();
        let giving = walk(self.list, &self.rules, called, mount).filter(gives);
        giving.map_while(|(_, rule, _)| rule.scope.as_ref()).collect()
    }

    /// Returns what somebody who has all of these names may do at a mount, whatever the method and the path.
    pub fn given(&self, called: &[Who], mount: MountId) -> Given {
        let mut given = Given::default();
        for (_, rule, bound) in
            walk(self.list, &self.rules, called, mount).filter(|(_, rule, _)| rule.scope.is_none())
        {
            let gives = rule.gives(bound, mount).without(given.all());
            // Classes that show no data are the same to restricted callers.
            let restricted = match rule.only {
                Some(_) => gives.without(Classes::OPEN),
                None => Classes::default(),
            };
            given.restricted = given.restricted.with(restricted);
            given.open = given.open.with(gives.without(restricted));
            if rule.guards.is_some() {
                given.limited = given.limited.with(gives.both(Classes::GUARDED));
            }
            if rule.tenant.is_some() {
                given.by_tenant = given.by_tenant.with(gives);
            }
        }
        given
    }

    /// Returns the rule that gives a class at a mount to somebody who has all of these names, whatever the method and
    /// the path.
    pub fn giving(&self, called: &[Who], class: Class, mount: MountId) -> Option<&Rule> {
        let whole = walk(self.list, &self.rules, called, mount).filter(|(_, rule, _)| rule.scope.is_none());
        let mut giving = whole.filter(|(_, rule, bound)| rule.gives(*bound, mount).contains(class));
        giving.next().map(|(_, rule, _)| rule)
    }

    /// Returns `true` if a rule has guards.
    pub fn has_guards(&self) -> bool {
        self.rules.iter().any(|rule| rule.guards.is_some())
    }

    /// Returns `true` if a rule restricts its callers.
    pub fn has_restrictions(&self) -> bool {
        self.onlys().next().is_some()
    }

    /// Returns `true` if a rule has a rate.
    pub fn has_rates(&self) -> bool {
        self.rules.iter().any(|rule| rule.rate.or(rule.samples).is_some())
    }

    /// Returns `true` if a rule says how many requests may be open at once.
    pub fn has_lines(&self) -> bool {
        self.rules.iter().any(|rule| rule.concurrent.is_some())
    }

    /// Returns `true` if a rule restricts this label.
    pub fn restricts(&self, label: &str) -> bool {
        self.onlys().any(|only| only.restricts(label))
    }

    /// Returns `true` if a rule names tenants.
    pub fn names_tenants(&self) -> bool {
        self.rules.iter().any(|rule| rule.tenant.is_some())
    }

    /// Returns the claims that rules read, each once.
    pub fn claims(&self) -> Vec<ClaimPath> {
        let mut claims = Vec::new();
        let of_tenants = self.rules.iter().filter_map(|rule| rule.tenant.as_ref()?.claim());
        for path in self.onlys().flat_map(Only::claims).chain(of_tenants) {
            if !claims.contains(path) {
                claims.push(path.clone());
            }
        }
        claims
    }

    fn onlys(&self) -> impl Iterator<Item = &Only> {
        self.rules.iter().filter_map(|rule| rule.only.as_ref())
    }
}

#[cfg(test)]
mod tests;
