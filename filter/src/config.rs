//! What the user writes. Everything that is wrong is refused with the field's path; nothing is ignored.

mod access;
mod error;
mod headers;
mod later;
mod list;
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
        let tree: Tree = serde_json::from_slice(json).map_err(|error| match is_protobuf_struct(bytes) {
            true => ConfigError::protobuf_struct(),
            false => ConfigError::new("", &format!("the configuration is no JSON: {error}")),
        })?;
        Self::deserialize(tree)
    }
}

/// Whether bytes that are no JSON begin as a `google.protobuf.Struct` does: field 1, an entry, whose own field 1 is its
/// key.
fn is_protobuf_struct(bytes: &[u8]) -> bool {
    let Some(([FIELD_1], entry)) = bytes.split_first_chunk() else { return false };
    let more_of_length = entry.iter().take_while(|byte| **byte & 0x80 != 0).count();
    entry.get(more_of_length.saturating_add(1)) == Some(&FIELD_1)
}

/// Protobuf's key of field 1, length-delimited.
const FIELD_1: u8 = 0x0a;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_struct_is_told_from_text_that_begins_with_a_new_line() {
        for bytes in
            [&b"\x0a\x20\x0a\x06mounts"[..], b"\x0a\x15\x0a\x06mounts", b"\x0a\x85\x01\x0a\x06mounts"]
        {
            let error = load(bytes).unwrap_err().to_string();
            assert!(error.starts_with("the configuration is a google.protobuf.Struct"), "{error}");
        }
        for text in ["\n[]", "\nfoo", "\n// a\n{}", "foo"] {
            let error = load(text.as_bytes()).unwrap_err().to_string();
            assert!(!error.contains("Struct"), "{text:?}: {error}");
        }
        let valid = "\n{\n\"mounts\": [{ \"prefix\": \"/\" }], \"access\": [{ \"who\": [\"anyone\"], \"may\": [\"ui\"] }] }";
        assert!(load(valid.as_bytes()).is_ok());
    }

    #[test]
    fn what_an_error_quotes_stays_in_its_line() {
        let long = format!("{{\"x\\ny\\u001b{}\": 1}}", "z".repeat(10_000));
        let error = load(long.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with("x\u{fffd}y\u{fffd}zzz") && error.ends_with('…'), "{error}");
        assert!(error.chars().count() < 600 && !error.contains('\n'));
    }
}
