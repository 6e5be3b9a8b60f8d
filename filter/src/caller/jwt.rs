//! Callers with a JSON web token that the proxy has verified: Envoy's `jwt_authn` leaves its payload in the request's
//! metadata. Signatures are left to the proxy. Issuer, audience and times are compared again, so that a provider that
//! was forgotten in one of the two configurations lets nobody in.

use super::claim::Claim;
use super::identity::Identity;
use super::metadata::{self, MalformedMetadata, Struct, Value};
use super::scheme::Scheme;
use super::who::Who;
use crate::time::instant::Instant;
use std::fmt;

/// The name of Envoy's filter that verifies tokens.
const JWT_AUTHN: &str = "envoy.filters.http.jwt_authn";

/// The difference between clocks that is allowed, in seconds; `jwt_authn` allows the same.
const SKEW: u64 = 60;

/// The largest number of groups that a token may have.
const MAX_GROUPS: usize = 1_000;

/// An issuer whose tokens are believed, and the claims that are read in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// The name that rules use for the issuer: `jwt:NAME/SUBJECT`, `group:NAME/GROUP`.
    pub name: String,
    /// The key under which the payload lies (`payload_in_metadata`).
    pub payload: String,
    /// The value that the claim `iss` must have.
    pub issuer: String,
    /// The value that the claim `aud` must have, or contain.
    pub audience: String,
    /// The path to the caller's name in the claims.
    pub subject: Vec<String>,
    /// The path to the caller's groups in the claims.
    pub groups: Option<Vec<String>>,
    /// The paths of other claims that rules read.
    pub claims: Vec<Vec<String>>,
}

/// A reason why a token is refused although the proxy has verified it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenError {
    /// The metadata can't be read.
    Malformed,
    /// The token is of none of the issuers or for another audience, or there are two tokens.
    Foreign,
    /// The token doesn't say when it expires.
    Endless,
    /// The token has expired.
    Expired,
    /// The token isn't valid yet.
    Early,
    /// The token doesn't name the caller in text of one line.
    Nameless,
    /// The claim with the groups is neither a text nor a list of texts, or has too many of them.
    Groups,
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "the token's claims can't be read",
            Self::Foreign => "the token's issuer and audience are not known here",
            Self::Endless => "the token needs the claim \"exp\"",
            Self::Expired => "the token has expired",
            Self::Early => "the token is not valid yet",
            Self::Nameless => "the token doesn't say who is calling",
            Self::Groups => "the token's groups are neither text nor a list of texts",
        })
    }
}

impl From<MalformedMetadata> for TokenError {
    fn from(_: MalformedMetadata) -> Self {
        Self::Malformed
    }
}

/// Returns the caller whom the token of a request names, or `None` if there is no token.
///
/// # Errors
///
/// Returns an error if there is a token that is refused.
pub fn caller(issuers: &[Issuer], metadata: &[u8], now: Instant) -> Result<Option<Identity>, TokenError> {
    let Some(verified) = metadata::of_filter(metadata, JWT_AUTHN)? else { return Ok(None) };
    let mut there = false;
    let mut found = None;
    for issuer in issuers {
        let Some(Value::Struct(claims)) = verified.field(&issuer.payload)? else { continue };
        there = true;
        if issuer.speaks(claims)? && found.replace((issuer, claims)).is_some() {
            return Err(TokenError::Foreign);
        }
    }
    match found {
        Some((issuer, claims)) => {
            check_times(claims, now.seconds())?;
            issuer.identity(claims).map(Some)
        }
        None if there => Err(TokenError::Foreign),
        None => Ok(None),
    }
}

impl Issuer {
    fn speaks(&self, claims: Struct<'_>) -> Result<bool, TokenError> {
        let is_issuer = claims.field("iss")? == Some(Value::Text(&self.issuer));
        let is_audience = match claims.field("aud")? {
            Some(Value::List(list)) => list.items()?.contains(&Value::Text(&self.audience)),
            other => other == Some(Value::Text(&self.audience)),
        };
        Ok(is_issuer && is_audience)
    }

