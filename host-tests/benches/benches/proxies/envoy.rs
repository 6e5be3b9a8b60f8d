//! Envoy with the shipped listener, with promward or with a replacement of it. Its access log is off, as those of the
//! other proxies are.

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use promward::api::endpoint::Content;
use promward::response::security::{Frames, Security};
use promward::target::header_edits::HeaderName;
use promward::target::origin::UrlScheme;
use promward_benches::costs;
use promward_harness::envoy::CONFIGURATION;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use serde_json::json;
use serde_norway::Value;
use std::net::SocketAddr;
use std::path::Path;

/// The filter before the router.
pub(crate) enum Filter<'a> {
    /// No filter; the route rewrites the prefix.
    None,
    /// No filter; the route rewrites the prefix and edits headers as promward does.
    Headers,
    /// The module at this path; the route rewrites the prefix.
    Empty(&'a Path),
    /// promward, with the shipped routes.
    Promward { module: &'a Path, configuration: &'a str },
    /// A Lua script that strips the prefix.
    Lua,
    /// Envoy's own filters for passwords and for access; the route rewrites the prefix.
    Own,
}

/// The path to the listener in the shipped file. The next ones lead to its connection manager and so on.
const LISTENER: &[&str] = &["static_resources", "listeners", "0"];
const TLS: &[&str] = &["filter_chains", "0", "transport_socket", "typed_config", "common_tls_context"];
const MANAGER: &[&str] = &["filter_chains", "0", "filters", "0", "typed_config"];
const CLUSTER: &[&str] = &["static_resources", "clusters", "0"];
const ENDPOINT: &[&str] = &["load_assignment", "endpoints", "0", "lb_endpoints", "0", "endpoint"];

/// A route that does what the guide's nginx does, and one for a path that a filter has already rewritten.
const REWRITES: &str =
    r#"[{ match: { prefix: "/prometheus/" }, route: { cluster: prometheus, prefix_rewrite: "/" } }]"#;
const GOES: &str = r#"[{ match: { prefix: "/" }, route: { cluster: prometheus } }]"#;

const LUA: &str = r#"
name: envoy.filters.http.lua
typed_config:
  "@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua
  default_source_code:
    inline_string: |
      function envoy_on_request(handle)
        local path = handle:headers():get(":path")
        if path:sub(1, 12) == "/prometheus/" then
          handle:headers():replace(":path", path:sub(12))
        else
          handle:respond({ [":status"] = "404" }, "not found")
        end
      end
"#;

const EMPTY: &str = r#"
name: empty
typed_config:
  "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
  config:
    root_id: empty
    vm_config:
      vm_id: empty
      runtime: envoy.wasm.runtime.v8
      code: { local: { filename: MODULE } }
"#;

/// Filters for passwords and access. The SHA-1 is of the password of [`costs::USER`](promward_benches::costs::USER).
const PASSWORD: &str = r#"
name: envoy.filters.http.basic_auth
typed_config:
  "@type": type.googleapis.com/envoy.extensions.filters.http.basic_auth.v3.BasicAuth
  users: { inline_string: "alice:{SHA}DIGEST" }
  forward_username_header: x-user
"#;

const RIGHTS: &str = r#"
name: envoy.filters.http.rbac
typed_config:
  "@type": type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC
  rules:
    action: ALLOW
    policies:
      read:
        permissions: [{ url_path: { path: { prefix: "/prometheus/api/v1/" } } }]
        principals: [{ header: { name: x-user, string_match: { exact: alice } } }]
"#;

