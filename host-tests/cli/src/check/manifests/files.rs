//! Finds the files with a configuration that a ConfigMap or a Secret holds.

use super::super::envoy_file;
use super::super::mistaken;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_norway::Value;

/// A file that holds a configuration.
pub(in crate::check) struct File {
    /// The file's name in its object.
    pub(in crate::check) name: String,
    /// The object and its field, in words.
    pub(in crate::check) place: String,
    /// The content of the file.
    pub(in crate::check) text: Vec<u8>,
}

/// Returns the files of an object that hold a configuration.
pub(super) fn of(name: &str, object: &Value) -> Vec<File> {
    let (_, kind) = super::kind(object);
    let of_field = |field: &'static str| {
        let files = object.get(field).and_then(Value::as_mapping).into_iter().flatten();
        files.map(move |(file, text)| {
            let is_encoded = field == "binaryData" || (kind, field) == ("Secret", "data");
            let (file, text) = (file.as_str().unwrap_or_default(), text.as_str().unwrap_or_default());
            File {
                name: file.to_owned(),
                place: super::place(name, object, &format!("{field}[{file:?}]")),
                text: if is_encoded { decoded(text) } else { text.as_bytes().to_vec() },
            }
        })
    };
    let files = ["data", "stringData", "binaryData"].into_iter().flat_map(of_field);
    files.filter(|file| holds_one(&file.name, &file.text)).collect()
}

fn decoded(text: &str) -> Vec<u8> {
    let text: String = text.split_ascii_whitespace().collect();
    STANDARD.decode(text).unwrap_or_default()
}

/// Returns `true` if a file is a configuration or holds a filter, by its fields. JSON that can't be read may be one.
fn holds_one(file: &str, text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(mistaken::without_mark(text));
    let is_json = text.trim_ascii_start().starts_with('{');
    match serde_json::from_str::<Value>(&text) {
        Ok(value) => mistaken::is_configuration(&value) || envoy_file::is_envoys(&value),
        Err(_) if is_json && !text.contains(envoy_file::WASM) => {
            let [mounts, access] = ["\"mounts\"", "\"access\""].map(|field| text.contains(field));
            mounts && access || (mounts || access) && file.ends_with(".json")
        }
        Err(_) => text.contains(envoy_file::WASM) || mistaken::is_yaml(&text),
    }
}
