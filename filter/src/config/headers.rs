//! Reads `headers`: what answers tell browsers, and what servers are told about the caller.

use super::error::ConfigError;
use super::field::Field;
use super::header_name::own;
use super::list::listed;
use super::mounts::{optional_origins, origins};
use super::object::object;
#[cfg(feature = "schema")]
use super::schema::DescriptorConfig;
use crate::enforce::rate_limit_headers::Descriptor;
use crate::enforce::tenant::TenantHeader;
use crate::response::cors::Cors;
use crate::response::security::{Frames, Security};

object! {
    /// Headers of answers, and those that tell the server who is calling.
    pub(super) HeadersConfig, read as HeadersObject {
        /// The other sites that may read answers.
        cors: Option<CorsConfig>,
        /// The header `Strict-Transport-Security`, sent over TLS. Browsers remember it: set it when the certificate is
        /// a real one.
        hsts: Option<String>,
        /// The header `Content-Security-Policy`, in place of the built-in one.
        content_security_policy: Option<String>,
        /// Origins whose pages may show this site's pages in a frame; none if not given.
        frame_ancestors: Option<Vec<String>>,
        /// The header that tells the server who is calling, as `scheme:name`, percent-encoded. A header of this name
        /// that a client sends is removed.
        caller: Option<String>,
        /// The header that tells a server with several tenants which of them are asked for.
        tenant: Option<TenantConfig>,
        /// The facts about each allowed request that Envoy's rate limit filter is told, in `x-promward-rule`,
        /// `x-promward-caller` and `x-promward-class`: for rates that several gateways count together. Requests of the class
        /// `health` have none of these headers.
        rate_limit: Option<Vec<DescriptorConfig>>,
    }
}

object! {
    /// A header that carries the tenants that a rule names by `tenant`, or the values of a label that the caller is
    /// restricted to, joined by `|`. A header of this name that a client sends is removed.
    TenantConfig, read as TenantObject {
        /// The name of the header, like `x-scope-orgid`.
        name: String,
        /// The label whose values are sent where a rule has no `tenant`. A rule has to restrict it by `only`.
        label: Option<String>,
    }
}

object! {
    CorsConfig, read as CorsObject {
        /// The origins of these sites, like `https://grafana.example.com`.
        origins: Vec<String>,
    }
}

/// The part `headers` of a configuration, compiled.
pub(super) struct HeaderSettings {
    pub(super) caller: Option<String>,
    pub(super) tenant: Option<TenantHeader>,
    pub(super) rate_limit: Vec<Descriptor>,
    pub(super) cors: Cors,
    pub(super) security: Security,
}

/// Compiles the part `headers` of a configuration.
pub(super) fn compile(field: &Field<'_>) -> Result<HeaderSettings, ConfigError> {
    let headers = HeadersObject::read(field)?;
    let caller = headers.caller();
    let caller = if caller.is_given() { Some(own(&caller, "the caller", "x-forwarded-user")?) } else { None };
    let tenant = tenant(&headers.tenant(), caller.as_deref())?;
    let hsts = hsts(&headers.hsts())?;
    let policy = policy(&headers.content_security_policy())?;
    let names_frames = policy.as_deref().is_some_and(names_frame_ancestors);
    let frame_ancestors = headers.frame_ancestors();
    let ancestors = optional_origins(&frame_ancestors)?;
    let frames = match (ancestors.is_empty(), names_frames) {
        (true, true) => Frames::AsPolicySays,
        (true, false) => Frames::Nobody,
        (false, false) => Frames::Only(ancestors),
        (false, true) => {
            let message =
                "headers.content_security_policy names frame-ancestors already: keep one of the two";
            return Err(frame_ancestors.refuse(message));
        }
    };
    Ok(HeaderSettings {
        caller,
        tenant,
        rate_limit: rate_limit(&headers.rate_limit())?,
        cors: cors(&headers.cors())?,
        security: Security::new(hsts, policy, frames),
    })
}

fn cors(field: &Field<'_>) -> Result<Cors, ConfigError> {
    if !field.is_given() {
        return Ok(Cors::new(Vec::new()));
    }
    Ok(Cors::new(origins(&CorsObject::read(field)?.origins())?))
}

fn tenant(field: &Field<'_>, caller: Option<&str>) -> Result<Option<TenantHeader>, ConfigError> {
    if !field.is_given() {
        return Ok(None);
    }
    let tenant = TenantObject::read(field)?;
    let name = own(&tenant.name(), "tenants", "x-scope-orgid")?;
    if caller == Some(&name) {
        return Err(tenant.name().refuse("headers.caller is this header already"));
    }
    Ok(Some(TenantHeader { name, label: tenant.label().optional_text()?.map(str::to_owned) }))
}

/// Reads what the proxy's rate limit filter is told of a request.
fn rate_limit(field: &Field<'_>) -> Result<Vec<Descriptor>, ConfigError> {
    if !field.is_given() {
        return Ok(Vec::new());
    }
    let named = |name: &str| {
        Descriptor::named(name).ok_or_else(|| format!("\"{name}\" is none of rule, caller, class"))
    };
    listed(field, "an empty list tells nothing: leave the field out, or list rule, caller or class", named)
}

/// Reads the value of `Strict-Transport-Security` (RFC 6797 §6.1): directives, of which `max-age` is needed.
fn hsts(field: &Field<'_>) -> Result<Option<String>, ConfigError> {
    let Some(value) = header_value(field)? else { return Ok(None) };
    let is_age = |directive: &str| {
        let (name, seconds) = directive.trim_ascii().split_once('=').unwrap_or_default();
        let seconds = seconds.trim_matches('"');
        name.eq_ignore_ascii_case("max-age")
            && !seconds.is_empty()
            && seconds.bytes().all(|byte| byte.is_ascii_digit())
    };
    if value.split(';').any(is_age) {
        return Ok(Some(value));
    }
    Err(field.refuse("this needs \"max-age\" and a number of seconds, like max-age=63072000"))
}

/// Reads one policy. A comma would begin another one, and an empty one allows everything, so both are refused.
fn policy(field: &Field<'_>) -> Result<Option<String>, ConfigError> {
    let Some(value) = header_value(field)? else { return Ok(None) };
    if value.contains(',') || value.split(';').all(|directive| directive.trim_ascii().is_empty()) {
        return Err(field.refuse("this must be one policy: directives, with \";\" between them"));
    }
    Ok(Some(value))
}

fn header_value(field: &Field<'_>) -> Result<Option<String>, ConfigError> {
    let Some(value) = field.optional_text()? else { return Ok(None) };
    let is_value =
        !value.trim_ascii().is_empty() && value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    if is_value {
        Ok(Some(value.to_owned()))
    } else {
        Err(field.refuse("a header's value is one line of printable ASCII, and not empty"))
    }
}

/// Returns `true` if one of a policy's directives says who may show the page in a frame.
fn names_frame_ancestors(policy: &str) -> bool {
    let is_it = |name: &str| name.eq_ignore_ascii_case("frame-ancestors");
    policy.split(';').any(|directive| directive.split_ascii_whitespace().next().is_some_and(is_it))
}
