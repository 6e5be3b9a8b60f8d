//! The terms of a rule, as they apply to one caller and one request.

use super::guards::Guarded;
use super::remote_write::{MissingLabel, SampleRate};
use super::restriction::Restriction;
use std::rc::Rc;

/// The terms of a rule, which its callers are held to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleTerms {
    /// The restriction on what they may see; `None` means everything.
    pub restriction: Option<Rc<Restriction>>,
    /// The bounds on how much one of their queries may touch.
    pub guarded: Option<Guarded>,
    /// The treatment of series that are written without a restricted label.
    pub missing: MissingLabel,
    /// The rate at which they may write samples, if the rule has one.
    pub samples: Option<SampleRate>,
    /// The value of the header that names their tenants, if the rule does.
    pub tenants: Option<String>,
}
