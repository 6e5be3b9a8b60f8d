//! Finds the configurations in the text of a file, and what the rest of the file says about each.

use super::envoy_file;
use super::find::{self, Found};
use super::manifests;
use super::manifests::files::File;
use super::mistaken;
use super::placed::Placed;
use super::{Unreadable, Written};
use serde::Deserialize;
use serde_norway::Value;
use std::path::Path;

/// Returns the configurations in the text of a file.
pub(super) fn placed(name: &str, text: &[u8]) -> Result<Vec<Placed>, Unreadable> {
    in_text(name, name, text)
}

/// Returns the configurations in the text of a file of this name. The place of each begins with `place`.
fn in_text(name: &str, place: &str, text: &[u8]) -> Result<Vec<Placed>, Unreadable> {
    if let Some(said) = mistaken::text(text) {
        return Err(Unreadable(said.to_owned()));
    }
    let unmarked = mistaken::without_mark(text);
    let is_yaml = is_yaml(name);
    let begins_as_json = unmarked.trim_ascii().starts_with(b"{");
    let json = serde_json::from_slice::<Value>(unmarked).ok().filter(|_| begins_as_json);
    match json {
        Some(value) if envoy_file::is_envoys(&value) || manifests::is_object(&value) => {
            in_documents(place, &[value])
        }
        Some(value) if is_yaml && !mistaken::is_configuration(&value) => in_documents(place, &[value]),
        None if is_yaml || !begins_as_json => {
            let file = String::from_utf8_lossy(unmarked);
            let placed = in_documents(place, &documents(unmarked)?)?;
            Ok(placed.into_iter().map(|placed| placed.read_by_another(&file)).collect())
        }
        // The filter has its own messages for wrong JSON.
        _ => Ok(vec![Placed::by_itself(place, Ok(Written::alone(text)))]),
    }
}

fn in_documents(place: &str, documents: &[Value]) -> Result<Vec<Placed>, Unreadable> {
    let found: Vec<Found> = documents.iter().map(find::in_document).collect();
    let discovered = found.iter().flat_map(|found| &found.discovered).next().map(|filter| {
        let file = filter.file.as_deref().unwrap_or("what its config_source serves");
        Unreadable(format!("no configuration is in it: {filter} is discovered: check {file} in its place"))
    });
    let filters = found.into_iter().flat_map(|found| found.filters);
    let mut placed = manifests::placed(place, documents);
    placed.extend(manifests::files(place, documents).iter().flat_map(in_file));
    placed.extend(filters.map(|filter| Placed::in_envoys(place, filter)));
    if !placed.is_empty() {
        return Ok(placed);
    }
    if documents.iter().any(mistaken::is_configuration) {
        return Ok(vec![Placed::by_itself(place, Err(mistaken::AS_YAML.to_owned()))]);
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

/// Returns the configurations in a file that an object of Kubernetes holds. One in which there is none is passed over, but not
/// one in YAML that can't be read.
fn in_file(file: &File) -> Vec<Placed> {
    let is_read = || !is_yaml(&file.name) || documents(mistaken::without_mark(&file.text)).is_ok();
    match in_text(&file.name, &file.place, &file.text) {
        Ok(placed) => placed,
        Err(_) if is_read() => Vec::new(),
        Err(Unreadable(said)) => vec![Placed::by_itself(&file.place, Err(said))],
    }
}

/// Returns `true` if a file has the name of one in YAML.
fn is_yaml(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

fn documents(text: &[u8]) -> Result<Vec<Value>, Unreadable> {
    let documents: Result<Vec<Value>, _> =
        serde_norway::Deserializer::from_slice(text).map(Value::deserialize).collect();
    documents.map_err(|error| Unreadable(format!("this is neither JSON nor YAML: {error}")))
}
