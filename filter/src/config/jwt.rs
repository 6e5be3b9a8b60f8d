//! Reads `callers.jwt`, the issuers whose JSON web tokens are believed.

use super::error::ConfigError;
use super::field::Field;
use super::object::object;
use crate::caller::jwt::Issuer;

object! {
    /// An issuer of JSON web tokens, which the proxy verifies.
    pub(super) JwtConfig, read as JwtObject {
        /// The place where the proxy puts the claims: `payload_in_metadata` of Envoy's `jwt_authn`.
        payload: String,
        /// The value that the claim `iss` has to have.
        issuer: String,
        /// The value that the claim `aud` has to be, or to hold.
        audience: String,
        /// The path to the caller's name in the claims: a field, and fields in it. `["sub"]` if not given.
        name: Option<Vec<String>>,
        /// The path to the caller's groups in the claims, which are a text or a list of texts.
        groups: Option<Vec<String>>,
    }
}

/// Compiles every issuer of tokens.
pub(super) fn compile(section: &[Field<'_>]) -> Result<Vec<Issuer>, ConfigError> {
    let mut issuers: Vec<Issuer> = Vec::new();
    for field in section {
        let issuer = issuer(field)?;
        let twin =
            issuers.iter().find(|other| other.payload == issuer.payload && other.issuer == issuer.issuer);
        if let Some(twin) = twin {
            let message =
                format!("callers.jwt.{} reads the same issuer's tokens from the same payload", twin.name);
            return Err(field.refuse(&message));
        }
        issuers.push(issuer);
    }
    Ok(issuers)
}

fn issuer(field: &Field<'_>) -> Result<Issuer, ConfigError> {
    let jwt = JwtObject::read(field)?;
    let (name, groups) = (jwt.name(), jwt.groups());
    Ok(Issuer {
        name: field.name().to_owned(),
        payload: nonempty(&jwt.payload())?,
        issuer: nonempty(&jwt.issuer())?,
        audience: nonempty(&jwt.audience())?,
        subject: if name.is_given() { claim(&name, "roles")? } else { vec!["sub".to_owned()] },
        groups: if groups.is_given() { Some(claim(&groups, "roles")?) } else { None },
        claims: Vec::new(),
    })
}

fn nonempty(field: &Field<'_>) -> Result<String, ConfigError> {
    match field.text()? {
        "" => Err(field.refuse("an empty text says nothing")),
        text => Ok(text.to_owned()),
    }
}

/// Reads a path in the claims: a field, and fields in it. `like` is the last name of the example in the message.
pub(super) fn claim(field: &Field<'_>, like: &str) -> Result<Vec<String>, ConfigError> {
    let names = field.texts()?;
    if names.is_empty() || names.iter().any(String::is_empty) {
        let message = format!("this must be a list of field names, like [\"realm_access\", \"{like}\"]");
        return Err(field.refuse(&message));
    }
    Ok(names)
}
