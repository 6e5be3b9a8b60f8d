//! The tenants that a rule's callers belong to: the field `tenant`. The server itself keeps tenants apart, so nothing is
//! written into a query; the server is told of the tenants by a header alone.

use super::only::{Missing, NoValues, OfCaller};
use crate::caller::claim::ClaimPath;
use crate::caller::identity::Caller;
use crate::enforce::tenant::{NoTenant, joined};

/// The tenants of a rule's callers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tenants {
    /// The header's value, which is the same for every caller.
    Fixed(String),
    /// Tenants that depend on the caller.
    OfCaller(OfCaller),
}

/// The reason why a caller's tenants can't be sent to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TenantError {
    /// No tenant is known of the caller.
    Missing(NoValues),
    /// One of the caller's tenants can't stand in the header.
    Unfit(NoTenant),
}

impl Tenants {
    /// Returns the header's value for this caller.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no tenant for the caller, or one that can't stand in the header.
    pub fn header_value(&self, caller: &Caller) -> Result<String, TenantError> {
        match self {
            Self::Fixed(value) => Ok(value.clone()),
            Self::OfCaller(of_caller) => {
                let missing = |why| NoValues { caller: caller.clone(), missing: Missing::Tenant, why };
                let values = of_caller.values(caller).map_err(|why| TenantError::Missing(missing(why)))?;
                joined(values).map_err(TenantError::Unfit)
            }
        }
    }

    /// Returns `true` if callers differ in their tenants.
    pub fn depends_on_caller(&self) -> bool {
        matches!(self, Self::OfCaller(_))
    }

    /// Returns the claim that the tenants are read from, if they come from a token.
    pub(super) fn claim(&self) -> Option<&ClaimPath> {
        match self {
            Self::Fixed(_) => None,
            Self::OfCaller(of_caller) => of_caller.claim(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::claim::Claim;
    use crate::caller::identity::Identity;
    use crate::caller::scheme::Scheme;
    use crate::caller::who::Who;
    use std::rc::Rc;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }

    fn path() -> ClaimPath {
        ClaimPath { names: texts(&["tenants"]), split: None }
    }

    fn token(values: Option<&[&str]>) -> Caller {
        let claims = values.map(|values| (path(), Claim::Values(texts(values))));
        let groups = ["a", "b"].map(|name| Who::token_group("corp", name));
        let identity = Identity::new(Scheme::Jwt, "corp/alice", groups);
        Caller::Known(Rc::new(identity.with_claims(claims.into_iter().collect())))
    }

    #[test]
    fn a_claim_and_groups_say_which_tenants() {
        let claim = Tenants::OfCaller(OfCaller::Claim(path()));
        assert_eq!(claim.header_value(&token(Some(&["a", "b", "a"]))), Ok("a|b".to_owned()));
        let by = [("group:corp/b", "b"), ("group:corp/a", "a"), ("anonymous", "public")];
        let by = by.map(|(who, tenant)| (who.parse().unwrap(), texts(&[tenant])));
        let by = Tenants::OfCaller(OfCaller::By(by.to_vec()));
        assert_eq!(by.header_value(&token(None)), Ok("b|a".to_owned()));
        assert_eq!(by.header_value(&Caller::Anonymous), Ok("public".to_owned()));
        assert!(claim.depends_on_caller() && by.depends_on_caller());
    }

    #[test]
    fn without_a_tenant_that_the_header_can_carry_there_is_no_request() {
        let claim = Tenants::OfCaller(OfCaller::Claim(path()));
        for values in [None, Some(&[][..]), Some(&["a", ""])] {
            let Err(TenantError::Missing(missing)) = claim.header_value(&token(values)) else {
                panic!("{values:?}");
            };
            let says = "no tenant is known of jwt:corp/alice here: the claim \"tenants\" of a token has to say which";
            assert_eq!(missing.to_string(), says);
        }
        for unfit in ["a|b", "a/b", "..", "a b"] {
            let refused = claim.header_value(&token(Some(&["a", unfit])));
            assert_eq!(refused, Err(TenantError::Unfit(NoTenant { value: unfit.to_owned() })));
        }
        let by = Tenants::OfCaller(OfCaller::By(vec![("group:corp/c".parse().unwrap(), texts(&["c"]))]));
        assert!(matches!(by.header_value(&token(None)), Err(TenantError::Missing(_))));
    }
}