/// Returns the configuration with this filter, at these addresses.
pub(crate) fn configuration(
    filter: &Filter<'_>,
    listener: SocketAddr,
    admin: SocketAddr,
    upstream: SocketAddr,
    certificates: &Path,
) -> Result<String> {
    let mut file: Value = serde_norway::from_str(CONFIGURATION).context("the shipped file is no YAML")?;
    at(&mut file, &["static_resources", "listeners"])?
        .as_sequence_mut()
        .context("the shipped file has listeners")?
        .truncate(1);
    set(at(&mut file, &["admin"])?, "address", address(admin)?)?;
    // Reports of statistics, which no request is for, would be counted in some rounds and not in others.
    set(&mut file, "stats_flush_interval", Value::from("299s"))?;
    set(at(&mut file, &[CLUSTER, ENDPOINT].concat())?, "address", address(upstream)?)?;
    let shipped = at(&mut file, LISTENER)?;
    set(shipped, "address", address(listener)?)?;
    let tls = at(shipped, TLS)?;
    remove(tls, "tls_certificate_sds_secret_configs")?;
    let name = |end: &str| certificates.join(format!("example.com.{end}")).display().to_string();
    let files = format!(
        "[{{ certificate_chain: {{ filename: {} }}, private_key: {{ filename: {} }} }}]",
        name("crt"),
        name("key")
    );
    set(tls, "tls_certificates", yaml(&files)?)?;
    let manager = at(shipped, MANAGER)?;
    remove(manager, "access_log")?;
    let (mut filters, routes) = match filter {
        Filter::Promward { module, configuration } => {
            let config = at(manager, &["http_filters", "0", "typed_config", "config"])?;
            set(at(config, &["configuration"])?, "value", Value::from(*configuration))?;
            let code = at(config, &["vm_config", "code", "local"])?;
            set(code, "filename", Value::from(module.display().to_string()))?;
            return Ok(serde_norway::to_string(&file)?);
        }
        Filter::None => (vec![], yaml(REWRITES)?),
        Filter::Headers => (vec![], rewrites_and_edits()?),
        Filter::Empty(module) => {
            (vec![yaml(&EMPTY.replace("MODULE", &module.display().to_string()))?], yaml(REWRITES)?)
        }
        Filter::Lua => (vec![yaml(LUA)?], yaml(GOES)?),
        Filter::Own => {
            (vec![yaml(&PASSWORD.replace("DIGEST", &sha1(costs::PASSWORD)))?, yaml(RIGHTS)?], yaml(REWRITES)?)
        }
    };
    let shipped = at(manager, &["http_filters"])?.as_sequence_mut();
    filters.push(shipped.and_then(Vec::pop).context("the shipped file has no router")?);
    set(manager, "http_filters", Value::from(filters))?;
    remove(manager, "early_header_mutation_extensions")?;
    let hosts = at(manager, &["route_config", "virtual_hosts"])?;
    hosts.as_sequence_mut().context("the shipped file has no list of hosts")?.truncate(1);
    let host = at(hosts, &["0"])?;
    remove(host, "typed_per_filter_config")?;
    set(host, "routes", routes)?;
    Ok(serde_norway::to_string(&file)?)
}

/// Returns the route that rewrites the prefix and edits headers as promward does by default.
fn rewrites_and_edits() -> Result<Value> {
    let header = |(name, value): (&str, &str)| json!({ "header": { "key": name, "value": value }, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD" });
    let request = [("x-forwarded-host", "%REQ(:AUTHORITY)%"), ("x-forwarded-prefix", "/prometheus")];
    let security = Security::new(None, None, Frames::Nobody);
    let answer = security.headers(Content::Fresh, UrlScheme::Https);
    let answer =
        answer.iter().map(|(name, value)| header((HeaderName::from(*name).as_str(), value.as_str())));
    let mut routes = yaml(REWRITES)?;
    for (field, edits) in [
        ("request_headers_to_add", json!(request.map(header))),
        ("request_headers_to_remove", json!(["authorization", "cookie", "x-envoy-internal"])),
        ("response_headers_to_add", answer.collect()),
        ("response_headers_to_remove", json!(["x-envoy-upstream-service-time"])),
    ] {
        set(at(&mut routes, &["0"])?, field, yaml(&edits.to_string())?)?;
    }
    Ok(routes)
}

fn sha1(text: &str) -> String {
    STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()))
}

fn address(address: SocketAddr) -> Result<Value> {
    let (ip, port) = (address.ip(), address.port());
    yaml(&format!("{{ socket_address: {{ address: \"{ip}\", port_value: {port} }} }}"))
}

fn yaml(text: &str) -> Result<Value> {
    serde_norway::from_str(text).with_context(|| format!("this is no YAML: {text}"))
}

/// Returns the value at the end of this path. A number is a position in a list.
fn at<'a>(value: &'a mut Value, path: &[&str]) -> Result<&'a mut Value> {
    path.iter().try_fold(value, |value, name| {
        match name.parse::<usize>() {
            Ok(place) => value.get_mut(place),
            Err(_) => value.get_mut(*name),
        }
        .with_context(|| format!("the shipped file has no {}", path.join(".")))
    })
}

fn set(value: &mut Value, name: &str, new: Value) -> Result<()> {
    value.as_mapping_mut().context("a field is one of an object's")?.insert(name.into(), new);
    Ok(())
}

fn remove(value: &mut Value, name: &str) -> Result<()> {
    let fields = value.as_mapping_mut().context("a field is one of an object's")?;
    fields.remove(name).with_context(|| format!("the shipped file has no {name}"))?;
    Ok(())
}