    fn identity(&self, claims: Struct<'_>) -> Result<Identity, TokenError> {
        let Some(Value::Text(subject)) = claims.at(&self.subject)? else { return Err(TokenError::Nameless) };
        if subject.is_empty() || subject.chars().any(char::is_control) {
            return Err(TokenError::Nameless);
        }
        let groups = self.groups(claims)?.into_iter().map(|name| Who::token_group(&self.name, name));
        let mut said = Vec::new();
        for path in &self.claims {
            said.extend(Claim::at(path, claims)?.map(|claim| (path.clone(), claim)));
        }
        Ok(Identity::new(Scheme::Jwt, &format!("{}/{subject}", self.name), groups).with_claims(said))
    }

    fn groups<'a>(&self, claims: Struct<'a>) -> Result<Vec<&'a str>, TokenError> {
        let Some(path) = &self.groups else { return Ok(Vec::new()) };
        let values = match claims.at(path)? {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::List(list)) => list.items()?,
            Some(value) => vec![value],
        };
        if values.len() > MAX_GROUPS {
            return Err(TokenError::Groups);
        }
        let mut groups = Vec::new();
        for value in values {
            let Value::Text(group) = value else { return Err(TokenError::Groups) };
            groups.push(group);
        }
        Ok(groups)
    }
}

