//! The labels by which a rule restricts its callers: the field `only`. A restriction that is the same for all of them
//! is built once; one that depends on a token's claims or a caller's groups is built for each request.

use crate::caller::claim::{Claim, ClaimPath, MAX_VALUES};
use crate::caller::identity::Caller;
use crate::caller::who::Who;
use crate::enforce::restriction::{Absent, Restriction, Term};
use crate::enforce::shared::Shared;
use std::fmt;
use std::rc::Rc;

/// The restriction of what a rule's callers may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Only {
    /// The alternatives, of which any may hold. Mostly there is only one.
    alternatives: Vec<Vec<OnLabel>>,
    /// The restriction, if it is the same for every caller.
    fixed: Option<Rc<Restriction>>,
    /// The metrics that aren't restricted where a selector names them.
    shared: Option<Rc<Shared>>,
}

/// The part of a rule that restricts one label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnLabel {
    /// The name of the label.
    pub label: String,
    /// The values that the label may have.
    pub values: Values,
}

/// The values of a label, or the way to find them for a caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Values {
    /// Values that are the same for every caller.
    Fixed(Term),
    /// Values that depend on the caller.
    OfCaller(OfCaller),
}

/// The way to find the values that depend on the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OfCaller {
    /// Values that the caller's token has in this claim.
    Claim(ClaimPath),
    /// Values for each of these names. A caller gets those of all names that they have.
    By(Vec<(Who, Vec<String>)>),
}

/// The error of a caller for whom nothing is left to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoValues {
    /// The caller who may see nothing.
    pub caller: Caller,
    /// The part of the rule that has no value for the caller.
    pub missing: Missing,
    /// The reason why it has none.
    pub why: Why,
}

/// A part of a rule that has no value for a caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The values of this label, by which `only` restricts the caller.
    Label(String),
    /// The tenants that the caller belongs to.
    Tenant,
}

/// A reason why a caller has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The rule has no value for this caller.
    Unnamed,
    /// There is no such claim, or nothing in it.
    NoClaim(Vec<String>),
    /// The claim isn't one that values can be read from.
    BadClaim(Vec<String>),
}

impl fmt::Display for NoValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.missing {
            Missing::Label(label) => {
                write!(f, "{} may see no value of the label \"{label}\" here", self.caller)?;
            }
            Missing::Tenant => write!(f, "no tenant is known of {} here", self.caller)?,
        }
        match &self.why {
            Why::Unnamed => Ok(()),
            Why::NoClaim(path) => write!(f, ": the claim \"{}\" of a token has to say which", path.join(".")),
            Why::BadClaim(path) => write!(
                f,
                ": the token's claim \"{}\" is neither a text nor a list of at most {MAX_VALUES} texts, or one is empty",
                path.join(".")
            ),
        }
    }
}

impl OnLabel {
    fn term(&self, caller: &Caller) -> Result<Term, Why> {
        match &self.values {
            Values::Fixed(term) => Ok(term.clone()),
            Values::OfCaller(of_caller) => {
                let values = of_caller.values(caller)?;
                Term::listed(&self.label, values, Absent::Refused).ok_or(Why::Unnamed)
            }
        }
    }
}

impl OfCaller {
    /// Returns the values of this caller: at least one, and none of them empty.
    pub(super) fn values(&self, caller: &Caller) -> Result<Vec<String>, Why> {
        let (values, why) = match self {
            Self::Claim(path) => {
                let values = match caller.identity().and_then(|identity| identity.claim(path)) {
                    Some(Claim::Unreadable) => return Err(Why::BadClaim(path.names.clone())),
                    Some(Claim::Values(values)) => values.clone(),
                    None => Vec::new(),
                };
                (values, Why::NoClaim(path.names.clone()))
            }
            Self::By(by) => {
                let mut all = Vec::new();
                for (_, values) in by.iter().filter(|(who, _)| caller.is().contains(who)) {
                    all.extend_from_slice(values);
                }
                (all, Why::Unnamed)
            }
        };
        if values.is_empty() || values.iter().any(String::is_empty) { Err(why) } else { Ok(values) }
    }

    /// Returns the claim that the values are read from, if they come from a token.
    pub(super) fn claim(&self) -> Option<&ClaimPath> {
        match self {
            Self::Claim(path) => Some(path),
            Self::By(_) => None,
        }
    }
}

impl OnLabel {
    /// Returns the lengths of the matchers for the callers who get the fewest values and for those who get all.
    fn lengths(&self) -> (usize, usize) {
        let length = |values: Vec<String>| {
            Term::listed(&self.label, values, Absent::Refused).map_or(0, |term| term.matchers().len())
        };
        match &self.values {
            Values::Fixed(term) => {
                let length = term.matchers().len();
                (length, length)
            }
            Values::OfCaller(OfCaller::Claim(_)) => (0, 0),
            Values::OfCaller(OfCaller::By(by)) => {
                let fewest = by.iter().map(|(_, values)| length(values.clone())).min();
                let all = by.iter().flat_map(|(_, values)| values.iter().cloned()).collect();
                (fewest.unwrap_or_default(), length(all))
            }
        }
    }
}

