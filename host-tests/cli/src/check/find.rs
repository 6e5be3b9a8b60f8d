//! Finds promward's configuration in an Envoy file: a bootstrap file, a discovered resource, or any other file that
//! holds a Wasm filter.

use super::Written;
use super::chain::{Chain, IN_NO_CHAIN, Validation};
use super::envoy_file::{WASM, either, is_filter, type_of};
use super::fails_open;
use super::listener::Surroundings;
use super::mistaken;
use super::routing::{Routes, Routing, clusters};
use super::structure;
use serde_norway::Value;
use std::fmt;

/// The Wasm filters of a document, in its order.
#[derive(Default)]
pub(super) struct Found {
    /// Filters that are in this document.
    pub(super) filters: Vec<Filter>,
    /// Filters that Envoy reads from elsewhere.
    pub(super) discovered: Vec<Discovered>,
}

/// A Wasm filter that is in this file.
pub(super) struct Filter {
    name: Option<String>,
    path: String,
    /// The configuration that the filter will get, or the reason why it gets none.
    pub(super) configuration: Result<Written, String>,
    /// The validation of client certificates before the filter sees them.
    pub(super) validation: Validation,
    /// The clusters and routes behind the filter.
    pub(super) routing: Routing,
    /// The settings of the listener and of what stands around the filter.
    pub(super) surroundings: Surroundings,
}

/// The surroundings of a value in a file.
#[derive(Clone, Copy, Default)]
struct Within<'a> {
    /// The name of the innermost enclosing object that has a name.
    name: Option<&'a str>,
    listener: Option<&'a Value>,
    chain: Option<Chain<'a>>,
    /// The connection manager, which has the routes behind its filters.
    manager: Option<&'a Value>,
}

impl fmt::Display for Filter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        named(formatter, self.name.as_deref(), &self.path)
    }
}

/// A Wasm filter that stands in another file, or comes from a server (ECDS).
pub(super) struct Discovered {
    name: Option<String>,
    path: String,
    /// The path of the file, if it is a file.
    pub(super) file: Option<String>,
}

impl fmt::Display for Discovered {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        named(formatter, self.name.as_deref(), &self.path)
    }
}

fn named(formatter: &mut fmt::Formatter<'_>, name: Option<&str>, path: &str) -> fmt::Result {
    match name {
        Some(name) => write!(formatter, "filter {name:?} ({path})"),
        None => write!(formatter, "filter without a name ({path})"),
    }
}

/// Finds all Wasm filters in a document.
pub(super) fn in_document(document: &Value) -> Found {
    let mut found = Found::default();
    found.search(document, "", Within::default());
    let clusters = clusters(document);
    for filter in &mut found.filters {
        filter.routing.clusters.clone_from(&clusters);
        filter.surroundings.add_clusters(document);
    }
    found
}

impl Found {
    /// Searches `value`, which is at `path`.
    fn search(&mut self, value: &Value, path: &str, within: Within<'_>) {
        let Within { name, listener, chain, manager } = within;
        let chain = Chain::at(path, value).or(chain);
        match value {
            Value::Mapping(_) if is_filter(value) => self.filters.push(Filter {
                name: name.or_else(|| value.get("config")?.get("name")?.as_str()).map(str::to_owned),
                path: if path.is_empty() { "the whole file".to_owned() } else { path.to_owned() },
                configuration: configuration(value),
                validation: chain.map_or_else(
                    || Validation::Elsewhere(IN_NO_CHAIN.to_owned()),
                    |chain| chain.validation(),
                ),
                routing: Routing { clusters: None, routes: manager.and_then(Routes::of) },
                surroundings: Surroundings::of(listener, manager),
            }),
            Value::Mapping(fields) => {
                if is_discovery(path, value) {
                    let (name, path) = (name.map(str::to_owned), path.to_owned());
                    self.discovered.push(Discovered { name, path, file: discovered_file(value) });
                }
                let name = value.get("name").and_then(Value::as_str);
                let listener = either(value, "filter_chains", "filterChains").map(|_| value).or(listener);
                let manager = either(value, "http_filters", "httpFilters").map(|_| value).or(manager);
                for (field, value) in fields {
                    let Some(field) = field.as_str() else { continue };
                    let separator = if path.is_empty() { "" } else { "." };
                    let within = Within { name, listener, chain, manager };
                    self.search(value, &format!("{path}{separator}{field}"), within);
                }
            }
            Value::Sequence(items) => {
                for (index, item) in items.iter().enumerate() {
                    let within = Within { name, listener, chain, manager };
                    self.search(item, &format!("{path}[{index}]"), within);
                }
            }
            _ => {}
        }
    }
}

/// Returns `true` if this object makes Envoy discover a Wasm filter.
fn is_discovery(path: &str, value: &Value) -> bool {
    let is_field = ["config_discovery", "configDiscovery"].contains(&path.rsplit('.').next().unwrap_or(path));
    let types = either(value, "type_urls", "typeUrls").and_then(Value::as_sequence);
    let is_wasm = |name: &Value| name.as_str().and_then(|name| name.rsplit('/').next()) == Some(WASM);
    is_field && types.is_some_and(|types| types.iter().any(is_wasm))
}

fn discovered_file(discovery: &Value) -> Option<String> {
    let source = either(discovery, "config_source", "configSource")?;
    let file = either(source, "path_config_source", "pathConfigSource").unwrap_or(source);
    file.get("path")?.as_str().map(str::to_owned)
}

/// Returns what Envoy hands to a Wasm filter as its configuration.
fn configuration(filter: &Value) -> Result<Written, String> {
    if let Some(error) = fails_open::find(filter) {
        return Err(error);
    }
    let Some(configuration) = filter.get("config").and_then(|config| config.get("configuration")) else {
        // The filter gets an empty text then, which it refuses with a message of its own.
        return Ok(Written::alone(b""));
    };
    let wanted = "use \"@type\": type.googleapis.com/google.protobuf.StringValue, with the JSON as the text of its \"value\"";
    match type_of(configuration) {
        Some("google.protobuf.StringValue") => match configuration.get("value") {
            None => Ok(Written::alone(b"")),
            Some(Value::String(text)) if mistaken::is_yaml(text) => {
                Err(format!("config.configuration.value: {}", mistaken::AS_YAML))
            }
            Some(Value::String(text)) => Ok(Written::alone(text.as_bytes())),
            Some(_) => Err(
                "config.configuration.value: this is no text: write the JSON as a block scalar (value: |), or its fields in \
                 a google.protobuf.Struct"
                    .to_owned(),
            ),
        },
        Some("google.protobuf.Struct") => {
            let (value, field) = (configuration.get("value"), "config.configuration.value");
            let written = structure::written(value, field, structure::json)?;
            // An empty Struct is refused as an empty text is.
            Ok(if written.text.is_empty() { Written::alone(b"") } else { written })
        }
        Some(other) => Err(format!("config.configuration: this is a {other}: {wanted}")),
        None => Err(format!("config.configuration: this has no \"@type\": {wanted}")),
    }
}
