//! Reads `callers.jwt`, the issuers whose JSON web tokens are believed.

use super::claim::{self, path, source};
use super::error::ConfigError;
use super::field::Field;
use super::object::object;
use crate::caller::claim::ClaimPath;
use crate::caller::jwt::{ForeignBearer, Issuer};
use crate::json::Tree;

#[cfg(feature = "schema")]
use super::schema::{ForeignBearerConfig, OneOrMany};

object! {
    /// An issuer of JSON web tokens, which the proxy verifies.
    pub(super) JwtConfig, read as JwtObject {
        /// The place where the proxy puts the claims: `payload_in_metadata` of Envoy's `jwt_authn`.
        payload: String,
        /// The value that the claim `iss` has to have.
        issuer: String,
        /// The value that the claim `aud` has to be, or to hold.
        audience: String,
        /// The path to the claim that has the audience, in place of `["aud"]`.
        audience_claim: Option<Vec<String>>,
        /// The path to the caller's name in the claims: a field, and fields in it. `["sub"]` if not given. Or a list of
        /// such paths, of which the first that is there counts.
        name: Option<Vec<OneOrMany<String>>>,
        /// The path to the caller's groups in the claims, which are a text or a list of texts. Or an object with the
        /// path as `claim`, and the character that parts the groups in a text as `split`.
        groups: Option<claim::Claim>,
        /// The treatment of a bearer token that is none of `tokens`, beside a token of this issuer: `refuse`, or
        /// `ignore`, so that the issuer's counts. `refuse` if not given, and `ignore` where there are no `tokens`.
        foreign_bearer: Option<ForeignBearerConfig>,
    }
}

/// Compiles every issuer of tokens. `foreign_bearer` is the treatment of other bearer tokens where the issuer says
/// nothing of it.
pub(super) fn compile(
    section: &[Field<'_>],
    foreign_bearer: ForeignBearer,
) -> Result<Vec<Issuer>, ConfigError> {
    let mut issuers: Vec<Issuer> = Vec::new();
    for field in section {
        let issuer = issuer(field, foreign_bearer)?;
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

fn issuer(field: &Field<'_>, foreign_bearer: ForeignBearer) -> Result<Issuer, ConfigError> {
    let jwt = JwtObject::read(field)?;
    let (audience, name, groups) = (jwt.audience_claim(), jwt.name(), jwt.groups());
    Ok(Issuer {
        name: field.name().to_owned(),
        payload: nonempty(&jwt.payload())?,
        issuer: nonempty(&jwt.issuer())?,
        audience: nonempty(&jwt.audience())?,
        audience_claim: if audience.is_given() {
            path(&audience, "client_id")?
        } else {
            vec!["aud".to_owned()]
        },
        names: if name.is_given() { names(&name)? } else { vec![vec!["sub".to_owned()]] },
        groups: if groups.is_given() { Some(groups_claim(&groups)?) } else { None },
        claims: Vec::new(),
        tried_claims: Vec::new(),
        foreign_bearer: match jwt.foreign_bearer() {
            given if given.is_given() => match given.choice(&["refuse", "ignore"])? {
                "ignore" => ForeignBearer::Ignore,
                _ => ForeignBearer::Refuse,
            },
            _ => foreign_bearer,
        },
    })
}

/// Reads one path, or a list of paths.
fn names(field: &Field<'_>) -> Result<Vec<Vec<String>>, ConfigError> {
    let items = field.items()?;
    if !matches!(items.first().map(Field::tree), Some(Ok(Tree::List(_)))) {
        return Ok(vec![path(field, "roles")?]);
    }
    let mut names = Vec::new();
    for item in &items {
        let name = path(item, "roles")?;
        if names.contains(&name) {
            return Err(item.refuse("this claim is listed twice"));
        }
        names.push(name);
    }
    Ok(names)
}

fn groups_claim(field: &Field<'_>) -> Result<ClaimPath, ConfigError> {
    match field.tree()? {
        Tree::Object(_) => claim::read(field, "roles"),
        _ => source(field, &field.field("split"), "roles"),
    }
}

fn nonempty(field: &Field<'_>) -> Result<String, ConfigError> {
    match field.text()? {
        "" => Err(field.refuse("an empty text says nothing")),
        text => Ok(text.to_owned()),
    }
}
