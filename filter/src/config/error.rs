//! What is wrong with a configuration, and where.

use super::later;
use serde::de::{self, Expected, Unexpected};
use std::fmt::{self, Write};

/// How many characters an error shows: what it quotes may be as long as the configuration.
const MAX_LINE: usize = 500;

/// A refused configuration: one line, with the path of the field. Control and direction characters in what it quotes are
/// shown as U+FFFD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    path: String,
    message: String,
}

impl ConfigError {
    /// What is wrong with the field at this path; an empty path is the whole.
    #[cold]
    #[inline(never)]
    pub(super) fn new(path: &str, message: &str) -> Self {
        Self { path: path.to_owned(), message: message.to_owned() }
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

    /// The same error, seen from the object that has the field.
    #[cold]
    #[inline(never)]
    pub(super) fn in_field(mut self, name: &str) -> Self {
        let separator = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{name}{separator}{}", self.path);
        self
    }

    /// The same error, seen from the list that has the item.
    pub(super) fn in_item(self, index: usize) -> Self {
        self.in_field(&format!("[{index}]"))
    }
}

impl de::Error for ConfigError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new("", &message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new("", &format!("this is {}, where {expected} is needed", kind(found)))
    }

    fn unknown_variant(found: &str, expected: &'static [&'static str]) -> Self {
        Self::new("", &format!("\"{found}\" is none of {}", expected.join(", ")))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        if later::comes_later(field, expected) {
            return Self::new("", later::NOT_YET);
        }
        Self::new("", &format!("there is no such field; the fields here are {}", expected.join(", ")))
    }

    fn missing_field(name: &'static str) -> Self {
        Self::new(name, "this field is missing")
    }
}

/// What a value is, in the words of JSON.
fn kind(found: Unexpected<'_>) -> &'static str {
    match found {
        Unexpected::Bool(_) => "true or false",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => "a number",
        Unexpected::Str(_) => "a text",
        Unexpected::Seq => "a list",
        Unexpected::Map => "an object",
        _ => "null",
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.path.is_empty() { "" } else { ": " };
        let characters = [&self.path, separator, &self.message].into_iter().flat_map(str::chars);
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
