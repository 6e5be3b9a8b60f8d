//! Headers that tell the server, or the proxy on the way to it, who is calling, and which tenants the caller may see.

use super::RuleNumber;
use super::rate_limit_headers::Descriptor;
use super::tenant::{NoTenant, TenantHeader};
use super::terms::RuleTerms;
use crate::api::class::Class;
use crate::caller::facts::{HostFacts, Untold};
use crate::caller::identity::Caller;
use crate::target::header_edits::{HeaderName, HeaderValue};

/// The headers by which the server is told of the caller. The configuration names them, and no client may set them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityHeaders {
    /// The header that tells the server who is calling, in lower case.
    pub caller: Option<String>,
    /// The header that tells the server which tenants the caller may see.
    pub tenant: Option<TenantHeader>,
    /// The facts that the proxy's rate limit filter is told of a request.
    pub rate_limit: Vec<Descriptor>,
}

impl IdentityHeaders {
    /// Returns the names of the headers, in lower case.
    pub fn names(&self) -> Vec<&str> {
        let tenant = self.tenant.as_ref().map(|header| header.name.as_str());
        self.caller.as_deref().into_iter().chain(tenant).collect()
    }

    /// Returns the names of the headers that the proxy's rate limit filter is told a request by.
    pub fn rate_limited_by(&self) -> impl Iterator<Item = &'static str> {
        self.rate_limit.iter().map(|descriptor| descriptor.header().text())
    }

    /// Adds the headers about a caller to those that are set.
    ///
    /// # Errors
    ///
    /// Returns an error if a tenant that the caller may see can't be written into its header.
    pub fn add(
        &self,
        caller: &Caller,
        terms: &RuleTerms,
        set: &mut Vec<(HeaderName, HeaderValue)>,
    ) -> Result<(), NoTenant> {
        if let (Some(name), Some(identity)) = (&self.caller, caller.identity()) {
            set.push((HeaderName::Configured(name.as_str().into()), identity.header_value().into()));
        }
        let Some(header) = &self.tenant else { return Ok(()) };
        let tenants = match (&terms.tenants, &terms.restriction) {
            (Some(tenants), _) => Some(tenants.clone()),
            (None, Some(restriction)) => header.value(restriction)?,
            (None, None) => None,
        };
        set.extend(
            tenants.map(|tenants| (HeaderName::Configured(header.name.as_str().into()), tenants.into())),
        );
        Ok(())
    }

    /// Adds what the proxy's rate limit filter is told of a request to the headers that are set.
    ///
    /// # Errors
    ///
    /// Returns an error if the caller isn't known, and the host doesn't tell the address either.
    pub(crate) fn add_descriptors(
        &self,
        rule: RuleNumber,
        caller: &Caller,
        class: Class,
        facts: &dyn HostFacts,
        set: &mut Vec<(HeaderName, HeaderValue)>,
    ) -> Result<(), Untold> {
        self.rate_limit.iter().try_for_each(|descriptor| {
            set.push((descriptor.header().into(), descriptor.value(rule, caller, class, facts)?));
            Ok(())
        })
    }
}
