//! `mounts`: what is served where.

use super::ConfigError;
use super::list::listed;
use super::size::Size;
use crate::mount::{Api, Mount, Mounts, Prefix};
use crate::response::origin::Origin;
use serde::Deserialize;

/// One server and its place on the site.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct MountConfig {
    /// The public path prefix, like `/prometheus`; `/` means none.
    prefix: String,
    /// What the server speaks.
    #[serde(default)]
    api: ApiConfig,
    /// What the server itself is mounted at (Prometheus' `--web.route-prefix`).
    upstream_prefix: Option<String>,
    /// Sent to the proxy's routes as `x-promward-cluster`.
    cluster: Option<String>,
    /// Origins that the server may name in `Location`, beside the public one.
    origins: Option<Vec<String>>,
    /// The longest form body: 1 KiB to 1 MiB, 256KiB if not given.
    max_form: Option<Size>,
    /// Whether `Authorization`, `Proxy-Authorization` and `Cookie` go on to the server.
    #[serde(default)]
    credentials: CredentialsConfig,
    /// Whether a path may hold `%2F`. Only for opaque mounts.
    #[serde(default)]
    encoded_slash: EncodedSlashConfig,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
enum ApiConfig {
    #[default]
    Prometheus,
    Opaque,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
enum CredentialsConfig {
    #[default]
    Remove,
    Pass,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
enum EncodedSlashConfig {
    #[default]
    Refuse,
    Pass,
}

const DEFAULT_MAX_FORM: Size = Size(256 << 10);

/// A form is read at once, which takes some milliseconds a MiB, and Envoy buffers no more than 1 MiB unless it is told.
const MAX_FORM: std::ops::RangeInclusive<usize> = (1 << 10)..=(1 << 20);

/// Compiles every mount.
pub(super) fn compile(configured: Vec<MountConfig>) -> Result<Mounts, ConfigError> {
    if configured.is_empty() {
        return Err(ConfigError::new(
            "mounts",
            "at least one mount is needed, like { \"prefix\": \"/prometheus\" }",
        ));
    }
    let mut mounts: Vec<Mount> = Vec::new();
    for (index, mount) in configured.into_iter().enumerate() {
        let mount = mount.compile(&format!("mounts[{index}]"))?;
        if mounts.iter().any(|earlier| earlier.prefix == mount.prefix) {
            return Err(ConfigError::new(
                &format!("mounts[{index}].prefix"),
                "another mount has this prefix already",
            ));
        }
        mounts.push(mount);
    }
    Ok(Mounts::new(mounts))
}

impl MountConfig {
    fn compile(self, path: &str) -> Result<Mount, ConfigError> {
        let field = |name: &str| format!("{path}.{name}");
        let api = match self.api {
            ApiConfig::Prometheus => Api::Prometheus,
            ApiConfig::Opaque => Api::Opaque,
        };
        if self.encoded_slash == EncodedSlashConfig::Pass && api != Api::Opaque {
            let message =
                "\"pass\" is only for mounts with \"api\": \"opaque\": Prometheus routes on the decoded path";
            return Err(ConfigError::new(&field("encoded_slash"), message));
        }
        let max_form = self.max_form.unwrap_or(DEFAULT_MAX_FORM).0;
        if self.max_form.is_some() && api == Api::Opaque {
            let message =
                "this is only for mounts that speak prometheus: bodies stream through an opaque one";
            return Err(ConfigError::new(&field("max_form"), message));
        }
        if !MAX_FORM.contains(&max_form) {
            return Err(ConfigError::new(&field("max_form"), "this must be 1KiB to 1MiB"));
        }
        Ok(Mount {
            prefix: prefix(&self.prefix, &field("prefix"))?,
            upstream_prefix: match &self.upstream_prefix {
                Some(text) => prefix(text, &field("upstream_prefix"))?,
                None => Prefix::default(),
            },
            api,
            cluster: self.cluster.map(|name| cluster(name, &field("cluster"))).transpose()?,
            origins: origins(self.origins, &field("origins"))?,
            max_form,
            pass_credentials: self.credentials == CredentialsConfig::Pass,
            pass_encoded_slash: self.encoded_slash == EncodedSlashConfig::Pass,
        })
    }
}

#[inline(never)]
fn prefix(text: &str, path: &str) -> Result<Prefix, ConfigError> {
    Prefix::parse(text).ok_or_else(|| {
        ConfigError::new(path, &format!("\"{text}\" is no prefix: write \"/\", or a path of letters, digits and -._~ like \"/prometheus\", without a trailing slash"))
    })
}

#[inline(never)]
fn cluster(name: String, path: &str) -> Result<String, ConfigError> {
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
    if is_name {
        Ok(name)
    } else {
        Err(ConfigError::new(path, "a cluster's name is printable ASCII without spaces, and not empty"))
    }
}

/// Reads a list of origins, which must not be empty where it is given.
#[inline(never)]
pub(super) fn origins(texts: Option<Vec<String>>, path: &str) -> Result<Vec<Origin>, ConfigError> {
    let empty = "an empty list allows nothing: leave the field out, or list an origin";
    texts.map_or_else(|| Ok(Vec::new()), |texts| listed(texts, empty, path, origin))
}

fn origin(text: &str) -> Result<Origin, String> {
    Origin::parse(text).ok_or_else(|| {
        format!(
            "\"{text}\" is no origin: write scheme, host and perhaps port, like https://grafana.example.com"
        )
    })
}
