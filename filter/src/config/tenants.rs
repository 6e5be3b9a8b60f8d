//! Reads `access[].tenant`, the tenants that the callers of a rule belong to at a server that keeps tenants apart.

use super::error::ConfigError;
use super::field::Field;
use super::object::object;
use super::only::{Definitions, Reader};
use crate::access::tenants::Tenants;
use crate::enforce::tenant::joined;
use crate::json::Tree;

#[cfg(feature = "schema")]
use super::schema::ByName;

object! {
    /// The tenants of a rule's callers, where they aren't a list: one of `claim` and `by`.
    pub(super) TenantsConfig, read as TenantsObject {
        /// The path to the tenants in the claims of the caller's token, which are a text or a list of texts.
        claim: Option<Vec<String>>,
        /// The character that parts the tenants in a claim that is a text: a space, `,` or `;`. Only beside `claim`.
        split: Option<String>,
        /// Tenants by the names that rules use for callers. A caller who has several of these names belongs to the
        /// tenants of all.
        by: Option<ByName<Vec<String>>>,
    }
}

/// The tenants of a rule's callers: a list, or an object that says where they come from.
#[cfg(feature = "schema")]
#[derive(schemars::JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code, reason = "only its schema is used")]
pub(super) enum TenantValues {
    Listed(Vec<String>),
    Otherwise(TenantsConfig),
}

/// Compiles the `tenant` of a rule.
pub(super) fn compile(field: &Field<'_>, known: Definitions<'_>) -> Result<Tenants, ConfigError> {
    if known.tenant_header.is_none() {
        let message = "headers.tenant has to name the header that carries this, like \
                       { \"name\": \"x-scope-orgid\" }";
        return Err(field.refuse(message));
    }
    let reader = Reader { label: "", is_carried: true, known };
    match field.tree()? {
        Tree::List(_) => {
            let values = reader.listed(field)?;
            return joined(values).map(Tenants::Fixed).map_err(|error| field.refuse(&error.to_string()));
        }
        Tree::Object(_) => {}
        _ => return Err(field.refuse(FORMS)),
    }
    let tenants = TenantsObject::read(field)?;
    let (claim, split, by) = (tenants.claim(), tenants.split(), tenants.by());
    let of_caller = match [&claim, &split, &by].map(Field::is_given) {
        [true, _, false] => reader.claim(&claim, &split)?,
        [false, false, true] => reader.by(&by)?,
        _ => return Err(field.refuse(FORMS)),
    };
    Ok(Tenants::OfCaller(of_caller))
}

const FORMS: &str =
    "this must be a list of tenants, or an object with one of claim and by, and split beside claim alone";
