//! The Envoy configuration that Istio's control plane makes of our manifests, as its sources have it: the configuration as sorted JSON in a
//! `StringValue`, an empty `vm_id`, the plugin behind the filter that verifies tokens, and buffers that are Envoy's own.

use super::objects::Objects;
use super::site::{Cluster, cluster, filter, listener, route_config, routes};
use serde_json::{Map, Value, json};

const CLUSTER: &str = "outbound|9090||prometheus.monitoring.svc.cluster.local";

/// The key under which Istio leaves the claims of every token.
const PAYLOAD: &str = "payload";

/// Makes a bootstrap file of the objects.
pub(super) fn made(objects: &Objects, of: &Cluster) -> Value {
    let (phase, plugin) = match objects.one("WasmPlugin") {
        Value::Null => {
            let extension = objects.one("TrafficExtension");
            (extension["phase"].clone(), extension["wasm"].clone())
        }
        plugin => (plugin["phase"].clone(), plugin),
    };
    let (wasm, tokens) = (wasm(&plugin, of), tokens(&objects.one("RequestAuthentication"), of));
    let mut filters = if phase == "AUTHN" { vec![wasm, tokens] } else { vec![tokens, wasm] };
    filters.push(filter("fault", "fault.v3.HTTPFault", json!({})));
    filters.push(filter("cors", "cors.v3.Cors", json!({})));
    filters.push(filter("router", "router.v3.Router", json!({})));
    let manager = json!({
        "use_remote_address": true,
        "normalize_path": true,
        "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
        "forward_client_cert_details": "SANITIZE_SET",
        "set_current_client_cert_details": { "subject": true, "cert": true, "dns": true, "uri": true },
        "server_name": "istio-envoy",
        "stream_idle_timeout": "0s",
        "upgrade_configs": [{ "upgrade_type": "websocket" }],
        "http_filters": filters,
        "route_config": route_config(objects, routes(objects, "https", CLUSTER, of.ports[0])),
    });
    json!({
        "static_resources": {
            "listeners": [listener("https", of.ports[0], Some(of.tls()), manager)],
            "clusters": [cluster(CLUSTER, of.prometheus)],
        },
    })
}

fn wasm(plugin: &Value, of: &Cluster) -> Value {
    let mut config = json!({
        "name": "monitoring.promward",
        "vm_config": of.vm(""),
        "failure_policy": match plugin["failStrategy"].as_str() {
            Some("FAIL_OPEN") => "FAIL_OPEN",
            Some("FAIL_RELOAD") => "FAIL_RELOAD",
            _ => "FAIL_CLOSED",
        },
    });
    // An empty one isn't sent.
    if plugin["pluginConfig"].as_object().is_some_and(|fields| !fields.is_empty()) {
        config["configuration"] = json!({
            "@type": "type.googleapis.com/google.protobuf.StringValue",
            "value": plugin["pluginConfig"].to_string(),
        });
    }
    filter("wasm", "wasm.v3.Wasm", json!({ "config": config }))
}

/// Makes the filter that verifies tokens. It lets a request without one pass, and refuses a wrong one.
fn tokens(authentication: &Value, of: &Cluster) -> Value {
    let mut providers = Map::new();
    let rules = authentication["jwtRules"].as_array().unwrap();
    assert_eq!(rules.len(), 1, "several are joined in another way");
    for (index, rule) in rules.iter().enumerate() {
        let headers = rule["fromHeaders"].as_array().unwrap().iter();
        let headers: Vec<_> = headers
            .map(|header| json!({ "name": header["name"], "value_prefix": header["prefix"] }))
            .collect();
        providers.insert(
            format!("origins-{index}"),
            json!({
                "issuer": rule["issuer"],
                "audiences": rule["audiences"],
                "from_headers": headers,
                "forward": rule["forwardOriginalToken"].as_bool().unwrap_or(false),
                "payload_in_metadata": PAYLOAD,
                "normalize_payload_in_metadata": { "space_delimited_claims": ["scope", "permission"] },
                "local_jwks": { "inline_string": of.jwks },
            }),
        );
    }
    let requires = json!({ "requires_any": { "requirements": [{ "provider_name": "origins-0" }, { "allow_missing": {} }] } });
    let config = json!({
        "providers": providers,
        "rules": [{ "match": { "prefix": "/" }, "requires": requires }],
        "bypass_cors_preflight": true,
    });
    filter("jwt_authn", "jwt_authn.v3.JwtAuthentication", config)
}
