//! `callers.jwt`: whose JSON web tokens are believed.

use super::ConfigError;
use super::tree::Tree;
use crate::caller::jwt::Issuer;
use serde::Deserialize;

/// An issuer of JSON web tokens, which the proxy verifies.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct JwtConfig {
    /// Where the proxy puts the claims: `payload_in_metadata` of Envoy's `jwt_authn`.
    payload: String,
    /// The claim `iss`.
    issuer: String,
    /// What the claim `aud` has to be, or to hold.
    audience: String,
    /// Where in the claims the caller's name is: a field, and fields in it. `["sub"]` if not given.
    name: Option<Vec<String>>,
    /// Where in the claims the caller's groups are: a text or a list of texts.
    groups: Option<Vec<String>>,
}

/// Compiles every issuer.
pub(super) fn compile(section: Vec<(String, Tree)>) -> Result<Vec<Issuer>, ConfigError> {
    let mut issuers: Vec<Issuer> = Vec::new();
    for (name, tree) in section {
        let path = format!("callers.jwt.{name}");
        let config = JwtConfig::deserialize(tree).map_err(|error| error.in_field(&path))?;
        let field = |name: &str| format!("{path}.{name}");
        for (name, text) in
            [("payload", &config.payload), ("issuer", &config.issuer), ("audience", &config.audience)]
        {
            if text.is_empty() {
                return Err(ConfigError::new(&field(name), "an empty text says nothing"));
            }
        }
        let subject = config.name.unwrap_or_else(|| vec!["sub".to_owned()]);
        for (name, path) in [("name", Some(&subject)), ("groups", config.groups.as_ref())] {
            if path.is_some_and(|path| path.is_empty() || path.iter().any(String::is_empty)) {
                let message = "this must be a list of field names, like [\"realm_access\", \"roles\"]";
                return Err(ConfigError::new(&field(name), message));
            }
        }
        let twin =
            issuers.iter().find(|other| other.payload == config.payload && other.issuer == config.issuer);
        if let Some(twin) = twin {
            let message =
                format!("callers.jwt.{} reads the same issuer's tokens from the same payload", twin.name);
            return Err(ConfigError::new(&path, &message));
        }
        let JwtConfig { payload, issuer, audience, groups, .. } = config;
        issuers.push(Issuer { name, payload, issuer, audience, subject, groups, claims: Vec::new() });
    }
    Ok(issuers)
}
