//! Access rules. A caller, a class and a mount come in, and the rule that allows the request goes out, or a refusal.
//! The first rule that names the caller, holds at the mount and covers the class decides. Requests that no rule allows
//! are refused.

pub(crate) mod cross_site;
mod denied;
pub(crate) mod only;
mod rule;

pub use denied::{Closed, Denied};
pub use rule::{HeldAt, Inherited, Rule, Unrestricted};

use crate::api::class::{Class, Classes};
use crate::api::mount::MountId;
use crate::caller::identity::Caller;
use crate::caller::who::Who;
use crate::enforce::RuleNumber;
use only::Only;

/// The rules of a configuration, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
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
    rules: &'r [Rule],
    called: &'c [Who],
    mount: MountId,
) -> impl Iterator<Item = (RuleNumber, &'r Rule, Inherited)> + use<'r, 'c> {
    let mut bound = Inherited::default();
    let with_number = rules.iter().enumerate().map(|(number, rule)| (RuleNumber(number), rule));
    with_number.filter(move |(_, rule)| rule.is_for(called, mount)).map(move |(number, rule)| {
        let before = bound;
        bound = bound.after(number, rule);
        (number, rule, before)
    })
}

impl Access {
    /// Creates the list from the rules in their order.
    pub fn new(rules: Vec<Rule>) -> Self {
        Self { rules }
    }

    /// Returns `true` if it matters who is calling. It doesn't where the first rule for the class is for anyone, gives
    /// the class even to callers whom earlier rules may have bound, and shows the same to everybody: nobody is asked
    /// there (`threats.md` C1).
    pub fn asks(&self, class: Class, mount: MountId) -> bool {
        let mut bound = Inherited::default();
        for (number, rule) in self.rules.iter().enumerate().filter(|(_, rule)| rule.is_at(mount)) {
            if rule.may.contains(class) {
                let is_for_all =
                    rule.who.has_any(&[Who::anyone()]) && rule.gives(bound, mount).contains(class);
                return !is_for_all || rule.only.as_ref().is_some_and(Only::depends_on_caller);
            }
            bound = bound.after(RuleNumber(number), rule);
        }
        true
    }

    /// Returns the rule that allows a class to a caller at a mount. The rule's `only` and guards then say what the
    /// caller may see.
    ///
    /// # Errors
    ///
    /// Returns an error if no rule allows it.
    pub fn decide(
        &self,
        caller: &Caller,
        class: Class,
        mount: MountId,
    ) -> Result<(RuleNumber, &Rule), Denied> {
        let mut found = walk(&self.rules, caller.is(), mount);
        match found.find(|(_, rule, bound)| rule.gives(*bound, mount).contains(class)) {
            Some((number, rule, _)) => Ok((number, rule)),
            None => Err(self.denied(caller, class, mount)),
        }
    }

    #[cold]
    fn denied(&self, caller: &Caller, class: Class, mount: MountId) -> Denied {
        let mut covering =
            walk(&self.rules, caller.is(), mount).filter(|(_, rule, _)| rule.may.contains(class));
        let closed =
            covering.next().and_then(|(number, rule, bound)| Closed::of(rule, number, bound, class, mount));
        Denied { caller: caller.clone(), class, closed }
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

    /// Returns what somebody who has all of these names may do at a mount.
    pub fn given(&self, called: &[Who], mount: MountId) -> Given {
        let mut given = Given::default();
        for (_, rule, bound) in walk(&self.rules, called, mount) {
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
        }
        given
    }

    /// Returns `true` if a rule has guards.
    pub fn has_guards(&self) -> bool {
        self.rules.iter().any(|rule| rule.guards.is_some())
    }

    /// Returns `true` if a rule has a rate.
    pub fn has_rates(&self) -> bool {
        self.rules.iter().any(|rule| rule.rate.is_some())
    }

    /// Returns `true` if a rule restricts this label.
    pub fn restricts(&self, label: &str) -> bool {
        self.onlys().any(|only| only.restricts(label))
    }

    /// Returns the claims that rules read, each once.
    pub fn claims(&self) -> Vec<Vec<String>> {
        let mut claims = Vec::new();
        for path in self.onlys().flat_map(Only::claims) {
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
mod tests {
    use super::*;
    use crate::caller::identity::Identity;
    use crate::caller::scheme::Scheme;
    use crate::caller::who::Whos;
    use std::rc::Rc;

    fn rule(who: &[&str], may: &[Class]) -> Rule {
        let who = Whos::new(who.iter().map(|who| who.parse().unwrap()).collect()).unwrap();
        Rule {
            who,
            may: Classes::of(may),
            at: vec![HeldAt { mount: MountId(1), restrictable: Classes::ALL }],
            only: None,
            unrestricted: Unrestricted::No,
            guards: None,
            rate: None,
        }
    }

    fn user(name: &str) -> Caller {
        Caller::Known(Rc::new(Identity::new(Scheme::User, name, [])))
    }

    fn number(access: &Access, caller: &Caller, class: Class) -> Option<usize> {
        access.decide(caller, class, MountId(1)).ok().map(|(RuleNumber(number), _)| number)
    }

    #[test]
    fn a_rule_holds_for_its_classes_at_its_mounts() {
        let access = Access::new(vec![rule(&["anyone"], &[Class::Health])]);
        assert_eq!(number(&access, &Caller::Anonymous, Class::Health), Some(0));
        assert_eq!(number(&access, &Caller::Anonymous, Class::Admin), None);
        assert!(access.decide(&Caller::Anonymous, Class::Health, MountId(0)).is_err());
    }

    #[test]
    fn the_first_rule_that_names_the_caller_decides() {
        let access = Access::new(vec![
            rule(&["user:a"], &[Class::Query]),
            rule(&["anonymous"], &[Class::Ui]),
            rule(&["authenticated"], &[Class::Query, Class::Ui]),
        ]);
        assert_eq!(number(&access, &user("a"), Class::Query), Some(0));
        assert_eq!(number(&access, &user("b"), Class::Query), Some(2));
        assert_eq!(number(&access, &user("a"), Class::Ui), Some(2));
        assert_eq!(number(&access, &Caller::Anonymous, Class::Ui), Some(1));
        assert_eq!(number(&access, &Caller::Anonymous, Class::Query), None);
    }

    #[test]
    fn nobody_is_asked_where_the_first_rule_is_for_anyone() {
        let access = Access::new(vec![
            rule(&["anyone"], &[Class::Health]),
            rule(&["user:a"], &[Class::Ui]),
            rule(&["anyone"], &[Class::Ui]),
        ]);
        let asks = |class| access.asks(class, MountId(1));
        assert_eq!([Class::Health, Class::Ui, Class::Query].map(asks), [false, true, true]);
        assert!(access.asks(Class::Health, MountId(0)));
    }

    #[test]
    fn nothing_is_allowed_by_default() {
        let access = Access::new(Vec::new());
        let denied = access.decide(&Caller::Anonymous, Class::Ui, MountId(0)).unwrap_err();
        assert_eq!(denied.to_string(), "no access rule allows the class \"ui\" to anonymous callers here");
        let denied = access.decide(&user("a"), Class::Ui, MountId(0)).unwrap_err();
        assert_eq!(denied.to_string(), "no access rule allows the class \"ui\" to user:a here");
    }
}
