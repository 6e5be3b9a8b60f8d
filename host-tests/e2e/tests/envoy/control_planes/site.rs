//! A running Envoy with what a control plane makes of manifests, an issuer of tokens, and a client for it.

use super::objects::Objects;
use promward_harness::certificates::Authority;
use promward_harness::client::{Answer, Client, Request};
use promward_harness::jwt::Issuer;
use promward_harness::process::{self, Process};
use promward_harness::tools::{self, Program};
use serde_json::{Value, json};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// The cluster of a control plane: addresses, secrets, and files that it has fetched.
pub(super) struct Cluster {
    /// The module, in place of the image.
    pub(super) module: PathBuf,
    /// The keys of the issuer, in place of the URL.
    pub(super) jwks: String,
    /// The server behind the service `prometheus`.
    pub(super) prometheus: SocketAddr,
    /// The ports of https, of http and of the admin.
    pub(super) ports: [u16; 3],
    directory: PathBuf,
}

/// Makes the filters, the routes and the clusters of a bootstrap file from manifests.
pub(super) type ControlPlane = fn(&Objects, &Cluster) -> Value;

/// A running Envoy, configured by a control plane, with an issuer of tokens.
pub(super) struct Site {
    pub(super) envoy: Process,
    pub(super) issuer: Issuer,
    authority: Authority,
    ports: [u16; 3],
    _directory: TempDir,
}

impl Site {
    /// Starts Envoy with what the control plane makes of the objects. Returns `None` where this machine has no Envoy, and an
    /// error if it doesn't start.
    pub(super) fn start(
        control_plane: ControlPlane,
        objects: &Objects,
        prometheus: SocketAddr,
        module: PathBuf,
    ) -> Option<anyhow::Result<Self>> {
        let tool = tools::need(Program::Envoy)?;
        let directory = tempfile::tempdir().unwrap();
        let authority = Authority::new("authority").unwrap();
        authority.server().unwrap().write(directory.path(), "example.com").unwrap();
        let issuer = Issuer::new().unwrap();
        let ports = [(); 3].map(|()| process::free_port().unwrap());
        let jwks = issuer.jwks();
        let cluster = Cluster { module, jwks, prometheus, ports, directory: directory.path().to_owned() };
        let mut file = control_plane(objects, &cluster);
        file["admin"] = json!({ "address": address(ports[2]) });
        let path = directory.path().join("envoy.json");
        fs::write(&path, format!("{file:#}")).unwrap();
        let mut command = tool.command();
        command.arg("--config-path").arg(&path);
        command.args(["--concurrency", "2", "--disable-hot-restart"]);
        let envoy = Process::start("Envoy", command).unwrap();
        let ready =
            || process::get(local(ports[2]), "/ready").is_ok_and(|(status, _)| status == 200).then_some(());
        let started = envoy.wait_until("being ready", Duration::from_secs(60), ready);
        Some(started.map(|()| Self { envoy, issuer, authority, ports, _directory: directory }))
    }

    /// Returns a client without a token.
    pub(super) fn client(&self) -> Client {
        Client::https(local(self.ports[0])).trust(self.authority.pem())
    }

    /// Returns a client of plain http.
    pub(super) fn plain(&self) -> Client {
        Client::plain(local(self.ports[1]))
    }

    /// Returns a client with a token of the issuer for this subject, with further claims.
    pub(super) fn bearing(&self, subject: &str, claims: &Value) -> Client {
        let token = self.issuer.token(subject, claims).unwrap();
        self.client().header("authorization", format!("Bearer {token}"))
    }

    /// Returns a client of somebody who may do everything.
    pub(super) fn operator(&self) -> Client {
        self.bearing("olga", &json!({ "groups": ["sre"] }))
    }

    /// Returns a client of somebody who sees these tenants.
    pub(super) fn of_tenants(&self, tenants: &[&str]) -> Client {
        self.bearing("tom", &json!({ "tenants": tenants }))
    }

    /// Sends a request with the header that makes a module of [`promward_module::build_that_traps`] trap.
    pub(super) fn trap(&self) -> Answer {
        let request = Request::new("GET", "/prometheus/-/healthy").header("x-promward-trap", "now");
        self.client().send(request).unwrap()
    }
}

