//! Recognises files that users take for a configuration, and tells them what to do.

use super::envoy_file::is_envoys;
use serde_norway::Value;

/// The byte-order mark U+FEFF in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// U+FEFF in UTF-16, in either order of bytes.
const UTF_16: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

/// The fields that only a configuration of the filter has.
const CONFIGURATIONS: [&str; 3] = ["mounts", "access", "callers"];

/// The message about a configuration in YAML.
pub(super) const AS_YAML: &str = "this is promward's configuration written as YAML, and the filter takes JSON: write it as \
     one JSON object, { \"mounts\": [ … ], \"access\": [ … ] }, or make it the value of a google.protobuf.Struct in Envoy's file";

/// Other files: the fields of which any one identifies them, and the message about them.
const OTHERS: [(&[&str], &str); 4] = [
    (
        &["basic_auth_users", "tls_server_config", "http_server_config"],
        "this is Prometheus' web configuration (--web.config.file): cargo promward import web-config \
             FILE makes a promward.json of it",
    ),
    (
        &["scrape_configs", "scrape_config_files", "rule_files", "remote_write"],
        "this is Prometheus' own configuration: name a promward.json or an Envoy file",
    ),
    (&["groups"], "these are alerting or recording rules: name a promward.json or an Envoy file"),
    (
        &["apiVersion"],
        "this is an object of Kubernetes without a filter in it: looked for a WasmPlugin, TrafficExtension or \
         EnvoyExtensionPolicy, and for a ConfigMap or Secret with a promward.json or an Envoy file",
    ),
];

/// The beginnings of hashes in the lines of password files.
const HASHES: [&str; 4] = ["$2", "$apr1$", "{SHA}", "{SSHA}"];

/// Returns the text without the byte-order mark that it may begin with. Envoy doesn't mind one.
pub(super) fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)
}

/// Returns the message about a text that is recognised before it is parsed, such as an empty one.
pub(super) fn text(text: &[u8]) -> Option<&'static str> {
    if UTF_16.iter().any(|mark| text.starts_with(mark)) {
        return Some("this is UTF-16, by its byte-order mark: save it as UTF-8");
    }
    let text = without_mark(text).trim_ascii();
    if text.is_empty() {
        return Some(
            "this file is empty: a configuration is one JSON object, { \"mounts\": [ … ], \"access\": [ … ] }",
        );
    }
    let is_password_file = std::str::from_utf8(text).is_ok_and(is_password_file);
    is_password_file.then_some(
        "this is a password file (htpasswd): cargo promward import htpasswd FILE makes a promward.json of it",
    )
}

/// Returns `true` if every line can be a name, a colon and a hash, and at least one hash is of a known kind.
fn is_password_file(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')).peekable();
    let entry = |line: &str| {
        let (name, hash) = line.trim_end().split_once(':')?;
        (!name.contains(['"', '{', ' ']) && !hash.is_empty() && !hash.contains(' '))
            .then_some(hash.to_owned())
    };
    let hashes: Option<Vec<_>> = lines.by_ref().map(entry).collect();
    hashes.is_some_and(|hashes| hashes.iter().any(|hash| HASHES.iter().any(|kind| hash.starts_with(kind))))
}

/// Returns `true` if a document is a configuration of the filter, in JSON or in YAML.
pub(super) fn is_configuration(document: &Value) -> bool {
    CONFIGURATIONS.iter().any(|field| document.get(field).is_some()) && !is_envoys(document)
}

/// Returns `true` if a text is a configuration in YAML.
pub(super) fn is_yaml(text: &str) -> bool {
    let is_json = without_mark(text.as_bytes()).trim_ascii().starts_with(b"{");
    !is_json && serde_norway::from_str::<Value>(text).is_ok_and(|value| is_configuration(&value))
}

/// Returns the message about a document in which there is no Wasm filter.
pub(super) fn document(document: &Value) -> Option<&'static str> {
    let (_, said) =
        OTHERS.iter().find(|(fields, _)| fields.iter().any(|field| document.get(field).is_some()))?;
    Some(said)
}
