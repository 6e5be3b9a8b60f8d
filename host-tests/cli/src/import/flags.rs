//! The flags of a program, from a command line, a unit of systemd, or a manifest of Kubernetes that runs it.

use crate::shell_words::split;
use serde::Deserialize;
use serde_norway::Value;

/// The flags of a program, in order, without the dashes in front of their names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Flags(Vec<(String, String)>);

impl Flags {
    /// Finds the program in the text, and reads its flags.
    ///
    /// # Errors
    ///
    /// Returns the reason why there is no such program.
    pub(super) fn find(text: &str, program: &str) -> Result<Self, String> {
        let mut words = in_manifest(text, program);
        if words.is_none() {
            words = in_command_line(text, program);
        }
        words.map(|words| Self::read(&words)).ok_or_else(|| {
            format!(
                "{program} isn't in it: give its command line, or a manifest of Kubernetes with a container that runs it"
            )
        })
    }

    fn read(words: &[String]) -> Self {
        let mut flags = Vec::new();
        let mut words = words.iter().peekable();
        while let Some(word) = words.next() {
            let Some(name) = word.strip_prefix("--").or_else(|| word.strip_prefix('-')) else { continue };
            let (name, value) = match name.split_once('=') {
                Some((name, value)) => (name, value.to_owned()),
                None => {
                    (name, words.next_if(|next| !next.starts_with('-')).cloned().unwrap_or("true".to_owned()))
                }
            };
            flags.push((name.to_owned(), value));
        }
        Self(flags)
    }

    /// Returns the values of a flag.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Returns the last value of a flag, which counts.
    pub(super) fn get<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).last()
    }

    /// Returns `true` if a flag is given, and not as `false`.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value != "false")
    }

    /// Returns flags, with their values, that aren't in a list.
    pub(super) fn beside<'a>(&'a self, known: &'a [&str]) -> impl Iterator<Item = (&'a str, &'a str)> {
        let flags = self.0.iter().filter(|(name, _)| !known.contains(&name.as_str()));
        flags.map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Returns the arguments of the container that runs the program, if the text is a manifest with one.
fn in_manifest(text: &str, program: &str) -> Option<Vec<String>> {
    documents(text).iter().find_map(|document| in_value(document, program))
}

/// Returns the documents of a text, as far as it is YAML.
pub(super) fn documents(text: &str) -> Vec<Value> {
    serde_norway::Deserializer::from_str(text)
        .map_while(|document| Value::deserialize(document).ok())
        .collect()
}

fn in_value(value: &Value, program: &str) -> Option<Vec<String>> {
    if let Some(container) = value.as_mapping() {
        let strings = |field: &str| -> Vec<String> {
            let list = container.get(field).and_then(Value::as_sequence).into_iter().flatten();
            list.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let (command, arguments) = (strings("command"), strings("args"));
        let image = container.get("image").and_then(Value::as_str).unwrap_or_default();
        let runs =
            is_program(image, program) || command.first().is_some_and(|word| is_program(word, program));
        if runs && !(command.is_empty() && arguments.is_empty()) {
            return Some([command, arguments].concat());
        }
        return container.values().find_map(|value| in_value(value, program));
    }
    value.as_sequence()?.iter().find_map(|value| in_value(value, program))
}

/// Returns the words after the program in a command line.
fn in_command_line(text: &str, program: &str) -> Option<Vec<String>> {
    let words = split(&text.replace("\r\n", "\n")).ok()?;
    let start = words.iter().position(|word| is_program(word, program))?;
    let ends = |word: &String| matches!(word.as_str(), ";" | "|" | "&" | "&&" | "||");
    Some(words.into_iter().skip(start + 1).take_while(|word| !ends(word)).collect())
}

/// Returns `true` if a word is the path of a program, or the name of an image, with its version, that holds one.
fn is_program(word: &str, program: &str) -> bool {
    let name = word.rsplit('/').next().unwrap_or_default();
    let name = name.split(['@', ':']).next().unwrap_or_default();
    name.rsplit('=').next() == Some(program)
}