impl Only {
    /// Creates a restriction from these labels, no two of which are the same. Returns `None` without a label, since
    /// nothing would be restricted.
    pub fn new(labels: Vec<OnLabel>) -> Option<Self> {
        Self::any_of(vec![labels])
    }

    /// Creates a restriction from alternatives, of which any may hold. In none of them two labels are the same. Returns
    /// `None` without an alternative, or if one has no label.
    pub fn any_of(alternatives: Vec<Vec<OnLabel>>) -> Option<Self> {
        if alternatives.is_empty() || alternatives.iter().any(Vec::is_empty) {
            return None;
        }
        let is_fixed = |on: &OnLabel| matches!(on.values, Values::Fixed(_));
        let mut fixed = None;
        if alternatives.iter().flatten().all(is_fixed) {
            fixed = restriction(&alternatives, &Caller::Anonymous).ok().map(Rc::new);
        }
        Some(Self { alternatives, fixed, shared: None })
    }

    /// Returns the same labels, but for selectors that name one of these metrics.
    #[must_use]
    pub fn with_shared(self, shared: Shared) -> Self {
        let shared = Some(Rc::new(shared));
        let share = |fixed: Rc<Restriction>| Rc::new(Rc::unwrap_or_clone(fixed).with_shared(shared.clone()));
        Self { fixed: self.fixed.map(share), shared, ..self }
    }

    /// Returns the restriction of this caller. Alternatives that have no value for the caller are left out.
    ///
    /// # Errors
    ///
    /// Returns an error if no alternative is left: the one about the first label without a value.
    pub fn restriction(&self, caller: &Caller) -> Result<Rc<Restriction>, NoValues> {
        if let Some(fixed) = &self.fixed {
            return Ok(Rc::clone(fixed));
        }
        let restriction = restriction(&self.alternatives, caller)?;
        Ok(Rc::new(restriction.with_shared(self.shared.clone())))
    }

    /// Returns `true` if no label can be added to series that lack it, whoever the caller is.
    pub fn adds_nothing(&self) -> bool {
        self.fixed.as_ref().is_some_and(|fixed| fixed.single_values().next().is_none())
    }

    /// Returns the metrics that aren't restricted where a selector names them.
    pub fn shared(&self) -> Option<&Shared> {
        self.shared.as_deref()
    }

    /// Returns `true` if callers differ in what they may see.
    pub fn depends_on_caller(&self) -> bool {
        self.fixed.is_none()
    }

    /// Returns the lengths of the matchers for the callers who get the fewest values and for those who get the most, in
    /// bytes, all alternatives together. The values in claims aren't known, and count as none.
    pub fn lengths(&self) -> (usize, usize) {
        let (mut least, mut most) = (usize::MAX, 0_usize);
        for labels in &self.alternatives {
            let (mut fewest, commas) = (labels.len().saturating_sub(1), labels.len());
            most = most.saturating_add(commas).saturating_sub(1);
            for on in labels {
                let (few, all) = on.lengths();
                fewest = fewest.saturating_add(few);
                most = most.saturating_add(all);
            }
            // A caller may have no value for all alternatives but one.
            least = least.min(fewest);
        }
        (least, most)
    }

    /// Returns `true` if an alternative restricts this label.
    pub fn restricts(&self, label: &str) -> bool {
        self.labels().any(|on| on.label == label)
    }

    /// Returns the labels of all alternatives.
    fn labels(&self) -> impl Iterator<Item = &OnLabel> {
        self.alternatives.iter().flatten()
    }

    /// Returns the claims that values are read from.
    pub fn claims(&self) -> impl Iterator<Item = &ClaimPath> {
        self.labels().filter_map(|on| match &on.values {
            Values::OfCaller(of_caller) => of_caller.claim(),
            Values::Fixed(_) => None,
        })
    }
}

/// Returns the restriction of a caller by these alternatives, without those that have no value for the caller.
fn restriction(alternatives: &[Vec<OnLabel>], caller: &Caller) -> Result<Restriction, NoValues> {
    let (mut all, mut missing) = (Vec::new(), None);
    for labels in alternatives {
        let mut terms = Vec::with_capacity(labels.len());
        for on in labels {
            match on.term(caller) {
                Ok(term) => terms.push(term),
                Err(why) => {
                    missing = missing.or(Some((on.label.as_str(), why)));
                    break;
                }
            }
        }
        if terms.len() == labels.len() {
            all.push(terms);
        }
    }
    Restriction::any_of(all).ok_or_else(|| {
        let (label, why) = missing.unwrap_or(("", Why::Unnamed));
        NoValues { caller: caller.clone(), missing: Missing::Label(label.to_owned()), why }
    })
}

#[cfg(test)]
mod tests;
