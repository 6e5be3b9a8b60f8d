//! `promward check` reads objects of Kubernetes: plugins of Istio and Envoy Gateway, and files in a ConfigMap or a Secret. It
//! names the object and the field, and warns of what will hurt there.

mod around;

use crate::check::envoys::EMPTY;
use crate::check::{changed, checked, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use promward_cli::check;
use promward_cli::policy::Policy;
use std::fs;

const JSON: &str = r#"{"access":[{"may":["read"],"who":["anyone"]}],"mounts":[{"prefix":"/prometheus"}]}"#;

/// A plugin of Istio about which there is nothing to say.
const ISTIO: &str = "
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: { name: guard, namespace: ingress }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: site }]
  url: oci://registry.example.com/promward
  phase: AUTHZ
  failStrategy: FAIL_RELOAD
  pluginConfig:
    mounts: [{ prefix: /prometheus }] # the guide's
    access: [{ who: [anyone], may: [read] }]
";

/// The same of Envoy Gateway.
const GATEWAY: &str = "
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: EnvoyExtensionPolicy
metadata: { name: guard }
spec:
  wasm:
  - code: { type: Image, image: { url: registry.example.com/promward } }
    config:
      mounts: [{ prefix: /prometheus }]
      access: [{ who: [anyone], may: [read] }]
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: ClientTrafficPolicy
metadata: { name: clients }
spec: { connection: { bufferLimit: 512Ki }, http2: { initialStreamWindowSize: 524288 } }
";

/// Returns what is printed about a text with changes.
fn printed(text: &str, changes: &[(&str, &str)]) -> String {
    checked("m.yaml", &changed(text, changes))
}

#[test]
fn every_plugin_of_a_file_is_checked_and_named() {
    let extension = ISTIO
        .replace("WasmPlugin", "TrafficExtension")
        .replace("  url: ", "  wasm:\n    url: ")
        .replace("\n  failStrategy", "\n    failStrategy")
        .replace("\n  pluginConfig:", "\n    pluginConfig:")
        .replace("\n    mounts", "\n      mounts")
        .replace("\n    access", "\n      access")
        .replace("  phase: AUTHZ\n", "")
        .replace("spec:\n", "spec:\n  phase: AUTHZ\n");
    let whole = format!("{ISTIO}---{extension}---{GATEWAY}---\n");
    let digest = digest(JSON);
    assert_eq!(
        checked("m.yaml", &whole),
        format!(
            "m.yaml: WasmPlugin \"ingress/guard\" (spec.pluginConfig): valid\n{digest}\
             m.yaml: TrafficExtension \"ingress/guard\" (spec.wasm.pluginConfig): valid\n{digest}\
             m.yaml: EnvoyExtensionPolicy \"guard\" (spec.wasm[0].config): valid\n{digest}"
        )
    );
    for (text, field) in [
        (ISTIO, "spec.pluginConfig"),
        (&extension, "spec.wasm.pluginConfig"),
        (GATEWAY, "spec.wasm[0].config"),
    ] {
        let wrong = printed(text, &[("may: [read]", "may: [read, 4]")]);
        let said = format!("refused: {field}.access[0].may[1]: this is a number, where a text is needed\n");
        assert!(wrong.ends_with(&said), "{wrong}");
        let start = text.find("mounts").unwrap();
        let rest = text.find("may: [read] }]").unwrap() + "may: [read] }]".len();
        let without = format!("{}# none{}", &text[..start], &text[rest..]);
        let empty = checked("m.yaml", &without);
        assert!(empty.ends_with(&format!("refused: {field}: {EMPTY}\n")), "{empty}");
    }
}

