//! Reads the claims of tokens that names, groups and tenants are read from.

use super::error::ConfigError;
use super::field::Field;
use super::object::object;
use crate::caller::claim::ClaimPath;

object! {
    /// A claim of the caller's token, and the way to read it.
    pub(super) ClaimConfig, read as ClaimObject {
        /// The path to the claim: a field, and fields in it.
        claim: Vec<String>,
        /// The character that parts the values in a text: a space, `,` or `;`. Without it, a text is one value.
        split: Option<String>,
    }
}

/// A claim, by its path or by an object that also says how to read it.
#[cfg(feature = "schema")]
#[derive(schemars::JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code, reason = "only its schema is used")]
pub(super) enum Claim {
    Path(Vec<String>),
    Read(ClaimConfig),
}

/// Reads an object with a claim. `like` is the last name of the example in the message about a wrong path.
pub(super) fn read(field: &Field<'_>, like: &str) -> Result<ClaimPath, ConfigError> {
    let object = ClaimObject::read(field)?;
    source(&object.claim(), &object.split(), like)
}

/// Reads the two fields that say where the values of a claim are.
pub(super) fn source(claim: &Field<'_>, split: &Field<'_>, like: &str) -> Result<ClaimPath, ConfigError> {
    let names = path(claim, like)?;
    let separator = match split.optional_text()? {
        None => return Ok(ClaimPath { names, split: None }),
        Some(text) => SEPARATORS.into_iter().find(|separator| text.strip_prefix(*separator) == Some("")),
    };
    let wanted = "this must be the one character that parts the values in a text: \" \", \",\" or \";\"";
    let separator = separator.ok_or_else(|| split.refuse(wanted))?;
    Ok(ClaimPath { names, split: Some(separator) })
}

/// The characters that may part values. Names and tenants rarely have one of them.
const SEPARATORS: [char; 3] = [' ', ',', ';'];

/// Reads a path in the claims: a field, and fields in it. `like` is the last name of the example in the message.
pub(super) fn path(field: &Field<'_>, like: &str) -> Result<Vec<String>, ConfigError> {
    let names = field.texts()?;
    if names.is_empty() || names.iter().any(String::is_empty) {
        let message = format!("this must be a list of field names, like [\"realm_access\", \"{like}\"]");
        return Err(field.refuse(&message));
    }
    Ok(names)
}
