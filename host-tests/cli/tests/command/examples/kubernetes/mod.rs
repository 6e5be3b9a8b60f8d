//! The manifests of examples/kubernetes: each is valid, strictly, and they fit each other. [`pod`] runs the Envoy file of the
//! pod.

mod pod;
mod volumes;

use promward_harness::schema::mistakes;
use serde::Deserialize;
use serde_json::{Value, json};
use std::fs;

const SCHEMAS: &str = include_str!("schemas.yaml");

/// The files with objects of Kubernetes.
const MANIFESTS: [&str; 4] =
    ["kustomization.yaml", "prometheus.yaml", "network-policy.yaml", "monitoring.yaml"];

/// The values of charts.
const VALUES: [&str; 2] = ["values/kube-prometheus-stack.yaml", "values/prometheus.yaml"];

/// The label that every object finds the pod by.
const LABELS: &str = "/spec/template/metadata/labels";

fn text(file: &str) -> String {
    super::text(&format!("kubernetes/{file}"))
}

/// Returns the documents of a file.
fn documents(file: &str) -> Vec<Value> {
    documents_of(&text(file))
}

fn documents_of(text: &str) -> Vec<Value> {
    serde_norway::Deserializer::from_str(text).map(|document| Value::deserialize(document).unwrap()).collect()
}

/// Returns the object of this kind.
fn object(file: &str, kind: &str) -> Value {
    documents(file).into_iter().find(|document| document["kind"] == kind).unwrap()
}

/// Returns the container of this name in a list.
fn container(list: &Value, name: &str) -> Value {
    list.as_array().unwrap().iter().find(|container| container["name"] == name).unwrap().clone()
}

/// Returns the pod of the StatefulSet.
fn pod_spec() -> Value {
    object("prometheus.yaml", "StatefulSet")["spec"]["template"]["spec"].clone()
}

/// Returns the mistakes in an object, by the schema of its kind.
fn mistakes_of(object: &Value) -> Vec<String> {
    let [version, kind] = ["apiVersion", "kind"].map(|field| object[field].as_str().unwrap());
    mistakes(schema(&format!("{version} {kind}")).as_ref().unwrap(), object)
}

fn schema(name: &str) -> Option<Value> {
    let [schemas] = documents_of(SCHEMAS).try_into().unwrap();
    schemas.get(name).cloned()
}

#[test]
fn every_manifest_is_valid() {
    for file in MANIFESTS {
        for object in documents(file) {
            assert_eq!(mistakes_of(&object), [""; 0], "{file}");
        }
    }
    for file in VALUES {
        let [values] = documents(file).try_into().unwrap();
        assert_eq!(mistakes(&schema(file).unwrap(), &values), [""; 0], "{file}");
    }
}

#[test]
fn a_field_that_kubernetes_does_not_have_is_found() {
    let set = object("prometheus.yaml", "StatefulSet");
    for (pointer, wrong) in [
        (
            "/spec/template/spec/containers/1/readinessProbe/httpGet",
            json!({ "schema": "HTTPS", "port": "https" }),
        ),
        ("/spec/template/spec/containers/1/ports/0", json!({ "containerport": 8443 })),
        ("/spec/template/spec/volumes/4/secret/defaultMode", json!("0440")),
        ("/spec/replicas", json!("1")),
    ] {
        let mut spoiled = set.clone();
        *spoiled.pointer_mut(pointer).unwrap() = wrong;
        assert_ne!(mistakes_of(&spoiled), [""; 0], "{pointer}");
    }
}

#[test]
fn nobody_reaches_prometheus_but_by_envoy() {
    let pod = pod_spec();
    let [prometheus, envoy] = ["prometheus", "envoy"].map(|name| container(&pod["containers"], name));
    let listens = json!("--web.listen-address=127.0.0.1:9090");
    assert!(prometheus["args"].as_array().unwrap().contains(&listens));
    assert!(prometheus["ports"].is_null());
    assert_eq!(envoy["ports"], json!([{ "name": "https", "containerPort": 8443 }]));
    let policy = object("network-policy.yaml", "NetworkPolicy")["spec"].clone();
    let labels = object("prometheus.yaml", "StatefulSet").pointer(LABELS).unwrap().clone();
    assert_eq!(policy["podSelector"]["matchLabels"], labels);
    assert_eq!(policy["policyTypes"], json!(["Ingress"]));
    assert_eq!(policy["ingress"], json!([{ "ports": [{ "protocol": "TCP", "port": 8443 }] }]));
    let service = object("prometheus.yaml", "Service")["spec"].clone();
    assert_eq!(service["selector"], labels);
    assert_eq!(service["ports"], json!([{ "name": "https", "port": 443, "targetPort": "https" }]));
    let [stack] = documents(VALUES[0]).try_into().unwrap();
    assert_eq!(stack.pointer("/prometheus/prometheusSpec/listenLocal"), Some(&json!(true)));
    assert_eq!(stack.pointer("/prometheus/service/targetPort"), Some(&json!(8443)));
    let [chart] = documents(VALUES[1]).try_into().unwrap();
    assert_eq!(chart["server"]["extraArgs"]["web.listen-address"], "127.0.0.1:9091");
}

#[test]
fn the_charts_have_the_same_sidecar() {
    let pod = pod_spec();
    let envoy = container(&pod["containers"], "envoy");
    let volumes: Vec<_> = pod["volumes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|volume| volume["name"] != "configuration")
        .collect();
    let [stack] = documents(VALUES[0]).try_into().unwrap();
    let spec = &stack["prometheus"]["prometheusSpec"];
    assert_eq!(spec["containers"], json!([envoy]));
    assert_eq!(spec["volumes"], json!(volumes));
    let [chart] = documents(VALUES[1]).try_into().unwrap();
    let mut sidecar = chart["server"]["sidecarContainers"]["envoy"].clone();
    // Its name is the key, and its port the one that the chart's service and probes go to.
    sidecar["name"] = json!("envoy");
    sidecar["ports"][0]["containerPort"] = json!(8443);
    assert_eq!(sidecar, envoy);
    assert_eq!(chart["server"]["extraVolumes"], json!(volumes));
}

#[test]
fn the_rule_has_the_shipped_alerts() {
    let path = promward_module::workspace().unwrap().join("envoy/dashboards/promward/alerts.yml");
    let [shipped] = documents_of(&fs::read_to_string(path).unwrap()).try_into().unwrap();
    assert_eq!(object("monitoring.yaml", "PrometheusRule")["spec"], shipped);
}
