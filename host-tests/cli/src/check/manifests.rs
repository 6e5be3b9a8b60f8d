//! Finds configurations in objects of Kubernetes: in the plugins of Istio and Envoy Gateway, and in files that a ConfigMap or a
//! Secret holds. Other objects of the same file say what the control planes put around the plugins.

mod envoy_gateway;
pub(super) mod files;
mod istio;
mod routes;
mod tokens;

use super::listener::Surroundings;
use super::placed::Placed;
use promward::gateway::Gateway;
use routes::Routes;
use serde_norway::Value;
use tokens::Verification;

/// The objects around a plugin, as far as its configuration depends on them.
struct Around {
    tokens: Verification,
    routes: Routes,
    surroundings: Surroundings,
}

impl Around {
    /// Returns a warning for each thing around a plugin that doesn't fit its configuration.
    fn warnings(&self, gateway: &Gateway) -> Vec<String> {
        [
            self.tokens.warnings(gateway),
            needless_clusters(gateway),
            self.routes.warnings(&gateway.mounts),
            self.surroundings.warnings(gateway),
        ]
        .concat()
    }
}

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

/// Returns the items of the list at the end of a path of names, or none if there is no list.
fn items_at<'a>(value: &'a Value, path: &[&str]) -> &'a [Value] {
    at(value, path).and_then(Value::as_sequence).map_or(&[], Vec::as_slice)
}

/// Returns the objects of this group and kind.
fn of_kind<'a>(objects: &[&'a Value], group: &str, name: &str) -> Vec<&'a Value> {
    objects.iter().copied().filter(|object| kind(object) == (group, name)).collect()
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
