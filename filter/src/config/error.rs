//! The error of a configuration: what is wrong, and in which field.

use std::fmt::{self, Write};

/// The largest number of characters that an error shows: it may quote something as long as the configuration.
const MAX_LINE: usize = 500;

/// The error of a refused configuration: one line, with the path of the field. Control and direction characters in what
/// it quotes are shown as U+FFFD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(Box<Wrong>);

/// The content of an error. It is in a box, since every function that reads a field hands it on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wrong {
    path: String,
    message: String,
}

impl ConfigError {
    /// Creates an error about the field at this path; an empty path is the whole configuration.
    #[cold]
    pub(super) fn new(path: &str, message: &str) -> Self {
        Self(Box::new(Wrong { path: path.to_owned(), message: message.to_owned() }))
    }

    /// Returns the same error where the whole configuration is in a field at this path.
    #[must_use]
    pub fn within(&self, field: &str) -> Self {
        let Wrong { path, message } = self.0.as_ref();
        let separator = if path.is_empty() { "" } else { "." };
        Self::new(&format!("{field}{separator}{path}"), message)
    }

    pub(super) fn empty() -> Self {
        Self::new(
            "",
            "the configuration is empty: give one JSON object, in Envoy as a google.protobuf.StringValue or Struct, in Istio as \
             pluginConfig, in Envoy Gateway as config",
        )
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Wrong { path, message } = self.0.as_ref();
        let separator = if path.is_empty() { "" } else { ": " };
        let characters = [path.as_str(), separator, message].into_iter().flat_map(str::chars);
        for (length, character) in characters.enumerate() {
            match character {
                _ if length == MAX_LINE => return f.write_char('…'),
                '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => f.write_char('\u{fffd}')?,
                _ if character.is_control() => f.write_char('\u{fffd}')?,
                _ => f.write_char(character)?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}
