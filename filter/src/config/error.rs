//! What is wrong with a configuration, and where.

use std::fmt;

/// A refused configuration: one line, with the path of the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    path: String,
    message: String,
}

impl ConfigError {
    /// What is wrong with the field at this path.
    pub(super) fn new(path: impl Into<String>, message: impl fmt::Display) -> Self {
        Self {
            path: path.into(),
            message: message.to_string(),
        }
    }

    pub(super) fn empty() -> Self {
        Self::new(
            "",
            "the configuration is empty: give one JSON object, in Envoy as a google.protobuf.StringValue",
        )
    }

    pub(super) fn protobuf_struct() -> Self {
        Self::new(
            "",
            "the configuration is a google.protobuf.Struct, which the host passes on as protobuf: \
             use \"@type\": type.googleapis.com/google.protobuf.StringValue, with the JSON as the text of its \"value\"",
        )
    }

    /// The path of the field, like `access[2].may[0]`; empty where it is the whole.
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl From<serde_path_to_error::Error<serde_json::Error>> for ConfigError {
    fn from(error: serde_path_to_error::Error<serde_json::Error>) -> Self {
        let path = error.path().to_string();
        Self::new(if path == "." { "" } else { &path }, error.inner())
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.path, self.message)
        }
    }
}

impl std::error::Error for ConfigError {}
