//! What the user writes. Everything that is wrong is refused with the field's path; nothing is ignored.

mod access;
mod error;
mod headers;
mod later;
mod mounts;
mod size;
mod tree;

pub use error::ConfigError;

use crate::access::Access;
use crate::gateway::{Elsewhere, Gateway};
use access::RuleConfig;
use headers::HeadersConfig;
use later::Later;
use mounts::MountConfig;
use serde::Deserialize;
use tree::Tree;

/// The configuration of the filter: one JSON object.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// Where the JSON Schema of this object is, for editors. The filter doesn't read it.
    #[serde(rename = "$schema")]
    _schema: Option<String>,
    /// The servers that are guarded, and where they are on the site.
    mounts: Vec<MountConfig>,
    /// What happens to paths at no mount: `refuse` answers 404, `pass` leaves them to the proxy's own routes.
    #[serde(default)]
    elsewhere: ElsewhereConfig,
    /// Who may do what. The first rule that names the caller, holds at the mount and covers the class decides; what no
    /// rule allows is refused.
    access: Vec<RuleConfig>,
    /// Headers of answers.
    #[serde(default)]
    headers: HeadersConfig,
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(skip))]
    callers: Later,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
enum ElsewhereConfig {
    #[default]
    Refuse,
    Pass,
}

impl Configuration {
    /// Reads what the host passes on.
    ///
    /// # Errors
    ///
    /// It is no JSON, or a field is wrong; a `google.protobuf.Struct`, which hosts pass on as protobuf, is named as such.
    pub fn parse(bytes: &[u8]) -> Result<Self, ConfigError> {
        let json = bytes.trim_ascii();
        if json.is_empty() {
            return Err(ConfigError::empty());
        }
        if bytes.first() == Some(&STRUCT_FIELD) && json.first() != Some(&b'{') {
            return Err(ConfigError::protobuf_struct());
        }
        let tree: Tree = serde_json::from_slice(json)
            .map_err(|error| ConfigError::new("", &format!("the configuration is no JSON: {error}")))?;
        Self::deserialize(tree)
    }
}

/// Protobuf's key of `Struct.fields`: field 1, length-delimited.
const STRUCT_FIELD: u8 = 0x0a;

impl TryFrom<Configuration> for Gateway {
    type Error = ConfigError;

    fn try_from(configuration: Configuration) -> Result<Self, ConfigError> {
        let Configuration { callers: Later, .. } = configuration;
        let mounts = mounts::compile(configuration.mounts)?;
        let rules = access::compile(configuration.access, &mounts)?;
        let (cors, security) = configuration.headers.compile()?;
        let elsewhere = match configuration.elsewhere {
            ElsewhereConfig::Refuse => Elsewhere::Refuse,
            ElsewhereConfig::Pass => Elsewhere::Pass,
        };
        Ok(Self { mounts, elsewhere, access: Access::new(rules), cors, security })
    }
}

/// Reads and compiles a configuration.
///
/// # Errors
///
/// What is wrong, with the path of the field.
pub fn load(bytes: &[u8]) -> Result<Gateway, ConfigError> {
    Configuration::parse(bytes)?.try_into()
}
