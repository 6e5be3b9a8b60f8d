//! Finds the configurations in the text of a file, and what the rest of the file says about each.

use super::chain::{IN_NO_CHAIN, Validation};
use super::envoy_file;
use super::find::{self, Filter, Found};
use super::manifests;
use super::mistaken;
use super::structure;
use super::{Unreadable, Written};
use promward::gateway::Gateway;
use serde::Deserialize;
use serde_norway::Value;
use std::path::Path;

/// Returns warnings about what stands around a configuration and doesn't fit it.
pub(super) type Warnings = Box<dyn Fn(&Gateway) -> Vec<String>>;

/// A configuration in a file, before it is loaded, and what the file says about its surroundings.
pub(super) struct Placed {
    pub(super) place: String,
    /// The configuration that the filter gets, or the reason why it gets none.
    pub(super) configuration: Result<Written, String>,
    pub(super) validation: Validation,
    pub(super) surroundings: Warnings,
}

impl Placed {
    /// Returns a configuration whose surroundings are unknown.
    pub(super) fn by_itself(place: &str, configuration: Result<Written, String>) -> Self {
        Self {
            place: place.to_owned(),
            configuration,
            validation: Validation::Elsewhere(IN_NO_CHAIN.to_owned()),
            surroundings: Box::new(|_| Vec::new()),
        }
    }

    /// Adds a warning for each text that the proxy's reader of the file takes for true or false.
    fn read_by_another(mut self, file: &str) -> Self {
        let words = match &self.configuration {
            Ok(Written { text, field: Some(_) }) => structure::read_otherwise(text, file),
            _ => Vec::new(),
        };
        let warning = |word: &String| {
            format!(
                "{word} stands without quotes, and Envoy and Kubernetes read it as true or false, which the filter refuses: \
                 write \"{word}\""
            )
        };
        let warnings: Vec<_> = words.iter().map(warning).collect();
        let others = self.surroundings;
        self.surroundings = Box::new(move |gateway| [warnings.clone(), others(gateway)].concat());
        self
    }

    fn in_envoys(name: &str, filter: Filter) -> Self {
        let place = format!("{name}: {filter}");
        let Filter { configuration, validation, routing, surroundings, .. } = filter;
        let warnings = move |gateway: &Gateway| {
            [routing.warnings(&gateway.mounts), surroundings.warnings(gateway)].concat()
        };
        Self { place, configuration, validation, surroundings: Box::new(warnings) }
    }
}

/// Returns the configurations in the text of a file.
pub(super) fn placed(name: &str, text: &[u8]) -> Result<Vec<Placed>, Unreadable> {
    if let Some(said) = mistaken::text(text) {
        return Err(Unreadable(said.to_owned()));
    }
    let unmarked = mistaken::without_mark(text);
    let is_yaml =
        Path::new(name).extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
    let begins_as_json = unmarked.trim_ascii().starts_with(b"{");
    let json = serde_json::from_slice::<Value>(unmarked).ok().filter(|_| begins_as_json);
    match json {
        Some(value) if envoy_file::is_envoys(&value) || manifests::is_object(&value) => {
            in_documents(name, &[value])
        }
        Some(value) if is_yaml && !mistaken::is_configuration(&value) => in_documents(name, &[value]),
        None if is_yaml || !begins_as_json => {
            let file = String::from_utf8_lossy(unmarked);
            let placed = in_documents(name, &documents(unmarked)?)?;
            Ok(placed.into_iter().map(|placed| placed.read_by_another(&file)).collect())
        }
        // The filter has its own messages for wrong JSON.
        _ => Ok(vec![Placed::by_itself(name, Ok(Written::alone(text)))]),
    }
}

fn in_documents(name: &str, documents: &[Value]) -> Result<Vec<Placed>, Unreadable> {
    let found: Vec<Found> = documents.iter().map(find::in_document).collect();
    let discovered = found.iter().flat_map(|found| &found.discovered).next().map(|filter| {
        let file = filter.file.as_deref().unwrap_or("what its config_source serves");
        Unreadable(format!("no configuration is in it: {filter} is discovered: check {file} in its place"))
    });
    let filters = found.into_iter().flat_map(|found| found.filters);
    let mut placed = manifests::placed(name, documents);
    placed.extend(filters.map(|filter| Placed::in_envoys(name, filter)));
    if !placed.is_empty() {
        return Ok(placed);
    }
    if documents.iter().any(mistaken::is_configuration) {
        return Ok(vec![Placed::by_itself(name, Err(mistaken::AS_YAML.to_owned()))]);
    }
    let other = documents.iter().find_map(mistaken::document).map(|said| Unreadable(said.to_owned()));
    let nothing = || {
        Unreadable(format!(
            "no filter is in it: looked for a mapping with \"@type\": type.googleapis.com/{}, whose config.configuration \
             holds promward's JSON",
            envoy_file::WASM
        ))
    };
    Err(discovered.or(other).unwrap_or_else(nothing))
}

fn documents(text: &[u8]) -> Result<Vec<Value>, Unreadable> {
    let documents: Result<Vec<Value>, _> =
        serde_norway::Deserializer::from_slice(text).map(Value::deserialize).collect();
    documents.map_err(|error| Unreadable(format!("this is neither JSON nor YAML: {error}")))
}