/// Checks that a token is valid now. Its times are numbers of seconds since 1970 (RFC 7519 §2).
fn check_times(claims: Struct<'_>, now: u64) -> Result<(), TokenError> {
    let Some(Value::Number(end)) = claims.field("exp")? else { return Err(TokenError::Endless) };
    // A comparison with a NaN is false, so each comparison is written as the one that has to hold.
    let is_in_time = seconds(now) < end + seconds(SKEW);
    if !is_in_time {
        return Err(TokenError::Expired);
    }
    match claims.field("nbf")? {
        None | Some(Value::Null) => Ok(()),
        Some(Value::Number(start)) if seconds(now) + seconds(SKEW) >= start => Ok(()),
        Some(_) => Err(TokenError::Early),
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
mod tests {
    use super::super::metadata::tests::metadata;
    use super::*;
    use serde_json::{Value as Json, json};

    const NOW: u64 = 1_700_000_000;

    fn issuer() -> Issuer {
        Issuer {
            name: "corp".into(),
            payload: "jwt".into(),
            issuer: "https://id.example.com".into(),
            audience: "promward".into(),
            subject: vec!["sub".into()],
            groups: Some(vec!["realm_access".into(), "roles".into()]),
            claims: vec![vec!["tenants".into()], vec!["org".into(), "id".into()]],
        }
    }

    /// Returns the claims of a valid token with some of them changed.
    fn claims(changed: &Json) -> Json {
        let mut claims =
            json!({ "iss": "https://id.example.com", "aud": "promward", "exp": NOW + 300, "sub": "alice" });
        for (name, value) in changed.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
    }

    fn caller_of(changed: &Json) -> Result<Option<String>, TokenError> {
        let bytes = metadata(JWT_AUTHN, &json!({ "jwt": claims(changed) }));
        let caller = caller(&[issuer()], &bytes, Instant(NOW * 1_000_000_000))?;
        Ok(caller.map(|caller| caller.to_string()))
    }

    #[test]
    fn a_good_token_names_its_caller() {
        for changed in [
            json!({}),
            json!({ "aud": ["other", "promward"] }),
            json!({ "exp": NOW - 59, "nbf": NOW + 60 }),
            json!({ "nbf": null, "realm_access": null, "anything": null }),
            json!({ "realm_access": { "roles": "team-a" } }),
            json!({ "realm_access": { "roles": [] } }),
            json!({ "realm_access": { "other": 1 } }),
        ] {
            assert_eq!(caller_of(&changed), Ok(Some("jwt:corp/alice".into())), "{changed}");
        }
    }

    #[test]
    fn any_other_token_is_refused() {
        for (changed, error) in [
            (json!({ "iss": "https://evil.example" }), TokenError::Foreign),
            (json!({ "iss": null }), TokenError::Foreign),
            (json!({ "iss": ["https://id.example.com"] }), TokenError::Foreign),
            (json!({ "aud": "other" }), TokenError::Foreign),
            (json!({ "aud": ["other"] }), TokenError::Foreign),
            (json!({ "aud": "[\"promward\"]" }), TokenError::Foreign),
            (json!({ "exp": null }), TokenError::Endless),
            (json!({ "exp": "9999999999" }), TokenError::Endless),
            (json!({ "exp": NOW - 60 }), TokenError::Expired),
            (json!({ "exp": 0 }), TokenError::Expired),
            (json!({ "nbf": NOW + 61 }), TokenError::Early),
            (json!({ "nbf": "0" }), TokenError::Early),
            (json!({ "sub": null }), TokenError::Nameless),
            (json!({ "sub": "" }), TokenError::Nameless),
            (json!({ "sub": 1 }), TokenError::Nameless),
            (json!({ "sub": "a\nb" }), TokenError::Nameless),
            (json!({ "realm_access": { "roles": 1 } }), TokenError::Groups),
            (json!({ "realm_access": { "roles": ["a", null] } }), TokenError::Groups),
            (json!({ "realm_access": { "roles": [["a"]] } }), TokenError::Groups),
            (json!({ "realm_access": { "roles": { "a": true } } }), TokenError::Groups),
        ] {
            assert_eq!(caller_of(&changed), Err(error), "{changed}");
        }
    }

    #[test]
    fn groups_are_the_tokens_own_and_never_split() {
        for (roles, groups) in [
            (json!(["team-a", "team-b"]), &["team-a", "team-b"][..]),
            (json!("team-a"), &["team-a"]),
            (json!("[\"team-a\"]"), &["[\"team-a\"]"]),
            (json!("team-a,team-b"), &["team-a,team-b"]),
        ] {
            let bytes = metadata(
                JWT_AUTHN,
                &json!({ "jwt": claims(&json!({ "realm_access": { "roles": roles } })) }),
            );
            let caller = caller(&[issuer()], &bytes, Instant(NOW * 1_000_000_000)).unwrap().unwrap();
            for group in ["team-a", "team-b", "[\"team-a\"]", "team-a,team-b"] {
                let is = |who| caller.is().contains(&who);
                assert_eq!(is(Who::token_group("corp", group)), groups.contains(&group), "{roles} {group}");
                assert!(!is(Who::group(group)));
            }
        }
    }

    #[test]
    fn claims_that_rules_read_are_kept() {
        let said = json!({ "tenants": ["a", "b"], "org": { "id": 1, "name": "x" } });
        let bytes = metadata(JWT_AUTHN, &json!({ "jwt": claims(&said) }));
        let caller = caller(&[issuer()], &bytes, Instant(NOW * 1_000_000_000)).unwrap().unwrap();
        let claim = |path: &[&str]| {
            let path: Vec<String> = path.iter().map(|&name| name.to_owned()).collect();
            caller.claim(&path).cloned()
        };
        assert_eq!(claim(&["tenants"]), Some(Claim::Values(vec!["a".into(), "b".into()])));
        assert_eq!(claim(&["org", "id"]), Some(Claim::Unreadable));
        assert_eq!(claim(&["org", "name"]), None);
    }

    #[test]
    fn without_a_payload_of_ours_there_is_no_token() {
        let now = Instant(NOW * 1_000_000_000);
        let other = metadata(JWT_AUTHN, &json!({ "other": claims(&json!({})), "jwt": "text" }));
        assert_eq!(caller(&[issuer()], &other, now), Ok(None));
        assert_eq!(caller(&[issuer()], b"", now), Ok(None));
        let elsewhere = metadata("another", &json!({ "jwt": claims(&json!({})) }));
        assert_eq!(caller(&[issuer()], &elsewhere, now), Ok(None));
        assert_eq!(caller(&[issuer()], b"\xff", now), Err(TokenError::Malformed));
    }

    #[test]
    fn two_tokens_are_none() {
        let second = Issuer { name: "other".into(), payload: "second".into(), ..issuer() };
        let bytes = metadata(JWT_AUTHN, &json!({ "jwt": claims(&json!({})), "second": claims(&json!({})) }));
        let result = caller(&[issuer(), second], &bytes, Instant(NOW * 1_000_000_000));
        assert_eq!(result, Err(TokenError::Foreign));
    }
}
