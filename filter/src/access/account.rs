//! An account of the rules that a request meets, for people who want to know why one of them decides. The module never
//! asks for it.

use super::denied::Closed;
use super::rule::{Inherited, Rule};
use super::scope::RequestedAccess;
use super::{Access, Caller};
use crate::enforce::RuleNumber;

/// A rule, and its verdict about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Considered<'a> {
    /// The number of the rule.
    pub number: RuleNumber,
    /// The rule with this number.
    pub rule: &'a Rule,
    /// The reason why the rule decides, or doesn't.
    pub verdict: RuleVerdict,
}

/// The verdict of a rule about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleVerdict {
    /// The rule allows the request.
    Decides,
    /// An earlier rule has decided, so this one isn't looked at.
    NotReached,
    /// The rule doesn't hold at the mount.
    OtherMount,
    /// The rule doesn't name the caller.
    OtherCaller,
    /// The rule doesn't have the class in its `may`.
    OtherClass,
    /// The rule seems to allow the request, and doesn't for this reason.
    Closed(Closed),
}

impl Access {
    /// Returns every rule with its verdict about a request.
    pub fn account(&self, caller: &Caller, requested: &RequestedAccess<'_>) -> Vec<Considered<'_>> {
        let RequestedAccess { class, mount, .. } = *requested;
        let deciding = self.decide(caller, requested).ok().map(|(number, _)| number);
        let mut bound = Inherited::default();
        let mut verdict = |number: RuleNumber, rule: &Rule| {
            let before = bound;
            if rule.is_for(caller.is(), mount) {
                bound = bound.after(number, rule);
            }
            match deciding {
                Some(deciding) if deciding == number => RuleVerdict::Decides,
                Some(deciding) if deciding < number => RuleVerdict::NotReached,
                _ if !rule.is_at(mount) => RuleVerdict::OtherMount,
                _ if !rule.who.has_any(caller.is()) => RuleVerdict::OtherCaller,
                _ if !rule.may.contains(class) => RuleVerdict::OtherClass,
                _ => Closed::of(rule, number, before, class, mount)
                    .or_else(|| Closed::by_scope(rule, number, requested))
                    .map_or(RuleVerdict::OtherClass, RuleVerdict::Closed),
            }
        };
        self.rules()
            .map(|(number, rule)| Considered { number, rule, verdict: verdict(number, rule) })
            .collect()
    }
}
