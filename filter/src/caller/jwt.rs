//! Callers with a JSON web token that the proxy has verified: Envoy's `jwt_authn` leaves its payload in the request's
//! metadata. Signatures are left to the proxy. Issuer, audience and times are compared again, so that a provider that
//! was forgotten in one of the two configurations lets nobody in.

use super::claim::{ClaimError, ClaimPath, text};
use super::groups::Groups;
use super::identity::Identity;
use super::metadata::{self, Struct, Value};
use super::scheme::Scheme;
use super::token_error::{ClaimFault, RefusedClaim, TokenError};
use super::who::Who;
use crate::time::instant::Instant;
use std::borrow::Cow;
use std::rc::Rc;
use std::slice;

/// The name of Envoy's filter that verifies tokens.
const JWT_AUTHN: &str = "envoy.filters.http.jwt_authn";

/// The difference between clocks that is allowed, in seconds; `jwt_authn` allows the same.
const SKEW: u64 = 60;

/// An issuer whose tokens are believed, and the claims that are read in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// The name that rules use for the issuer: `jwt:NAME/SUBJECT`, `group:NAME/GROUP`.
    pub name: String,
    /// The key under which the payload lies (`payload_in_metadata`).
    pub payload: String,
    /// The value that the claim `iss` must have.
    pub issuer: String,
    /// The value that the claim with the audience must have, or contain.
    pub audience: String,
    /// The path of the claim with the audience.
    pub audience_claim: Vec<String>,
    /// The paths of the claims that may hold the caller's name. The first that is there counts.
    pub names: Vec<Vec<String>>,
    /// The claim that holds the caller's groups.
    pub groups: Option<ClaimPath>,
    /// The other claims that rules read.
    pub claims: Vec<ClaimPath>,
    /// The claims that only rules on trial read.
    pub tried_claims: Vec<ClaimPath>,
    /// The treatment of a bearer token that nobody here knows, beside a token of this issuer.
    pub foreign_bearer: ForeignBearer,
}

/// The treatment of a bearer token that the configuration doesn't know, where a verified token is there too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForeignBearer {
    /// The request is refused.
    Refuse,
    /// The verified token counts, and the other one is left alone.
    Ignore,
}

/// A token that is accepted.
#[derive(Clone, Debug, PartialEq)]
pub struct Accepted {
    /// The caller whom the token names.
    pub identity: Rc<Identity>,
    /// The treatment of another bearer token beside it.
    pub foreign_bearer: ForeignBearer,
    /// The times between which the token is valid.
    pub times: Times,
}

/// The times between which a token is valid, in seconds since 1970 (RFC 7519 §2).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Times {
    /// Before every time if the token has no such claim, and no number if the claim can't be read.
    start: f64,
    end: f64,
}

/// Returns what the proxy has verified of a request, if anything.
///
/// # Errors
///
/// Returns an error if the metadata can't be read.
pub fn verified(metadata: &[u8]) -> Result<Option<Struct<'_>>, TokenError> {
    Ok(metadata::of_filter(metadata, JWT_AUTHN)?)
}

/// Returns the caller whom a verified token names, or `None` if there is no token of these issuers.
///
/// # Errors
///
/// Returns an error if there is a token that is refused.
pub fn caller(
    issuers: &[Issuer],
    groups: &Groups,
    verified: Struct<'_>,
    now: Instant,
) -> Result<Option<Accepted>, TokenError> {
    let mut refused = None;
    let mut found = None;
    for issuer in issuers {
        let Some(Value::Struct(claims)) = verified.field(&issuer.payload)? else { continue };
        if claims.field("iss")? != Some(Value::Text(&issuer.issuer)) {
            _ = refused.get_or_insert(TokenError::Issuer);
        } else if let Some(error) = issuer.other_audience(claims)? {
            refused = Some(error);
        } else if found.replace((issuer, claims)).is_some() {
            return Err(TokenError::Twice);
        }
    }
    match found {
        Some((issuer, claims)) => {
            let times = Times::of(claims)?;
            times.check(now)?;
            let identity = Rc::new(issuer.identity(claims, groups)?);
            Ok(Some(Accepted { identity, foreign_bearer: issuer.foreign_bearer, times }))
        }
        None => refused.map_or(Ok(None), Err),
    }
}

