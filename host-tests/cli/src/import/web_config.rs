//! Prometheus' web configuration (`--web.config.file`): users, TLS, and headers of answers.

use super::draft::{Imported, Rule};
use super::hashes::Stored;
use super::upstream::{self, Upstream};
use super::{Failed, Options};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WebConfig {
    tls_server_config: Option<Tls>,
    http_server_config: Option<Http>,
    #[serde(default)]
    basic_auth_users: BTreeMap<String, String>,
    rate_limit: Option<serde_norway::Value>,
}

#[derive(Debug, Deserialize)]
struct Tls {
    cert_file: Option<String>,
    client_auth_type: Option<String>,
    client_ca_file: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Http {
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

/// The kinds of `client_auth_type` under which a client without a certificate is served.
const OPTIONAL: [&str; 4] = ["", "NoClientCert", "RequestClientCert", "VerifyClientCertIfGiven"];

/// Headers of answers that promward sets by itself.
const SET_ANYWAY: [&str; 3] = ["X-Content-Type-Options", "X-Frame-Options", "X-XSS-Protection"];

pub(super) fn import(text: &str, options: &Options) -> Result<Imported, Failed> {
    let original: WebConfig = serde_norway::from_str(text)
        .map_err(|error| Failed::Nothing(format!("this is no web configuration of Prometheus: {error}")))?;
    let mut imported = Imported::default();
    let server = Upstream::parse("http://localhost:9090")?;
    upstream::mount(&mut imported, options.prefix("/prometheus"), &server, options.api)?;
    for (name, hash) in &original.basic_auth_users {
        imported.user(name, Stored::Hash(hash));
    }
    if let Some(tls) = &original.tls_server_config {
        self::tls(tls, &mut imported)?;
    }
    for (name, value) in original.http_server_config.iter().flat_map(|http| &http.headers) {
        header(name, value, &mut imported);
    }
    if original.rate_limit.is_some() {
        imported.leave_out(
            "rate_limit",
            "it counts all requests together; \"limits\" in a rule counts those of each caller",
        );
    }
    if original.basic_auth_users.is_empty() {
        imported.remind("the original asks nobody for a password, and so does this: to change that, write users and rules");
        let who = vec!["anyone".to_owned()];
        imported.draft.access.push(Rule { who, may: vec!["everything"], ..Rule::default() });
    } else if imported.draft.callers.users.is_empty() {
        return Err(Failed::Left(imported.notes, "no user could be carried over".to_owned()));
    } else {
        let who = vec!["authenticated".to_owned()];
        imported.draft.access.push(Rule { who, may: vec!["everything"], ..Rule::default() });
    }
    imported.remind("Prometheus itself needs no password any more: let it listen where only Envoy reaches it (--web.listen-address=127.0.0.1:9090)");
    Ok(imported)
}

fn tls(tls: &Tls, imported: &mut Imported) -> Result<(), Failed> {
    if let Some(file) = &tls.cert_file {
        imported.remind(format!(
            "Envoy ends TLS: give it {file} and its key (cargo promward render --certificates DIRECTORY)"
        ));
    }
    let kind = tls.client_auth_type.as_deref().unwrap_or_default();
    if OPTIONAL.contains(&kind) {
        return Ok(());
    }
    let authority = tls.client_ca_file.as_deref().unwrap_or("the authority of the clients");
    let why = format!(
        "clients need a certificate there (client_auth_type: {kind}), and no rule can ask for a password and a certificate: \
         name the certificates in \"callers\", and render Envoy's file with --client-certificates and {authority}"
    );
    imported.leave_out("all rights", why);
    Err(Failed::Left(
        std::mem::take(&mut imported.notes),
        "nobody would be let in as the original does".to_owned(),
    ))
}

fn header(name: &str, value: &str, imported: &mut Imported) {
    let field = match name {
        "Strict-Transport-Security" => "hsts",
        "Content-Security-Policy" => "content_security_policy",
        _ if SET_ANYWAY.contains(&name) => return,
        _ => {
            return imported.leave_out(
                format!("header {name}"),
                "promward sets no such header: let Envoy's route add it",
            );
        }
    };
    imported.draft.headers.insert(field, value.to_owned());
}
