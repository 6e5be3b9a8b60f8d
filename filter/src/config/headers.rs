//! `headers`: what answers tell browsers, and what servers are told of the caller.

use super::ConfigError;
use super::mounts::origins;
use super::tree::{Tree, text};
use crate::access::tenant::TenantHeader;
use crate::response::cors::Cors;
use crate::response::security::{Frames, Security};
use serde::Deserialize;
use serde::de::Error;

/// Headers of answers, and those that tell the server who is calling.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct HeadersConfig {
    /// Which other sites may read answers.
    cors: Option<CorsConfig>,
    /// `Strict-Transport-Security`, sent over TLS. Browsers remember it: set it when the certificate is a real one.
    hsts: Option<String>,
    /// `Content-Security-Policy`, in place of the built-in one.
    content_security_policy: Option<String>,
    /// Origins whose pages may show ours in a frame; nobody's if not given.
    frame_ancestors: Option<Vec<String>>,
    /// The header that tells the server who is calling, as `scheme:name`, percent-encoded. A client's own is removed.
    caller: Option<String>,
    /// The header that tells a server of several tenants which of them are asked for.
    #[cfg_attr(feature = "schema", schemars(with = "Option<super::schema::TenantConfig>"))]
    tenant: Option<Tree>,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct CorsConfig {
    /// The origins of these sites, like `https://grafana.example.com`.
    origins: Vec<String>,
}

/// What a configuration says of headers, compiled.
pub(super) struct Headers {
    pub(super) caller: Option<String>,
    pub(super) tenant: Option<TenantHeader>,
    pub(super) cors: Cors,
    pub(super) security: Security,
}

impl HeadersConfig {
    pub(super) fn compile(self) -> Result<Headers, ConfigError> {
        let caller = self
            .caller
            .map(|name| ours(name, "headers.caller", "the caller", "x-forwarded-user"))
            .transpose()?;
        let tenant = self.tenant.map(|tree| tenant(tree, caller.as_deref())).transpose()?;
        let cors = origins(self.cors.map(|cors| cors.origins), "headers.cors.origins")?;
        let hsts = self.hsts.map(hsts).transpose()?;
        let policy = self.content_security_policy.map(policy).transpose()?;
        let names_frames = policy.as_deref().is_some_and(names_frame_ancestors);
        let ancestors = origins(self.frame_ancestors, "headers.frame_ancestors")?;
        let frames = match (ancestors.is_empty(), names_frames) {
            (true, true) => Frames::AsPolicySays,
            (true, false) => Frames::Nobody,
            (false, false) => Frames::Only(ancestors),
            (false, true) => {
                let message =
                    "headers.content_security_policy names frame-ancestors already: keep one of the two";
                return Err(ConfigError::new("headers.frame_ancestors", message));
            }
        };
        Ok(Headers { caller, tenant, cors: Cors::new(cors), security: Security::new(hsts, policy, frames) })
    }
}

#[inline(never)]
fn tenant(tree: Tree, caller: Option<&str>) -> Result<TenantHeader, ConfigError> {
    const PATH: &str = "headers.tenant";
    let mut fields = tree.into_some_of(&["name", "label"]).map_err(|error| error.in_field(PATH))?;
    let mut needed = |name: &'static str| {
        let missing = || ConfigError::missing_field(name).in_field(PATH);
        text(fields.take(name).ok_or_else(missing)?, &format!("{PATH}.{name}"))
    };
    let (name, label) = (needed("name")?, needed("label")?);
    let name = ours(name, "headers.tenant.name", "tenants", "x-scope-orgid")?;
    if caller == Some(&name) {
        return Err(ConfigError::new("headers.tenant.name", "headers.caller is this header already"));
    }
    Ok(TenantHeader { name, label })
}

/// Headers that mean something else already.
const TAKEN: [&str; 16] = [
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "host",
    "keep-alive",
    "origin",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-forwarded-for",
    "x-request-id",
];

/// Those that the filter sets itself.
const OURS: [&str; 4] = ["x-forwarded-host", "x-forwarded-proto", "x-forwarded-prefix", "x-promward-cluster"];

/// RFC 9110 §5.1, in lower case and without `_`, which some servers read as `-`.
fn ours(name: String, path: &str, carried: &str, example: &str) -> Result<String, ConfigError> {
    let name = name.to_ascii_lowercase();
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if is_name && !TAKEN.contains(&name.as_str()) && !OURS.contains(&name.as_str()) {
        return Ok(name);
    }
    let message =
        format!("\"{name}\" can't carry {carried}: name a header of letters, digits and -, like {example}");
    Err(ConfigError::new(path, &message))
}

/// RFC 6797 §6.1: directives, of which `max-age` is needed.
fn hsts(value: String) -> Result<String, ConfigError> {
    let value = header_value(value, HSTS)?;
    let is_age = |directive: &str| {
        let (name, seconds) = directive.trim().split_once('=').unwrap_or_default();
        let seconds = seconds.trim_matches('"');
        name.eq_ignore_ascii_case("max-age")
            && !seconds.is_empty()
            && seconds.bytes().all(|byte| byte.is_ascii_digit())
    };
    if value.split(';').any(is_age) {
        return Ok(value);
    }
    Err(ConfigError::new(HSTS, "this needs \"max-age\" and a number of seconds, like max-age=63072000"))
}

/// One policy: a comma would begin another one, and an empty one allows everything.
fn policy(value: String) -> Result<String, ConfigError> {
    let value = header_value(value, POLICY)?;
    if value.contains(',') || value.split(';').all(|directive| directive.trim().is_empty()) {
        return Err(ConfigError::new(POLICY, "this must be one policy: directives, with \";\" between them"));
    }
    Ok(value)
}

const HSTS: &str = "headers.hsts";
const POLICY: &str = "headers.content_security_policy";

fn header_value(value: String, path: &str) -> Result<String, ConfigError> {
    let is_value =
        !value.trim().is_empty() && value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    if is_value {
        Ok(value)
    } else {
        Err(ConfigError::new(path, "a header's value is one line of printable ASCII, and not empty"))
    }
}

/// Whether one of a policy's directives says who may show the page in a frame.
fn names_frame_ancestors(policy: &str) -> bool {
    let name = |directive: &str| directive.split_ascii_whitespace().next().map(str::to_ascii_lowercase);
    policy.split(';').any(|directive| name(directive).as_deref() == Some("frame-ancestors"))
}
