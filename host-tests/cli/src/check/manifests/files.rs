//! Finds configurations in the files that a ConfigMap or a Secret holds.

use super::super::envoy_file;
use super::super::mistaken;
use super::super::places::{self, Placed};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_norway::Value;

/// Returns the configurations in an object's files. Files of other kinds are passed over.
pub(super) fn of(name: &str, object: &Value) -> Vec<Placed> {
    let (_, kind) = super::kind(object);
    let of_field = |field: &'static str| {
        let files = object.get(field).and_then(Value::as_mapping).into_iter().flatten();
        files.flat_map(move |(file, text)| {
            let is_encoded = field == "binaryData" || (kind, field) == ("Secret", "data");
            let (file, text) = (file.as_str().unwrap_or_default(), text.as_str().unwrap_or_default());
            match is_encoded {
                true => {
                    in_file(&super::place(name, object, &format!("{field}[{file:?}]")), file, &decoded(text))
                }
                false => {
                    in_file(&super::place(name, object, &format!("{field}[{file:?}]")), file, text.as_bytes())
                }
            }
        })
    };
    ["data", "stringData", "binaryData"].into_iter().flat_map(of_field).collect()
}

fn decoded(text: &str) -> Vec<u8> {
    let text: String = text.split_ascii_whitespace().collect();
    STANDARD.decode(text).unwrap_or_default()
}

/// Returns the configurations in a file of which this is the place.
fn in_file(place: &str, file: &str, text: &[u8]) -> Vec<Placed> {
    if !holds_one(file, text) {
        return Vec::new();
    }
    let mut found = places::placed(file, text).unwrap_or_default();
    for placed in &mut found {
        placed.place = placed.place.replacen(file, place, 1);
    }
    found
}

/// Returns `true` if a file is a configuration or holds a filter, by its fields. JSON that can't be read may be one.
fn holds_one(file: &str, text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(mistaken::without_mark(text));
    let is_json = text.trim_ascii_start().starts_with('{');
    match serde_json::from_str::<Value>(&text) {
        Ok(value) => mistaken::is_configuration(&value) || envoy_file::is_envoys(&value),
        Err(_) if is_json && file.ends_with(".json") => {
            text.contains("\"mounts\"") || text.contains("\"access\"")
        }
        Err(_) => text.contains(envoy_file::WASM) || mistaken::is_yaml(&text),
    }
}
