//! Access rules: the first one that names the caller, holds at the mount and covers the class decides. What no rule
//! allows is refused.

pub mod restriction;
pub mod who;

use crate::api::class::{Class, Classes};
use crate::caller::identity::Caller;
use crate::index::Index;
use crate::limits::rate::Rate;
use crate::mount::MountId;
use std::fmt;
use who::Who;

/// One rule, compiled: shorthands and exceptions are worked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Whom it names.
    pub who: Whos,
    /// What it allows.
    pub may: Classes,
    /// Where it holds.
    pub at: Vec<MountId>,
    /// How often each caller may.
    pub rate: Option<Rate>,
}

impl Rule {
    fn covers(&self, class: Class, mount: MountId) -> bool {
        self.may.contains(class) && self.at.contains(&mount)
    }

    fn names(&self, caller: &Caller) -> bool {
        match caller {
            Caller::Anonymous => self.who.has_any(&[Who::anonymous(), Who::anyone()]),
            Caller::Known(identity) => self.who.has_any(identity.is()),
        }
    }
}

/// People, in the order of a list, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whos {
    listed: Vec<Who>,
    index: Index,
}

impl Whos {
    /// These, each of which stands once.
    pub fn new(listed: Vec<Who>) -> Option<Self> {
        let keys = listed.iter().map(|who| who.as_str().as_bytes().to_vec()).collect();
        let index = Index::new(keys).ok()?;
        Some(Self { listed, index })
    }

    /// The list.
    pub fn listed(&self) -> &[Who] {
        &self.listed
    }

    /// Whether one of these is in it.
    pub fn has_any(&self, of: &[Who]) -> bool {
        of.iter().any(|who| self.index.find(who.as_str().as_bytes()).is_some())
    }
}

/// The rules of a configuration, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    rules: Vec<Rule>,
}

/// A rule's place in the configuration's list. Prints as the field's path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleNumber(pub usize);

impl fmt::Display for RuleNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "access[{}]", self.0)
    }
}

/// That no rule allows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// To whom.
    pub caller: Caller,
    /// What.
    pub class: Class,
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no access rule allows the class \"{}\" to {} here", self.class, self.caller)
    }
}

impl Access {
    /// The rules in their order.
    pub fn new(rules: Vec<Rule>) -> Self {
        Self { rules }
    }

    /// Whether who is calling matters: it doesn't where the first rule is for anyone, so that nobody is asked there
    /// (`threats.md` C1).
    pub fn asks(&self, class: Class, mount: MountId) -> bool {
        let first = self.rules.iter().find(|rule| rule.covers(class, mount));
        first.is_none_or(|rule| !rule.who.has_any(&[Who::anyone()]))
    }

    /// Decides: the rule that allows it.
    ///
    /// # Errors
    ///
    /// No rule does.
    pub fn decide(
        &self,
        caller: &Caller,
        class: Class,
        mount: MountId,
    ) -> Result<(RuleNumber, &Rule), Denied> {
        let decides = |(_, rule): &(usize, &Rule)| rule.covers(class, mount) && rule.names(caller);
        let found = self.rules.iter().enumerate().find(decides);
        let denied = || Denied { caller: caller.clone(), class };
        found.map(|(number, rule)| (RuleNumber(number), rule)).ok_or_else(denied)
    }

    /// Everybody whom a rule names, each once, in the order of the rules.
    pub fn named(&self) -> Vec<&Who> {
        let mut named = Vec::new();
        for who in self.rules.iter().flat_map(|rule| &rule.who.listed) {
            if !named.contains(&who) {
                named.push(who);
            }
        }
        named
    }

    /// What those who are called all of this may do at a mount.
    pub fn open_to(&self, called: &[Who], mount: MountId) -> Classes {
        let here = self.rules.iter().filter(|rule| rule.at.contains(&mount) && rule.who.has_any(called));
        here.fold(Classes::default(), |open, rule| open.with(rule.may))
    }

    /// Whether a rule has a rate.
    pub fn has_rates(&self) -> bool {
        self.rules.iter().any(|rule| rule.rate.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::identity::{Identity, Scheme};
    use std::rc::Rc;

    fn rule(who: &[&str], may: &[Class]) -> Rule {
        let who = Whos::new(who.iter().map(|who| who.parse().unwrap()).collect()).unwrap();
        Rule { who, may: Classes::of(may), at: vec![MountId(1)], rate: None }
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
