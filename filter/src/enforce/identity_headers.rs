//! Headers that tell the server who is calling, and which tenants the caller may see.

use super::tenant::{NoTenant, TenantHeader};
use super::terms::RuleTerms;
use crate::caller::identity::Caller;
use std::borrow::Cow;

/// The headers of a configuration's own that tell the server of the caller. No client may set them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityHeaders {
    /// The header that tells the server who is calling, in lower case.
    pub caller: Option<String>,
    /// The header that tells the server which tenants the caller may see.
    pub tenant: Option<TenantHeader>,
}

impl IdentityHeaders {
    /// Returns their names, in lower case.
    pub fn names(&self) -> Vec<&str> {
        let tenant = self.tenant.as_ref().map(|header| header.name.as_str());
        self.caller.as_deref().into_iter().chain(tenant).collect()
    }

    /// Adds what they say of a caller to the headers that are set.
    ///
    /// # Errors
    ///
    /// What the caller may see can't be told to the server.
    pub fn add(
        &self,
        caller: &Caller,
        terms: &RuleTerms,
        set: &mut Vec<(Cow<'static, str>, String)>,
    ) -> Result<(), NoTenant> {
        if let (Some(name), Some(identity)) = (&self.caller, caller.identity()) {
            set.push((name.clone().into(), identity.header_value()));
        }
        if let (Some(header), Some(restriction)) = (&self.tenant, &terms.restriction)
            && let Some(tenants) = header.value(restriction)?
        {
            set.push((header.name.clone().into(), tenants));
        }
        Ok(())
    }
}
