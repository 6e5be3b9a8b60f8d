//! Recognises Envoy files and the Wasm filters in them, and reads fields in either spelling.

use serde_norway::Value;

/// The protobuf type of Envoy's Wasm filter for HTTP.
pub(super) const WASM: &str = "envoy.extensions.filters.http.wasm.v3.Wasm";

/// Fields of a whole Envoy file, in both spellings that Envoy reads. A configuration of promward has none of them.
const ENVOYS: [&str; 6] =
    ["static_resources", "staticResources", "dynamic_resources", "dynamicResources", "resources", "@type"];

/// Returns `true` if a JSON object is an Envoy file.
pub(super) fn is_envoys(value: &Value) -> bool {
    ENVOYS.iter().any(|field| value.get(field).is_some()) || holds_type(value, WASM)
}

/// Returns `true` if a message of this protobuf type is anywhere in a value.
pub(super) fn holds_type(value: &Value, name: &str) -> bool {
    type_of(value) == Some(name)
        || match value {
            Value::Mapping(fields) => {
                fields.iter().any(|(field, value)| field.is_string() && holds_type(value, name))
            }
            Value::Sequence(items) => items.iter().any(|item| holds_type(item, name)),
            _ => false,
        }
}

/// Returns `true` if a value is a Wasm filter.
pub(super) fn is_filter(value: &Value) -> bool {
    type_of(value) == Some(WASM)
}

/// Returns the name of a value's protobuf type, without the host that an `@type` may begin with.
pub(super) fn type_of(value: &Value) -> Option<&str> {
    value.get("@type")?.as_str()?.rsplit('/').next()
}

/// Returns a field by either of the two spellings that Envoy reads.
pub(super) fn either<'a>(value: &'a Value, snake: &str, camel: &str) -> Option<&'a Value> {
    value.get(snake).or_else(|| value.get(camel))
}
