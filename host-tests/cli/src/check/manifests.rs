//! Finds configurations in objects of Kubernetes: in the plugins of Istio and Envoy Gateway, and in files that a ConfigMap or a
//! Secret holds. Other objects of the same file say what the control planes put around the plugins.

mod envoy_gateway;
pub(super) mod files;
mod istio;
mod routes;
mod tokens;

use super::Written;
use super::placed::Placed;
use super::structure;
use promward::gateway::Gateway;
use serde_norway::Value;

/// Returns `true` if a value is an object of Kubernetes.
pub(super) fn is_object(value: &Value) -> bool {
    ["apiVersion", "kind"].iter().all(|field| value.get(field).is_some_and(Value::is_string))
}

/// Returns the configurations of the plugins among the objects of a file.
pub(super) fn placed(name: &str, documents: &[Value]) -> Vec<Placed> {
    let objects: Vec<&Value> = documents.iter().flat_map(objects).collect();
    let mut placed = Vec::new();
    for object in &objects {
        match kind(object) {
            ("extensions.istio.io", "WasmPlugin") => placed.extend(istio::of_plugin(name, object, &objects)),
            ("extensions.istio.io", "TrafficExtension") => {
                placed.extend(istio::of_extension(name, object, &objects));
            }
            ("gateway.envoyproxy.io", "EnvoyExtensionPolicy") => {
                placed.extend(envoy_gateway::of_policy(name, object, &objects));
            }
            _ => {}
        }
    }
    placed
}

/// Returns the files with a configuration that objects of a file hold.
pub(super) fn files(name: &str, documents: &[Value]) -> Vec<files::File> {
    let holds_files = |object: &&Value| matches!(kind(object), ("", "ConfigMap" | "Secret"));
    let objects = documents.iter().flat_map(objects).filter(holds_files);
    objects.flat_map(|object| files::of(name, object)).collect()
}

/// Returns the objects of a document, which may be a list of them.
fn objects(document: &Value) -> Vec<&Value> {
    match (kind(document), document.get("items").and_then(Value::as_sequence)) {
        ((_, "List"), Some(items)) => items.iter().collect(),
        _ => vec![document],
    }
}

/// Returns the group of an object's API, which is empty for Kubernetes' own, and its kind.
fn kind(object: &Value) -> (&str, &str) {
    let text = |field| object.get(field).and_then(Value::as_str).unwrap_or_default();
    (text("apiVersion").rsplit_once('/').map_or("", |(group, _)| group), text("kind"))
}

/// Returns the place of a field of an object, in words.
fn place(name: &str, object: &Value, field: &str) -> String {
    let text = |field| object.get("metadata").and_then(|metadata| metadata.get(field)?.as_str());
    let namespace = text("namespace").map(|namespace| format!("{namespace}/")).unwrap_or_default();
    let (_, kind) = kind(object);
    format!("{name}: {kind} \"{namespace}{}\" ({field})", text("name").unwrap_or_default())
}

/// Returns the value at the end of a path of names.
fn at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, name| value.get(name))
}

/// Returns the text at the end of a path of names.
fn text_at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a str> {
    at(value, path)?.as_str()
}

/// Returns the configuration in a field of a plugin, as a control plane sends it. One that is missing or has no field is not
/// sent, and the filter refuses that by name.
fn configuration(value: Option<&Value>, field: &str) -> Result<Written, String> {
    match value {
        None | Some(Value::Null) => Ok(Written { text: Vec::new(), field: Some(field.to_owned()) }),
        Some(Value::Mapping(fields)) if fields.is_empty() => configuration(None, field),
        Some(value @ Value::Mapping(_)) => {
            Ok(Written { text: structure::json_of_go(value).into_bytes(), field: Some(field.to_owned()) })
        }
        Some(_) => {
            Err(format!("{field}: this is no object: write mounts, access and the other fields below it"))
        }
    }
}

/// Returns the error about a field that lets requests through while the filter fails.
fn fails_open(field: &str, value: &str, instead: &str) -> String {
    format!("{field}: {value} lets every request through unchecked while the filter fails: {instead}")
}

/// Returns a warning for each mount that names a cluster, which only the routes of the shipped Envoy file look at.
fn needless_clusters(gateway: &Gateway) -> Vec<String> {
    let naming = gateway.mounts.iter().filter(|(_, mount)| mount.cluster.is_some());
    let warning = |index: usize| {
        format!(
            "mounts[{index}].cluster: no route here looks at it, and it goes on to the server as a header: leave it out"
        )
    };
    naming.map(|(id, _)| warning(id.0)).collect()
}
