//! Envoy's configuration for the traces.

use std::path::Path;

use crate::envoy::traces::script::{BUFFER_LIMIT, Mode};

/// Returns Envoy's configuration: the probe, then the router to the upstream, without timeouts.
pub(super) fn configure(listener: u16, upstream: u16, module: &Path, mode: Mode) -> String {
    let address =
        |port: u16| serde_json::json!({"socket_address": {"address": "127.0.0.1", "port_value": port}});
    let http2 = serde_json::json!({"initial_stream_window_size": BUFFER_LIMIT});
    let wasm = serde_json::json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
        "config": {
            "name": "plugin", "root_id": "root", "failure_policy": "FAIL_CLOSED",
            "allow_on_headers_stop_iteration": mode == Mode::StopIteration,
            "vm_config": {
                "vm_id": "vm", "runtime": "envoy.wasm.runtime.v8",
                "code": {"local": {"filename": module}},
            },
        },
    });
    let manager = serde_json::json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "probe", "codec_type": "HTTP2", "http2_protocol_options": http2,
        "stream_idle_timeout": "0s",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [{
            "match": {"prefix": "/"}, "route": {"cluster": "upstream", "timeout": "0s"},
        }]}]},
        "http_filters": [
            {"name": "probe", "typed_config": wasm},
            {"name": "router", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}},
        ],
    });
    let options = serde_json::json!({
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http2_protocol_options": http2},
    });
    serde_json::json!({
        "static_resources": {
            "listeners": [{
                "name": "probe", "address": address(listener),
                "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
            }],
            "clusters": [{
                "name": "upstream", "connect_timeout": "5s",
                "load_assignment": {"cluster_name": "upstream", "endpoints": [{"lb_endpoints": [
                    {"endpoint": {"address": address(upstream)}},
                ]}]},
                "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options},
            }],
        },
    })
    .to_string()
}