impl Issuer {
    /// Returns the error of a token that is for another audience, or `None` if it is for this one.
    fn other_audience(&self, claims: Struct<'_>) -> Result<Option<TokenError>, TokenError> {
        let is_it = |value: Value<'_>| text(value).is_some_and(|text| text == self.audience);
        let (fault, field) = match claims.at(&self.audience_claim)? {
            None | Some(Value::Null) => (ClaimFault::Missing, "audience_claim"),
            Some(Value::List(list)) if list.items()?.into_iter().any(is_it) => return Ok(None),
            Some(value) if is_it(value) => return Ok(None),
            Some(_) => (ClaimFault::OtherAudience, "audience"),
        };
        Ok(Some(self.refused(slice::from_ref(&self.audience_claim), field, fault)))
    }

    fn identity(&self, claims: Struct<'_>, groups: &Groups) -> Result<Identity, TokenError> {
        let name = format!("{}/{}", self.name, self.caller_name(claims)?);
        let ours = groups.of(&Who::named(Scheme::Jwt, &name));
        let groups = self.groups(claims)?;
        let groups = groups.iter().map(|group| Who::token_group(&self.name, group)).chain(ours);
        let mut said = Vec::new();
        for path in &self.claims {
            said.extend(path.claim(claims)?.map(|claim| (path.clone(), claim)));
        }
        // A trial refuses nobody, not even where a claim of its own can't be read.
        for path in &self.tried_claims {
            said.extend(path.claim(claims).ok().flatten().map(|claim| (path.clone(), claim)));
        }
        Ok(Identity::new(Scheme::Jwt, &name, groups).with_claims(said))
    }

    /// Returns the first name that is there. One that is there and can't be read is not passed over: otherwise the
    /// token of a user whose name can't be read could count as that of a program.
    fn caller_name<'a>(&self, claims: Struct<'a>) -> Result<Cow<'a, str>, TokenError> {
        for path in &self.names {
            let Some(value) = claims.at(path)?.filter(|value| *value != Value::Null) else { continue };
            let name = text(value).filter(|name| !name.is_empty() && !name.chars().any(char::is_control));
            return name.ok_or_else(|| self.refused(slice::from_ref(path), "name", ClaimFault::NoName));
        }
        Err(self.refused(&self.names, "name", ClaimFault::Missing))
    }

    fn groups<'a>(&self, claims: Struct<'a>) -> Result<Vec<Cow<'a, str>>, TokenError> {
        let Some(path) = &self.groups else { return Ok(Vec::new()) };
        match path.texts(claims) {
            Ok(texts) => Ok(texts.unwrap_or_default()),
            Err(ClaimError::Malformed) => Err(TokenError::Malformed),
            Err(ClaimError::Unreadable) => {
                Err(self.refused(slice::from_ref(&path.names), "groups", ClaimFault::NoTexts))
            }
        }
    }

    /// Returns the error of a claim that this issuer's field of the configuration is about.
    #[cold]
    fn refused(&self, paths: &[Vec<String>], field: &str, fault: ClaimFault) -> TokenError {
        let field = Some(format!("callers.jwt.{}.{field}", self.name));
        TokenError::Claim(RefusedClaim { paths: paths.to_vec(), field, fault })
    }
}

impl Times {
    fn of(claims: Struct<'_>) -> Result<Self, TokenError> {
        let wrong = |fault| {
            TokenError::Claim(RefusedClaim { paths: vec![vec!["exp".to_owned()]], field: None, fault })
        };
        let end = match claims.field("exp")? {
            Some(Value::Number(end)) => end,
            None | Some(Value::Null) => return Err(wrong(ClaimFault::Missing)),
            Some(_) => return Err(wrong(ClaimFault::NoNumber)),
        };
        let start = match claims.field("nbf")? {
            None | Some(Value::Null) => f64::NEG_INFINITY,
            Some(Value::Number(start)) => start,
            Some(_) => f64::NAN,
        };
        Ok(Self { start, end })
    }

    /// Checks that the token is valid now.
    ///
    /// # Errors
    ///
    /// Returns an error if it has expired, or isn't valid yet.
    pub fn check(self, now: Instant) -> Result<(), TokenError> {
        let (now, skew) = (seconds(now.seconds()), seconds(SKEW));
        // A comparison with what is no number is false, so each comparison is written as the one that has to hold.
        let has_begun = now + skew >= self.start;
        let has_not_ended = now < self.end + skew;
        match (has_not_ended, has_begun) {
            (true, true) => Ok(()),
            (false, _) => Err(TokenError::Expired),
            (true, false) => Err(TokenError::Early),
        }
    }
}

#[allow(
    clippy::cast_precision_loss,
    reason = "JSON has no other numbers, and seconds since 1970 fit into one"
)]
fn seconds(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests;
