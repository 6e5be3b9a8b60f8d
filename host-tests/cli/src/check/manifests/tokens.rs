//! The verification of JSON web tokens that a file asks of a control plane, as far as the filter's configuration depends on it.

use super::{at, items_at, of_kind, text_at};
use promward::caller::who::Who;
use promward::gateway::Gateway;
use serde_norway::Value;

/// The key under which Istio leaves the claims of every token.
const PAYLOAD: &str = "payload";

/// The tokens that a control plane verifies before the filter is asked.
pub(super) struct Verification {
    plane: Plane,
    issuers: Vec<Issuer>,
    /// True if a request without a token is refused before the filter is asked.
    are_needed: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Plane {
    Istio,
    EnvoyGateway,
}

/// An issuer whose tokens are verified.
struct Issuer {
    /// The name of the provider; empty under Istio.
    provider: String,
    /// The value of `iss`. Any will do where there is none.
    issuer: Option<String>,
    /// True if tokens may come in a URL.
    is_read_in_urls: bool,
}

impl Verification {
    /// Reads the `RequestAuthentication` of a file.
    pub(super) fn of_istio(objects: &[&Value]) -> Self {
        let policies = of_kind(objects, "security.istio.io", "RequestAuthentication");
        let rules = policies.into_iter().flat_map(|policy| items_at(policy, &["spec", "jwtRules"]));
        let issuers = rules.map(|rule| Issuer {
            provider: String::new(),
            issuer: text_at(rule, &["issuer"]).map(str::to_owned),
            is_read_in_urls: rule.get("fromHeaders").is_none() || rule.get("fromParams").is_some(),
        });
        Self { plane: Plane::Istio, issuers: issuers.collect(), are_needed: false }
    }

    /// Reads the `SecurityPolicy` of a file.
    pub(super) fn of_envoy_gateway(objects: &[&Value]) -> Self {
        let policies = of_kind(objects, "gateway.envoyproxy.io", "SecurityPolicy");
        let verifying: Vec<_> =
            policies.into_iter().filter_map(|policy| at(policy, &["spec", "jwt"])).collect();
        let providers = verifying.iter().flat_map(|jwt| items_at(jwt, &["providers"]));
        let issuers = providers.map(|provider| Issuer {
            provider: text_at(provider, &["name"]).unwrap_or_default().to_owned(),
            issuer: text_at(provider, &["issuer"]).map(str::to_owned),
            is_read_in_urls: at(provider, &["extractFrom", "headers"]).is_none()
                || at(provider, &["extractFrom", "params"]).is_some(),
        });
        let is_set = |jwt: &Value, field: &str| jwt.get(field).and_then(Value::as_bool) == Some(true);
        let are_needed = |jwt: &&Value| !is_set(jwt, "optional") && !is_set(jwt, "allowMissingOrFailed");
        Self {
            plane: Plane::EnvoyGateway,
            issuers: issuers.collect(),
            are_needed: verifying.iter().any(are_needed),
        }
    }

    /// Returns a warning for each thing that the configuration expects otherwise.
    pub(super) fn warnings(&self, gateway: &Gateway) -> Vec<String> {
        let issuers = &gateway.callers.issuers;
        let mut warnings = Vec::new();
        for configured in issuers {
            let field = format!("callers.jwt.{}", configured.name);
            warnings.extend(self.misnamed(&field, &configured.payload));
            let known = self
                .issuers
                .iter()
                .find(|known| known.issuer.as_ref().is_none_or(|issuer| *issuer == configured.issuer));
            match known {
                None if !self.issuers.is_empty() => warnings.push(format!(
                    "{field}.issuer: {} of this file is for {:?}: no token of it is verified",
                    self.plane.none(),
                    configured.issuer
                )),
                Some(known) if known.is_read_in_urls => warnings.push(format!(
                    "{} in the {}: without it, a token may stand in the URL, and then in logs; name the header Authorization \
                     alone",
                    self.plane.headers(),
                    self.plane.policy()
                )),
                _ => {}
            }
        }
        let mut others = gateway.access.named().into_iter().filter(|who| is_without_token(who));
        warnings.extend(others.next().filter(|_| self.are_needed).map(|who| {
            format!(
                "spec.jwt.optional of the SecurityPolicy: a request without a token is refused before the filter is asked, and \
                 rules name {who}: write optional: true"
            )
        }));
        warnings
    }

    /// Returns the warning about claims that are looked for in another place than they are left in.
    fn misnamed(&self, field: &str, payload: &str) -> Option<String> {
        let names: Vec<&str> = match self.plane {
            Plane::Istio => vec![PAYLOAD],
            Plane::EnvoyGateway => self.issuers.iter().map(|issuer| issuer.provider.as_str()).collect(),
        };
        if names.is_empty() || names.contains(&payload) {
            return None;
        }
        Some(match self.plane {
            Plane::Istio => format!(
                "{field}.payload: Istio leaves the claims of a token under \"{PAYLOAD}\", and not under {payload:?}: no token \
                 will be found"
            ),
            Plane::EnvoyGateway => format!(
                "{field}.payload: Envoy Gateway leaves the claims of a token under its provider's name, and no provider of this \
                 file is called {payload:?}: no token will be found (providers here: {})",
                names.join(", ")
            ),
        })
    }
}

impl Plane {
    fn none(self) -> &'static str {
        match self {
            Self::Istio => "no jwtRules of a RequestAuthentication",
            Self::EnvoyGateway => "no provider of a SecurityPolicy",
        }
    }

    fn headers(self) -> &'static str {
        match self {
            Self::Istio => "fromHeaders",
            Self::EnvoyGateway => "extractFrom.headers",
        }
    }

    fn policy(self) -> &'static str {
        match self {
            Self::Istio => "RequestAuthentication",
            Self::EnvoyGateway => "SecurityPolicy",
        }
    }
}

/// Returns `true` if somebody can call without a token.
fn is_without_token(who: &Who) -> bool {
    let named = who.to_string();
    [Who::anyone(), Who::anonymous()].contains(who)
        || ["user:", "token:", "certificate:"].iter().any(|scheme| named.starts_with(scheme))
}
