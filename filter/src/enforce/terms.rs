//! The terms of a rule for one caller, worked out for one request.

use super::guards::Guarded;
use super::restriction::Restriction;
use std::rc::Rc;

/// What a rule holds its callers to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleTerms {
    /// What they may see; none is everything.
    pub restriction: Option<Rc<Restriction>>,
    /// How much a query of theirs may touch.
    pub guarded: Option<Guarded>,
}
