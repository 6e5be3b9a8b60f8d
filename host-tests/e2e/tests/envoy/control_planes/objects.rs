//! The manifests of an example, validated as an API server does it strictly: unknown, missing and mistyped fields are refused.

use super::site::example;
use promward_harness::schema;
use serde_json::{Value, json};

/// The schemas, by version and kind of the object.
const SCHEMAS: &str = include_str!("schemas.yaml");

/// The objects of some manifests.
pub(super) struct Objects(Vec<Value>);

impl Objects {
    /// Reads the manifests in a file of an example.
    pub(super) fn read(file: &str) -> Self {
        let text = example(file);
        let objects: Vec<Value> =
            text.split("\n---\n").map(|document| serde_norway::from_str(document).unwrap()).collect();
        for object in &objects {
            assert_eq!(mistakes(object), [""; 0], "{file}");
        }
        Self(objects)
    }

    /// Returns these objects with those of another file in place of those of the same kind and name, and of these kinds.
    pub(super) fn with(mut self, others: Self, in_place_of: &[&str]) -> Self {
        let of = |object: &Value| (object["kind"].clone(), object["metadata"]["name"].clone());
        let replaced: Vec<_> = others.0.iter().map(of).collect();
        let goes = |object: &Value| {
            replaced.contains(&of(object)) || in_place_of.iter().any(|kind| object["kind"] == *kind)
        };
        self.0.retain(|object| !goes(object));
        self.0.extend(others.0);
        self
    }

    /// Returns the same objects with a change to those of a kind.
    pub(super) fn change(mut self, kind: &str, change: impl Fn(&mut Value)) -> Self {
        let changed = self.0.iter_mut().filter(|object| object["kind"] == kind);
        changed.for_each(|object| change(&mut object["spec"]));
        self
    }

    /// Returns the specifications of the objects of a kind.
    pub(super) fn all<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.0.iter().filter(move |object| object["kind"] == kind).map(|object| &object["spec"])
    }

    /// Returns the specification of the last object of a kind, or `null`.
    pub(super) fn one(&self, kind: &str) -> Value {
        self.all(kind).last().cloned().unwrap_or_default()
    }
}

fn mistakes(object: &Value) -> Vec<String> {
    let schemas: Value = serde_norway::from_str(SCHEMAS).unwrap();
    let text = |field: &str| object[field].as_str().unwrap_or_default();
    let kind = format!("{} {}", text("apiVersion"), text("kind"));
    match schemas.get(&kind) {
        Some(schema) => schema::mistakes(schema, object),
        None => vec![format!("there is no {kind}")],
    }
}

#[test]
fn what_an_api_server_refuses_is_refused() {
    let plugin = |spec: Value| {
        mistakes(&json!({
            "apiVersion": "extensions.istio.io/v1alpha1", "kind": "WasmPlugin", "metadata": { "name": "a" }, "spec": spec,
        }))
    };
    assert_eq!(
        plugin(json!({ "url": "a", "phase": "AUTHZ", "pluginConfig": { "any": ["thing"] } })),
        [""; 0]
    );
    for (spec, named) in [
        (json!({ "phase": "AUTHZ" }), "spec.url"),
        (json!({ "url": "a", "phase": "AUTHX" }), "AUTHX"),
        (json!({ "url": "a", "plugin_config": {} }), "spec.plugin_config"),
        (json!({ "url": "a", "targetRefs": [{ "kind": "b" }] }), "targetRefs[0].name"),
        (json!({ "url": 1 }), "spec.url"),
    ] {
        let mistakes = plugin(spec);
        assert!(mistakes.len() == 1 && mistakes[0].contains(named), "{named}: {mistakes:?}");
    }
    assert_eq!(mistakes(&json!({ "apiVersion": "v1", "kind": "WasmPlugin" })), ["there is no v1 WasmPlugin"]);
}
