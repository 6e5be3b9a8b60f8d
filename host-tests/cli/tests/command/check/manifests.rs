//! `promward check` reads objects of Kubernetes: plugins of Istio and Envoy Gateway, and files in a ConfigMap or a Secret. It
//! names the object and the field, and warns of what will hurt there.

use crate::check::envoys::EMPTY;
use crate::check::{checked, digest};
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

/// Callers with tokens of an issuer.
const JWT: &str = "callers: { jwt: { corp: { payload: payload, issuer: i, audience: a } } }";

/// Returns what is printed about a text with changes.
fn printed(text: &str, changes: &[(&str, &str)]) -> String {
    let text = changes.iter().fold(text.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "{old}");
        text.replacen(old, new, 1)
    });
    checked("m.yaml", &text)
}

fn warnings(text: &str, changes: &[(&str, &str)]) -> Vec<String> {
    let printed = printed(text, changes);
    assert!(printed.contains(": valid\n"), "{printed}");
    printed.lines().filter_map(|line| line.strip_prefix("  warning: ")).map(str::to_owned).collect()
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
fn what_istio_would_do_otherwise_than_is_meant_is_warned_of() {
    let tokens = ("    mounts", &*format!("    {JWT}\n    mounts"));
    let misnamed = tokens.1.replace("payload: payload", "payload: jwt");
    for (changes, said) in [
        (
            vec![("FAIL_RELOAD", "FAIL_CLOSE")],
            "spec.failStrategy: this is FAIL_CLOSE: a worker whose VM has failed answers 503",
        ),
        (vec![("  failStrategy: FAIL_RELOAD\n", "")], "spec.failStrategy: this is FAIL_CLOSE"),
        (vec![tokens, ("AUTHZ", "AUTHN")], "spec.phase: this is AUTHN, and callers.jwt needs tokens"),
        (
            vec![tokens, ("  phase: AUTHZ\n", "")],
            "spec.phase: this is UNSPECIFIED, and callers.jwt needs tokens",
        ),
        (
            vec![("    mounts", &misnamed)],
            "callers.jwt.corp.payload: Istio leaves the claims of a token under \"payload\"",
        ),
        (
            vec![("  phase", "  match: [{ mode: CLIENT, ports: [{ number: 443 }] }]\n  phase")],
            "spec.match: ports are those that the proxy itself listens on",
        ),
        (
            vec![("targetRefs", "match: []\n  unknown")],
            "spec.targetRefs: without it or a selector this runs in every proxy",
        ),
        (
            vec![("prefix: /prometheus", "prefix: /prometheus, cluster: a")],
            "mounts[0].cluster: no route here looks at it",
        ),
        (
            vec![
                ("prefix: /prometheus", "prefix: /prometheus, max_form: 1MiB"),
                ("[read]", "[read], only: { a: [b] }"),
            ],
            "mounts[0].max_form: forms, with 256 KiB",
        ),
        (
            vec![("    mounts", "    listener_writes_client: true\n    mounts")],
            "listener_writes_client: no early header",
        ),
    ] {
        let warnings = warnings(ISTIO, &changes);
        assert!(warnings.len() == 1 && warnings[0].starts_with(said), "{said}: {warnings:#?}");
    }
    assert_eq!(warnings(ISTIO, &[tokens]), [""; 0]);
    assert_eq!(warnings(ISTIO, &[]), [""; 0]);
}

#[test]
fn what_envoy_gateway_would_do_otherwise_than_is_meant_is_warned_of() {
    const SECURITY: &str = "---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: SecurityPolicy
metadata: { name: tokens }
spec: { jwt: { optional: true, providers: [{ name: corp, issuer: i, extractFrom: { headers: [] } }] } }
";
    let with_tokens = format!("{GATEWAY}{SECURITY}");
    let tokens = |payload: &str| format!("      {}\n      mounts", JWT.replace("payload: payload", payload));
    let (right, wrong) = (tokens("payload: corp"), tokens("payload: payload"));
    let buffer = "connection: { bufferLimit: 512Ki }, ";
    for (changes, said) in [
        (
            vec![(buffer, "")],
            "and spec.connection.bufferLimit of the ClientTrafficPolicy (not given) is 32768",
        ),
        (vec![("512Ki", "100k")], "and spec.connection.bufferLimit of the ClientTrafficPolicy is 100000"),
        (
            vec![("524288", "64Ki")],
            "and spec.http2.initialStreamWindowSize of the ClientTrafficPolicy is 65536",
        ),
        (
            vec![("      mounts", &wrong)],
            "no provider of this file is called \"payload\": no token will be found (providers here: corp)",
        ),
        (
            vec![("      mounts", &right), ("optional: true, ", "")],
            "spec.jwt.optional of the SecurityPolicy: a request without",
        ),
    ] {
        let warnings = warnings(&with_tokens, &changes);
        assert!(warnings.len() == 1 && warnings[0].contains(said), "{said}: {warnings:#?}");
    }
    assert_eq!(warnings(&with_tokens, &[("      mounts", &right)]), [""; 0]);
    let (policy, _) = GATEWAY.split_once("---").unwrap();
    assert_eq!(warnings(policy, &[]).len(), 2, "neither a buffer nor a window is given");
}

#[test]
fn tokens_of_an_issuer_that_nobody_verifies_and_tokens_in_urls_are_warned_of() {
    let istio = format!(
        "{ISTIO}---\napiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {{ name: a }}\nspec:\n  jwtRules: \
         [{{ issuer: i, fromHeaders: [{{ name: Authorization }}] }}]\n"
    )
    .replace("    mounts", &format!("    {JWT}\n    mounts"));
    let gateway = format!(
        "{GATEWAY}---\napiVersion: gateway.envoyproxy.io/v1alpha1\nkind: SecurityPolicy\nmetadata: {{ name: a }}\nspec: {{ jwt: {{ \
         optional: true, providers: [{{ name: payload, issuer: i, extractFrom: {{ headers: [] }} }}] }} }}\n"
    )
    .replace("      mounts", &format!("      {JWT}\n      mounts"));
    for (text, another, without, field) in [
        (
            &istio,
            "[{ issuer: j,",
            ", fromHeaders: [{ name: Authorization }]",
            "fromHeaders in the RequestAuthentication",
        ),
        (
            &gateway,
            "name: payload, issuer: j,",
            ", extractFrom: { headers: [] }",
            "extractFrom.headers in the SecurityPolicy",
        ),
    ] {
        assert_eq!(warnings(text, &[]), [""; 0]);
        let unverified = warnings(text, &[(&another.replace(" j,", " i,"), another)]);
        let said = "of this file is for \"i\": no token of it is verified";
        assert!(unverified.len() == 1 && unverified[0].ends_with(said), "{unverified:?}");
        let in_urls = warnings(text, &[(without, "")]);
        assert!(in_urls.len() == 1 && in_urls[0].starts_with(field), "{in_urls:?}");
    }
}

#[test]
fn a_route_that_a_stripped_path_does_not_find_is_warned_of() {
    let http_route = |path: &str| {
        format!(
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{ name: a }}\nspec:\n  rules:\n  - \
             matches: [{{ path: {{ type: PathPrefix, value: {path} }} }}]\n"
        )
    };
    let virtual_service = |uri: &str| {
        format!(
            "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{ name: a }}\nspec:\n  http:\n  - \
             match: [{{ uri: {{ {uri} }} }}]\n"
        )
    };
    let stripped =
        "mounts[0].prefix: the routes are looked at again for the path that is left, and none leads to /";
    let elsewhere = "mounts[0].prefix: no route of this file leads to /prometheus";
    let kept = [("prefix: /prometheus", "prefix: /prometheus, upstream_prefix: /prometheus")];
    for text in [ISTIO, GATEWAY] {
        for (route, said, said_of_kept) in [
            (http_route("/"), None, None),
            (http_route("/prometheus"), Some(stripped), None),
            (http_route("/prometheusX"), Some(elsewhere), Some(elsewhere)),
            (virtual_service("prefix: /"), None, None),
            (virtual_service("prefix: /prometheus/"), Some(stripped), None),
            (virtual_service("exact: /prometheus"), Some(elsewhere), Some(elsewhere)),
            (virtual_service("regex: .*"), None, None),
        ] {
            let text = format!("{text}{route}");
            for (changes, said) in [(&[][..], said), (&kept[..], said_of_kept)] {
                let warnings = warnings(&text, changes);
                assert_eq!(warnings.len(), usize::from(said.is_some()), "{route}: {warnings:#?}");
                assert!(
                    warnings.iter().all(|warning| warning.starts_with(said.unwrap())),
                    "{route}: {warnings:#?}"
                );
            }
        }
    }
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