impl Cluster {
    /// Returns the settings of TLS with the secret `prometheus-tls`.
    pub(super) fn tls(&self) -> Value {
        let file = |name: &str| json!({ "filename": self.directory.join(name) });
        json!({
            "name": "envoy.transport_sockets.tls",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
                "common_tls_context": {
                    "alpn_protocols": ["h2", "http/1.1"],
                    "tls_certificates": [
                        { "certificate_chain": file("example.com.crt"), "private_key": file("example.com.key") }
                    ],
                },
            },
        })
    }

    /// Returns the settings of a VM with the module.
    pub(super) fn vm(&self, id: &str) -> Value {
        json!({ "vm_id": id, "runtime": "envoy.wasm.runtime.v8", "code": { "local": { "filename": self.module } } })
    }
}

/// Returns a filter of HTTP by the last part of its name and its type.
pub(super) fn filter(name: &str, kind: &str, mut config: Value) -> Value {
    config["@type"] = json!(format!("type.googleapis.com/envoy.extensions.filters.http.{kind}"));
    json!({ "name": format!("envoy.filters.http.{name}"), "typed_config": config })
}

/// Returns a cluster with the one server.
pub(super) fn cluster(name: &str, server: SocketAddr) -> Value {
    json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "10s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{ "lb_endpoints": [{ "endpoint": { "address": address(server.port()) } }] }],
        },
    })
}

/// Returns a listener for one connection manager.
pub(super) fn listener(name: &str, port: u16, tls: Option<Value>, mut manager: Value) -> Value {
    manager["@type"] = json!(
        "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
    );
    manager["stat_prefix"] = json!(name);
    let mut chain = json!({
        "filters": [{ "name": "envoy.filters.network.http_connection_manager", "typed_config": manager }]
    });
    if let Some(tls) = tls {
        chain["transport_socket"] = tls;
    }
    json!({ "name": name, "address": address(port), "filter_chains": [chain] })
}

/// Returns the routes that both control planes make of the objects' `HTTPRoute`s at a listener, each with this cluster.
pub(super) fn routes(objects: &Objects, section: &str, cluster: &str, https: u16) -> Vec<Value> {
    let at = |route: &&Value| {
        route["parentRefs"].as_array().unwrap().iter().any(|parent| parent["sectionName"] == section)
    };
    let rules = objects.all("HTTPRoute").filter(at).flat_map(|route| route["rules"].as_array().unwrap());
    let route = |rule: &Value| -> Vec<Value> {
        let anything = json!([{ "path": { "type": "PathPrefix", "value": "/" } }]);
        let matches = rule.get("matches").unwrap_or(&anything).as_array().unwrap().clone();
        let action = match rule["filters"][0]["requestRedirect"].as_object() {
            // The port is the test's, which is none that a name stands for.
            Some(redirect) => {
                assert_eq!(redirect["statusCode"], 301);
                ("redirect", json!({ "scheme_redirect": redirect["scheme"], "port_redirect": https }))
            }
            None => ("route", json!({ "cluster": cluster, "timeout": rule["timeouts"]["request"] })),
        };
        let made = |matched: &Value| {
            assert_eq!(matched["path"]["type"], "PathPrefix");
            let value = &matched["path"]["value"];
            let kind = if value == "/" { "prefix" } else { "path_separated_prefix" };
            json!({ "match": { kind: value }, action.0: action.1 })
        };
        matches.iter().map(made).collect()
    };
    rules.flat_map(route).collect()
}

/// Returns a table of routes for the host names of the objects.
pub(super) fn route_config(objects: &Objects, routes: Vec<Value>) -> Value {
    let names = objects.one("HTTPRoute")["hostnames"].clone();
    json!({
        "ignore_port_in_host_matching": true,
        "virtual_hosts": [{ "name": "site", "domains": names, "routes": routes }],
    })
}

fn address(port: u16) -> Value {
    json!({ "socket_address": { "address": "127.0.0.1", "port_value": port } })
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// Returns the text of an example's file.
pub(super) fn example(file: &str) -> String {
    let path = Path::new("examples").join(file);
    fs::read_to_string(promward_module::workspace().unwrap().join(path)).unwrap()
}
