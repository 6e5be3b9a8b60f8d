//! The Envoy configuration that Envoy Gateway makes of our manifests, as its sources and their recorded outputs have it: the configuration as JSON in
//! a `StringValue`, the filter's name as `vm_id`, a filter that only the routes of a policy switch on, claims under the
//! provider's name, and small buffers unless a policy says otherwise.

use super::objects::Objects;
use super::site::{Cluster, cluster, filter, listener, route_config, routes};
use serde_json::{Value, json};

const CLUSTER: &str = "httproute/monitoring/prometheus/rule/0";
const WASM: &str = "envoyextensionpolicy/monitoring/prometheus/wasm/0";

/// The names under which the filter that verifies tokens has its provider and its requirement.
const PROVIDER: &str = "corp_0123456789abcdef";
const REQUIREMENT: &str = "corp-or-missing_0123456789abcdef";

/// Makes a bootstrap file of the objects.
pub(super) fn made(objects: &Objects, of: &Cluster) -> Value {
    let policy = objects.one("ClientTrafficPolicy");
    let mut served = routes(objects, "https", CLUSTER, of.ports[0]);
    for route in &mut served {
        route["typed_per_filter_config"] = json!({
            "envoy.filters.http.jwt_authn": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig",
                "requirement_name": REQUIREMENT,
            },
            format!("envoy.filters.http.wasm/{WASM}"): {
                "@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig",
                "config": {},
            },
        });
        route["route"]["upgrade_configs"] = json!([{ "upgrade_type": "websocket" }]);
    }
    let redirect = routes(objects, "http", CLUSTER, of.ports[0]);
    let filters = [tokens(&objects.one("SecurityPolicy"), of), wasm(objects, of), router()];
    let mut https =
        listener("https", of.ports[0], Some(of.tls()), manager(objects, &policy, &filters, served));
    let mut http = listener("http", of.ports[1], None, manager(objects, &policy, &[router()], redirect));
    let mut upstream = cluster(CLUSTER, of.prometheus);
    let limit = bytes(&policy["connection"]["bufferLimit"], 32 * 1024);
    for (bounded, limit) in [(&mut https, limit), (&mut http, limit), (&mut upstream, 32 * 1024)] {
        bounded["per_connection_buffer_limit_bytes"] = json!(limit);
    }
    json!({ "static_resources": { "listeners": [https, http], "clusters": [upstream] } })
}

fn manager(objects: &Objects, policy: &Value, filters: &[Value], routes: Vec<Value>) -> Value {
    let slashes = match policy["path"]["escapedSlashesAction"].as_str() {
        Some("RejectRequest") => "REJECT_REQUEST",
        _ => "UNESCAPE_AND_REDIRECT",
    };
    json!({
        "use_remote_address": true,
        "normalize_path": true,
        "merge_slashes": true,
        "path_with_escaped_slashes_action": slashes,
        "common_http_protocol_options": { "headers_with_underscores_action": "REJECT_REQUEST" },
        "http2_protocol_options": {
            "initial_connection_window_size": 1_048_576,
            "initial_stream_window_size": bytes(&policy["http2"]["initialStreamWindowSize"], 64 * 1024),
            "max_concurrent_streams": 100,
        },
        "server_header_transformation": "PASS_THROUGH",
        "http_filters": filters,
        "route_config": route_config(objects, routes),
    })
}

fn router() -> Value {
    filter("router", "router.v3.Router", json!({ "suppress_envoy_headers": true }))
}

fn wasm(objects: &Objects, of: &Cluster) -> Value {
    let plugin = &objects.one("EnvoyExtensionPolicy")["wasm"][0];
    // Without a configuration an empty text is sent.
    let value = if plugin["config"].is_null() { String::new() } else { plugin["config"].to_string() };
    let config = json!({
        "name": plugin["name"],
        "vm_config": of.vm(WASM),
        "configuration": { "@type": "type.googleapis.com/google.protobuf.StringValue", "value": value },
        "fail_open": plugin["failOpen"].as_bool().unwrap_or(false),
    });
    let mut filter = filter(&format!("wasm/{WASM}"), "wasm.v3.Wasm", json!({ "config": config }));
    filter["disabled"] = json!(true);
    filter
}

/// Makes the filter that verifies tokens.
fn tokens(policy: &Value, of: &Cluster) -> Value {
    let jwt = &policy["jwt"];
    let provider = &jwt["providers"][0];
    let headers = provider["extractFrom"]["headers"].as_array().unwrap().iter();
    let headers: Vec<_> = headers
        .map(|header| json!({ "name": header["name"], "value_prefix": header["valuePrefix"] }))
        .collect();
    let requirement = match jwt["optional"].as_bool() {
        Some(true) => {
            json!({ "requires_any": { "requirements": [{ "provider_name": PROVIDER }, { "allow_missing": {} }] } })
        }
        _ => json!({ "provider_name": PROVIDER }),
    };
    let config = json!({
        "providers": { PROVIDER: {
            "issuer": provider["issuer"],
            "audiences": provider["audiences"],
            "from_headers": headers,
            "forward": true,
            "payload_in_metadata": provider["name"],
            "normalize_payload_in_metadata": { "space_delimited_claims": ["scope", "scp"] },
            "local_jwks": { "inline_string": of.jwks },
        } },
        "requirement_map": { REQUIREMENT: requirement },
    });
    filter("jwt_authn", "jwt_authn.v3.JwtAuthentication", config)
}

/// Reads a quantity like `512Ki`.
fn bytes(quantity: &Value, usual: u64) -> u64 {
    match quantity.as_str() {
        Some(text) => text.strip_suffix("Ki").unwrap().parse::<u64>().unwrap() * 1024,
        None => quantity.as_u64().unwrap_or(usual),
    }
}
