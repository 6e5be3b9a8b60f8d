//! `headers`: what answers tell browsers.

use super::ConfigError;
use super::later::Later;
use super::mounts::origins;
use crate::response::cors::Cors;
use crate::response::security::{Frames, Security};
use serde::Deserialize;

/// Headers of answers.
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
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(skip))]
    caller: Later,
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(skip))]
    tenant: Later,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct CorsConfig {
    /// The origins of these sites, like `https://grafana.example.com`.
    origins: Vec<String>,
}

impl HeadersConfig {
    pub(super) fn compile(self) -> Result<(Cors, Security), ConfigError> {
        let Self { caller: Later, tenant: Later, .. } = self;
        let cors = origins(self.cors.map(|cors| cors.origins), "headers.cors.origins")?;
        let hsts = self.hsts.map(|value| header_value(value, "headers.hsts")).transpose()?;
        let policy = self
            .content_security_policy
            .map(|value| header_value(value, "headers.content_security_policy"))
            .transpose()?;
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
        Ok((Cors::new(cors), Security::new(hsts, policy, frames)))
    }
}

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