#[test]
fn the_digest_is_of_the_text_that_the_control_planes_write() {
    let contact = "contact: \"<a> & b\"";
    let text = ISTIO.replace("    mounts", &format!("    {contact}\n    mounts"));
    let json = JSON.replace("\"mounts\"", r#""contact":"\u003ca\u003e \u0026 b","mounts""#);
    assert!(checked("m.yaml", &text).ends_with(&digest(&json)));
}

#[test]
fn a_plugin_that_fails_open_is_refused() {
    for (text, change, said) in [
        (ISTIO, ("FAIL_RELOAD", "FAIL_OPEN"), "spec.failStrategy: FAIL_OPEN"),
        (GATEWAY, ("  - code", "  - failOpen: true\n    code"), "spec.wasm[0].failOpen: true"),
    ] {
        let printed = printed(text, &[change]);
        assert!(
            printed.contains(&format!("refused: {said} lets every request through unchecked")),
            "{printed}"
        );
    }
}

#[test]
fn a_plugin_for_connections_is_refused() {
    let printed = printed(ISTIO, &[("FAIL_RELOAD", "FAIL_RELOAD\n  type: NETWORK")]);
    assert!(printed.contains("refused: spec.type: NETWORK makes it a filter of connections"), "{printed}");
}

#[test]
fn files_in_a_config_map_or_a_secret_are_checked_and_others_are_passed_over() {
    let lines = JSON.replace("],", "],\n    ");
    let config_map = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: policy, namespace: monitoring }}\ndata:\n  prometheus.yml: |\n    \
         scrape_configs: []\n  dashboard.json: '{{}}'\n  promward.json: |-\n    {lines}\n  ecds.yaml: |\n    resources:\n    - \
         name: promward\n      \"@type\": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm\n"
    );
    let text = lines.replace("\n    ", "\n");
    assert_eq!(
        checked("m.yaml", &config_map),
        format!(
            "m.yaml: ConfigMap \"monitoring/policy\" (data[\"promward.json\"]): valid\n{}\
             m.yaml: ConfigMap \"monitoring/policy\" (data[\"ecds.yaml\"]): filter without a name (resources[0]): refused: {EMPTY}\n",
            digest(&text)
        )
    );
    let secret = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{ name: policy }}\ndata: {{ promward.json: {} }}\nstringData: {{ broken.json: \
         '{{ \"mounts\": }}' }}\n",
        STANDARD.encode(JSON)
    );
    let printed = checked("m.yaml", &secret);
    assert!(printed.starts_with("m.yaml: Secret \"policy\" (data[\"promward.json\"]): valid\n"), "{printed}");
    let said =
        "m.yaml: Secret \"policy\" (stringData[\"broken.json\"]): refused: the configuration is not JSON";
    assert!(printed.contains(said), "{printed}");
}

#[test]
fn a_file_in_a_config_map_that_can_not_be_read_is_not_passed_over() {
    let wasm = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm";
    let config_map = |file: &str, text: &str| {
        let text = text.replace('\n', "\n    ");
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: policy }}\ndata:\n  promward.json: '{JSON}'\n  {file}: |\n    \
             {text}\n"
        )
    };
    for (file, text, said) in [
        (
            "ecds.yaml",
            format!("resources:\n- \"@type\": {wasm}\n  config: {{ name: a"),
            "this is neither JSON nor YAML",
        ),
        ("envoy.json", format!("{{ \"@type\": \"{wasm}\", }}}}"), "the configuration is not JSON"),
        ("policy", r#"{ "mounts": [], "access": [ }"#.to_owned(), "the configuration is not JSON"),
    ] {
        let printed = checked("m.yaml", &config_map(file, &text));
        let refused = format!("m.yaml: ConfigMap \"policy\" (data[{file:?}]): refused: {said}");
        assert!(printed.contains(&refused), "{printed}");
    }
    for (file, text) in [
        ("envoy.yaml", format!("config_discovery:\n  type_urls: [{wasm}]")),
        ("README.md", format!("`{wasm}`: a: [")),
        ("app.conf", r#"{ "access": "log" "#.to_owned()),
    ] {
        let printed = checked("m.yaml", &config_map(file, &text));
        assert!(!printed.contains("refused"), "{printed}");
    }
}

#[test]
fn a_list_of_objects_in_json_is_read_as_kubectl_prints_it() {
    let object: serde_json::Value = serde_norway::from_str(ISTIO).unwrap();
    let list = serde_json::json!({ "apiVersion": "v1", "kind": "List", "items": [object] });
    for (name, text) in
        [("m.json", list.to_string()), ("-", format!("{list:#}")), ("m.json", object.to_string())]
    {
        let printed = checked(name, &text);
        assert!(printed.contains("WasmPlugin \"ingress/guard\" (spec.pluginConfig): valid"), "{printed}");
    }
    let script = ISTIO.replace("WasmPlugin", "TrafficExtension");
    assert!(
        check::check("m.yaml", script.as_bytes()).unwrap_err().to_string().contains("without a filter in it")
    );
}

#[test]
fn policies_are_explained_and_tested_where_they_are() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("m.yaml");
    fs::write(&file, format!("{ISTIO}---{GATEWAY}")).unwrap();
    let said = Policy::of_file(&file, None).map(|_| ()).unwrap_err();
    assert!(said.contains("--filter has to say which filter is meant"), "{said}");
    let policy = Policy::of_file(&file, Some("WasmPlugin")).unwrap();
    assert_eq!(policy.gateway().mounts.iter().count(), 1);
    fs::write(&file, GATEWAY.replace("anyone", "all")).unwrap();
    let said = Policy::of_file(&file, None).map(|_| ()).unwrap_err();
    assert!(
        said.contains(
            "EnvoyExtensionPolicy \"guard\" (spec.wasm[0].config): refused: spec.wasm[0].config.access[0]"
        ),
        "{said}"
    );
}
