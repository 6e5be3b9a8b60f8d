//! Access rules: the first one that names the caller, holds at the mount and covers the class decides. What no rule
//! allows is refused.

use crate::api::class::{Class, Classes};
use crate::mount::MountId;
use std::fmt;

/// Who is calling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Nobody that the configuration knows.
    Anonymous,
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("anonymous callers"),
        }
    }
}

/// Whom a rule names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Everybody, known or not; nobody is asked.
    Anyone,
    /// Who is not known.
    Anonymous,
}

impl fmt::Display for Who {
    /// As a configuration writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anyone => f.write_str("anyone"),
            Self::Anonymous => f.write_str("anonymous"),
        }
    }
}

impl Who {
    fn names(self, caller: Caller) -> bool {
        match (self, caller) {
            (Self::Anyone | Self::Anonymous, Caller::Anonymous) => true,
        }
    }

    /// Whether whoever `other` names is named by this too.
    pub fn includes(self, other: Self) -> bool {
        self == Self::Anyone || self == other
    }
}

/// One rule, compiled: shorthands and exceptions are worked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Whom it names.
    pub who: Vec<Who>,
    /// What it allows.
    pub may: Classes,
    /// Where it holds.
    pub at: Vec<MountId>,
}

impl Rule {
    fn covers(&self, class: Class, mount: MountId) -> bool {
        self.may.contains(class) && self.at.contains(&mount)
    }
}

/// The rules of a configuration, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    rules: Vec<Rule>,
}

/// That no rule allows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

    /// Decides: the rule that allows it.
    ///
    /// # Errors
    ///
    /// No rule does.
    pub fn decide(&self, caller: Caller, class: Class, mount: MountId) -> Result<&Rule, Denied> {
        let decides =
            |rule: &&Rule| rule.covers(class, mount) && rule.who.iter().any(|who| who.names(caller));
        self.rules.iter().find(decides).ok_or(Denied { caller, class })
    }

    /// Everybody whom a rule names, each once, in the order of the rules.
    pub fn named(&self) -> Vec<Who> {
        let mut named = Vec::new();
        for &who in self.rules.iter().flat_map(|rule| &rule.who) {
            if !named.contains(&who) {
                named.push(who);
            }
        }
        named
    }

    /// What one who is named by `who` may do at a mount.
    pub fn open_to(&self, who: Who, mount: MountId) -> Classes {
        let named = self
            .rules
            .iter()
            .filter(|rule| rule.at.contains(&mount) && rule.who.iter().any(|known| known.includes(who)));
        named.fold(Classes::default(), |open, rule| open.with(rule.may))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_holds_for_its_classes_at_its_mounts() {
        let rule = Rule { who: vec![Who::Anyone], may: Classes::of(&[Class::Health]), at: vec![MountId(1)] };
        let access = Access::new(vec![rule.clone()]);
        let decide = |class, mount| access.decide(Caller::Anonymous, class, MountId(mount)).cloned();
        assert_eq!(decide(Class::Health, 1), Ok(rule));
        assert!(decide(Class::Health, 0).is_err());
        assert!(decide(Class::Admin, 1).is_err());
    }

    #[test]
    fn nothing_is_allowed_by_default() {
        let access = Access::new(Vec::new());
        let denied = access.decide(Caller::Anonymous, Class::Ui, MountId(0)).unwrap_err();
        assert_eq!(denied.to_string(), "no access rule allows the class \"ui\" to anonymous callers here");
    }
}
