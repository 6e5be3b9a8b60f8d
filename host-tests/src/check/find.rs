//! Finds promward's configuration in a file of Envoy's: a bootstrap file, a resource of a filter that is discovered, or
//! whatever else holds a Wasm filter somewhere.

use serde_norway::Value;
use std::fmt;

/// The type of Envoy's Wasm filter for HTTP.
pub(super) const WASM: &str = "envoy.extensions.filters.http.wasm.v3.Wasm";

/// Fields of a whole file of Envoy's, in both spellings that Envoy reads. A configuration of promward has none of them.
const ENVOYS: [&str; 6] =
    ["static_resources", "staticResources", "dynamic_resources", "dynamicResources", "resources", "@type"];

/// A Wasm filter in a file.
pub(super) struct Filter {
    name: Option<String>,
    path: String,
    /// The JSON that the filter will get, or why it gets none.
    pub(super) configuration: Result<String, String>,
}

impl fmt::Display for Filter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(formatter, "filter {name:?} ({})", self.path),
            None => write!(formatter, "filter without a name ({})", self.path),
        }
    }
}

/// Whether a JSON object is a file of Envoy's.
pub(super) fn is_envoys(value: &Value) -> bool {
    ENVOYS.iter().any(|field| value.get(field).is_some()) || !filters(value).is_empty()
}

/// Every Wasm filter in a document, in its order.
pub(super) fn filters(document: &Value) -> Vec<Filter> {
    let mut found = Vec::new();
    search(document, "", None, &mut found);
    found
}

/// Searches `value`, which stands at `path` in something that is called `name`.
fn search(value: &Value, path: &str, name: Option<&str>, found: &mut Vec<Filter>) {
    match value {
        Value::Mapping(_) if is_wasm(value) => found.push(Filter {
            name: name.or_else(|| value.get("config")?.get("name")?.as_str()).map(str::to_owned),
            path: if path.is_empty() { "the whole file".to_owned() } else { path.to_owned() },
            configuration: configuration(value),
        }),
        Value::Mapping(fields) => {
            let name = value.get("name").and_then(Value::as_str);
            for (field, value) in fields {
                let Some(field) = field.as_str() else { continue };
                let separator = if path.is_empty() { "" } else { "." };
                search(value, &format!("{path}{separator}{field}"), name, found);
            }
        }
        Value::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                search(item, &format!("{path}[{index}]"), name, found);
            }
        }
        _ => {}
    }
}

fn is_wasm(value: &Value) -> bool {
    type_of(value) == Some(WASM)
}

/// The name of a value's protobuf type, without the host that an `@type` may begin with.
fn type_of(value: &Value) -> Option<&str> {
    value.get("@type")?.as_str()?.rsplit('/').next()
}

/// The text that Envoy hands to a Wasm filter as its configuration.
fn configuration(filter: &Value) -> Result<String, String> {
    let Some(configuration) = filter.get("config").and_then(|config| config.get("configuration")) else {
        // The filter is told nothing then, and says so in its own words.
        return Ok(String::new());
    };
    let wanted = "use \"@type\": type.googleapis.com/google.protobuf.StringValue, with the JSON as the text of its \"value\"";
    match type_of(configuration) {
        Some("google.protobuf.StringValue") => match configuration.get("value") {
            None => Ok(String::new()),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(_) => Err(
                "config.configuration.value: this is no text: write the JSON as a block scalar (value: |)"
                    .to_owned(),
            ),
        },
        Some("google.protobuf.Struct") => Err(format!(
            "config.configuration: this is a google.protobuf.Struct, which Envoy passes on as protobuf: {wanted}"
        )),
        Some(other) => Err(format!("config.configuration: this is a {other}: {wanted}")),
        None => Err(format!("config.configuration: this has no \"@type\": {wanted}")),
    }
}
