//! Starts a deployment on either host, as its options say.

use super::{ClientCertificates, Options};
use anyhow::{Context, Result};
use promward_embedded::gateway::{self, AccessLog, Gateway, TlsFiles};
use promward_embedded::host::{FailurePolicy, Personality, Plugin, Settings};
use promward_harness::certificates::Files;
use promward_harness::envoy::variants::Variant;
use promward_harness::envoy::{self, Envoy};
use serde_norway::Value;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

/// The cluster of the shipped file, which the guide's configuration names.
const CLUSTER: &str = "prometheus";

/// The part of the shipped file that writes the client into a header.
const WRITES_CLIENT: &str = r#"              - append:
                  header: { key: x-promward-client, value: "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% %DOWNSTREAM_TLS_VERSION%" }
                  append_action: OVERWRITE_IF_EXISTS_OR_ADD
"#;

pub(super) fn start_envoy(options: &Options, module: &Path, certificates: &Path) -> Result<Envoy> {
    let mut envoy = envoy::Options::new(certificates, module, options.upstream);
    envoy.configuration.clone_from(&options.configuration);
    envoy.concurrency = options.workers;
    envoy.https_port = options.https_port;
    envoy.http_port = options.http_port;
    envoy.allow_on_headers_stop_iteration = options.allow_on_headers_stop_iteration;
    envoy.replace.clone_from(&options.replace);
    if !options.writes_client {
        envoy.replace.push((WRITES_CLIENT.to_owned(), String::new()));
    }
    envoy.jwks.clone_from(&options.jwks);
    envoy.provider.clone_from(&options.provider);
    let asked = options.client_certificates == ClientCertificates::SignedByTheDeployment;
    let wanted = [
        (asked, Variant::ClientCertificates),
        (options.jwks.is_some(), Variant::Jwt),
        (options.provider.is_some(), Variant::OpenIdConnect),
        (options.watched, Variant::Watched),
        (options.websockets, Variant::WebSockets),
    ];
    envoy.variants = wanted.into_iter().filter(|(is, _)| *is).map(|(_, variant)| variant).collect();
    Envoy::start(&envoy)
}

pub(super) fn start_embedded(
    options: &Options,
    module: &Path,
    (files, authority): (&Files, &Path),
    personality: Personality,
    access_log: AccessLog,
) -> Result<(Gateway, Plugin)> {
    let configuration = match &options.configuration {
        Some(configuration) => configuration.clone(),
        None if personality == Personality::ENVOY => shipped_configuration()?,
        // Only Envoy's file writes the client into a header.
        None => without_listener(&shipped_configuration()?)?,
    };
    let bytes = fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
    let mut settings = Settings::new(bytes, configuration);
    settings.personality = personality;
    settings.vm_id = "promward".to_owned();
    settings.failure_policy = FailurePolicy::FailReload;
    settings.log = Arc::clone(&options.log);
    settings.allow_on_headers_stop_iteration = options.allow_on_headers_stop_iteration;
    settings.metadata = options.metadata.clone().unwrap_or_default();
    let tls = TlsFiles {
        certificate: files.certificate.clone(),
        key: files.key.clone(),
        clients: match options.client_certificates {
            ClientCertificates::NotAsked => gateway::ClientCertificates::NotAsked,
            ClientCertificates::SignedByTheDeployment => {
                gateway::ClientCertificates::SignedBy(authority.to_owned())
            }
        },
    };
    let plugin = Plugin::load(settings)?;
    let mut gateway = gateway::Options::new(tls, plugin.clone()).cluster(CLUSTER, options.upstream);
    gateway.writes_client = options.writes_client;
    gateway.access_log = access_log;
    gateway.workers = usize::try_from(options.workers)?;
    gateway.listen = local(options.https_port);
    gateway.plain = Some(local(options.http_port));
    Ok((Gateway::start(gateway)?, plugin))
}

/// Returns the configuration for a host that says itself who a client is.
fn without_listener(configuration: &str) -> Result<String> {
    let mut configuration: serde_json::Value = serde_json::from_str(configuration)?;
    configuration.as_object_mut().context("a configuration is an object")?.remove("listener_writes_client");
    Ok(configuration.to_string())
}

/// Returns the filter's configuration in the shipped file.
fn shipped_configuration() -> Result<String> {
    let file: Value = serde_norway::from_str(envoy::CONFIGURATION).context("the shipped file is no YAML")?;
    filter_configuration(&file).context("the shipped file configures no filter")
}

/// Returns the first text under `configuration.value`, at any depth.
fn filter_configuration(node: &Value) -> Option<String> {
    if let Some(text) =
        node.get("configuration").and_then(|configuration| configuration.get("value")?.as_str())
    {
        return Some(text.to_owned());
    }
    match node {
        Value::Mapping(fields) => fields.values().find_map(filter_configuration),
        Value::Sequence(items) => items.iter().find_map(filter_configuration),
        _ => None,
    }
}

/// Returns a local address. Port 0 takes any free port.
fn local(port: Option<u16>) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port.unwrap_or(0)))
}
