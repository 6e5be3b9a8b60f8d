//! Rules on trial: a second list, which decides nothing. What it would have decided is compared with what was.

use super::Access;
use crate::enforce::RuleNumber;

/// The rules on trial, beside those that are enforced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// The rules on trial.
    pub rules: Access,
    /// For each rule on trial, the enforced rules that hold their callers to the same terms.
    alike: Vec<Vec<usize>>,
}

impl Trial {
    /// Creates a trial of rules beside enforced ones.
    pub fn new(rules: Access, enforced: &Access) -> Self {
        let alike = rules.rules().map(|(_, tried)| {
            let alike = enforced.rules().filter(|(_, rule)| rule.has_terms_of(tried));
            alike.map(|(number, _)| number.position).collect()
        });
        let alike = alike.collect();
        Self { rules, alike }
    }

    /// Returns `true` if a rule on trial and an enforced one hold every caller to the same terms, but for the rate.
    pub fn is_alike(&self, tried: RuleNumber, enforced: RuleNumber) -> bool {
        self.alike.get(tried.position).is_some_and(|alike| alike.contains(&enforced.position))
    }
}
