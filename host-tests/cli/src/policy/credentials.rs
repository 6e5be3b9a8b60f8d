//! The credentials that a request shows: its own, or those that stand in for a caller's.

use super::Policy;
use super::asked::Asked;
use super::caller::As;
use super::stand_ins;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use promward::caller::certificates::Presented;
use promward::caller::jwt::Issuer;
use promward::gateway::Gateway;
use promward_harness::jwt::metadata_under;
use serde_json::{Map, Value, json};

/// The time for which a token is good whose claims don't say it, in seconds.
const LIFETIME: u64 = 3600;

/// The credentials of a request, and the configuration that checks them.
pub(super) struct Credentials<'a> {
    pub(super) gateway: &'a Gateway,
    pub(super) authorization: Option<String>,
    pub(super) certificate: Option<Presented>,
    pub(super) metadata: Vec<u8>,
}

impl Policy {
    /// Returns the credentials of a request.
    ///
    /// # Errors
    ///
    /// Returns a message if the configuration doesn't know the caller, or if the request names two callers.
    pub(super) fn credentials(&self, asked: &Asked) -> Result<Credentials<'_>, String> {
        let caller = &asked.caller;
        if *caller != As::Shown
            && (asked.message.header("authorization").is_some() || asked.certificate.is_some())
        {
            return Err(format!(
                "the request shows a credential, and is to be made as {caller}: give one of the two"
            ));
        }
        if *caller == As::Anonymous && (asked.claims.is_some() || !asked.metadata.is_empty()) {
            return Err(
                "the request has a JSON web token, and is to be made as anonymous: give one of the two"
                    .to_owned(),
            );
        }
        let (certificate, metadata) = (asked.certificate.clone(), self.metadata(asked)?);
        let mut shown = Credentials { gateway: &self.gateway, authorization: None, certificate, metadata };
        if matches!(caller, As::User(_) | As::Token(_) | As::Certificate(_)) {
            self.check_known(caller)?;
        }
        match caller {
            // A JSON web token is in the metadata.
            As::Shown | As::Anonymous | As::Jwt(..) => {}
            As::User(name) => {
                shown.gateway = &self.stand_ins;
                let pair = STANDARD.encode(format!("{name}:{}", stand_ins::PASSWORD));
                shown.authorization = Some(format!("Basic {pair}"));
            }
            As::Token(name) => {
                shown.gateway = &self.stand_ins;
                shown.authorization = Some(format!("Bearer {}", stand_ins::token(name)));
            }
            As::Certificate(name) => shown.certificate = self.presented(name),
        }
        Ok(shown)
    }

    /// Checks that the configuration knows a caller by name.
    fn check_known(&self, caller: &As) -> Result<(), String> {
        let known = || self.gateway.callers.known();
        if known().any(|known| known.as_str() == caller.to_string()) {
            return Ok(());
        }
        let known: Vec<_> = known().map(|known| known.to_string()).collect();
        let known = if known.is_empty() { "nobody by name".to_owned() } else { known.join(", ") };
        Err(format!("the configuration doesn't know {caller}: it knows {known}"))
    }

    /// Returns what the proxy would say of a certificate that the configuration knows by this name.
    fn presented(&self, name: &str) -> Option<Presented> {
        let known = self.document.get("callers")?.get("certificates")?.get(name)?;
        let known = known.get(0).unwrap_or(known);
        let text = |field: &str| known.get(field)?.as_str().map(str::to_owned);
        let digest = known.as_str().and_then(|digest| digest.strip_prefix("sha256:"));
        Some(Presented {
            // A certificate that is known by its names has a digest too, which the configuration doesn't know.
            sha256: digest.map_or_else(|| "f".repeat(64), |digits| digits.replace(':', "")),
            uri_san: text("uri_san"),
            dns_san: text("dns_san"),
            subject: text("subject"),
        })
    }

    /// Returns the metadata that the proxy leaves of a token that it has verified.
    fn metadata(&self, asked: &Asked) -> Result<Vec<u8>, String> {
        let issuers = &self.gateway.callers.issuers;
        let of_issuer = |name: &str| issuers.iter().find(|issuer| issuer.name == name);
        let (issuer, claims) = match (&asked.caller, &asked.claims) {
            (As::Jwt(name, subject), claims) => {
                let names: Vec<_> = issuers.iter().map(|issuer| issuer.name.as_str()).collect();
                let issuer = of_issuer(name).ok_or_else(|| {
                    format!("callers.jwt has no issuer {name:?}: it has {}", names.join(", "))
                })?;
                (issuer, completed(issuer, subject, claims.clone().unwrap_or(json!({})), asked.now.seconds()))
            }
            (_, Some(claims)) => {
                let said = claims.get("iss").and_then(Value::as_str);
                let by_claim = issuers.iter().find(|issuer| Some(issuer.issuer.as_str()) == said);
                let issuer = by_claim.or(issuers.first());
                let none = || "there are claims, and the configuration has no callers.jwt".to_owned();
                (issuer.ok_or_else(none)?, claims.clone())
            }
            (_, None) => return Ok(asked.metadata.clone()),
        };
        Ok(metadata_under(&issuer.payload, &claims))
    }
}

/// Returns the claims of a token of this issuer with this name in it. Those that the filter compares are added where they
/// are missing.
fn completed(issuer: &Issuer, name: &str, mut claims: Value, now: u64) -> Value {
    if let Some(path) = issuer.names.first() {
        put(&mut claims, path, &json!(name), true);
    }
    put(&mut claims, &["iss".to_owned()], &json!(issuer.issuer), false);
    put(&mut claims, &issuer.audience_claim, &json!(issuer.audience), false);
    put(&mut claims, &["exp".to_owned()], &json!(now.saturating_add(LIFETIME)), false);
    claims
}

/// Puts a value at the end of a path of names, and leaves one that is there unless it is to be replaced.
fn put(claims: &mut Value, path: &[String], value: &Value, replace: bool) {
    let Some((last, folders)) = path.split_last() else { return };
    let mut object = claims;
    for name in folders {
        let Some(fields) = object.as_object_mut() else { return };
        object = fields.entry(name.as_str()).or_insert_with(|| Value::Object(Map::new()));
    }
    let Some(fields) = object.as_object_mut() else { return };
    if replace || !fields.contains_key(last) {
        fields.insert(last.clone(), value.clone());
    }
}
