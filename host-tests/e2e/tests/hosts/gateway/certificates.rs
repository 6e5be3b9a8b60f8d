//! Checks that a module sees the same of a client's certificate as on Envoy.

use std::{
    fs,
    path::Path,
    process::Command,
    sync::{Arc, mpsc},
    time::Duration,
};

use promward_embedded::gateway::{ClientCertificates, Options};
use promward_embedded::host::{Plugin, Settings};
use promward_harness::certificates::{Authority, ClientNames, Identity};
use promward_harness::client::Client;
use promward_harness::envoy::{self, Envoy};
use promward_harness::tools::{self, Program};
use promward_harness::upstream::{Reply, Upstream};

use crate::hosts::gateway::set_up::SetUp;

/// The properties about the client's certificate.
const PROPERTIES: [&str; 5] = [
    "connection.mtls",
    "connection.subject_peer_certificate",
    "connection.uri_san_peer_certificate",
    "connection.dns_san_peer_certificate",
    "connection.sha256_peer_certificate_digest",
];

/// Subjects and alternative names, from none to all special cases.
const CLIENTS: [ClientNames<'_>; 8] = [
    ClientNames { subject: &[("CN", "reader")], uris: &["spiffe://example.com/reader"], dns: &[] },
    ClientNames {
        subject: &[("CN", "reader")],
        uris: &["spiffe://a", "spiffe://b"],
        dns: &["a.org", "b.org"],
    },
    ClientNames { subject: &[], uris: &[], dns: &["only.example.com"] },
    ClientNames { subject: &[("O", "Example, Inc."), ("OU", "a+b=c"), ("CN", "last")], uris: &[], dns: &[] },
    ClientNames { subject: &[("CN", " \"a\\b\"<c>;# ")], uris: &[], dns: &[] },
    ClientNames { subject: &[("CN", "#é\u{1}\u{7f}日")], uris: &[], dns: &[] },
    ClientNames {
        subject: &[
            ("2.5.4.4", "surname"),
            ("2.5.4.5", "number"),
            ("2.5.4.6", "DE"),
            ("2.5.4.7", "town"),
            ("2.5.4.8", "state"),
            ("2.5.4.9", "street"),
            ("2.5.4.12", "title"),
            ("0.9.2342.19200300.100.1.1", "user"),
            ("0.9.2342.19200300.100.1.25", "com"),
            ("1.2.840.113549.1.9.1", "a@example.com"),
        ],
        uris: &[],
        dns: &[],
    },
    ClientNames { subject: &[("1.2.3.4", "of a kind that nobody knows"), ("CN", " ")], uris: &[], dns: &[] },
];

/// A certificate and its key, PEM.
type Pem = (String, String);

#[test]
fn the_properties_of_a_certificate_are_those_of_envoy() {
    let Some(_) = tools::need(Program::Envoy) else { return };
    let upstream = Upstream::start(|_| Reply::text("ok")).unwrap();
    let clients = Authority::new("clients").unwrap();
    let mut presented: Vec<Pem> = CLIENTS
        .iter()
        .map(|names| clients.client_for(names).unwrap())
        .chain([Identity::self_signed_client("self-signed", None).unwrap()])
        .map(|identity| (identity.certificate_pem(), identity.key_pem()))
        .collect();
    presented.extend(several_attributes_in_one_rdn());

    let (embedded, lines) = embedded(&upstream);
    let script = PROPERTIES.map(|name| format!("property:{name}")).join("+");
    let script = format!("request_headers={script}");
    let directory = tempfile::tempdir().unwrap();
    embedded.authority.server().unwrap().write(directory.path(), "example.com").unwrap();
    let envoy = on_envoy(directory.path(), &upstream);
    let on_envoy = Client::https(envoy.https()).trust(embedded.authority.pem());

    for (certificate, key) in presented {
        let with = |client: Client| client.certificate(&certificate, &key).header("x-probe", &script);
        let mark = envoy.process().mark();
        with(on_envoy.clone()).get("/").unwrap();
        let minute = Duration::from_secs(60);
        envoy.process().wait_for_line_after(mark, "probe: delete", minute).unwrap();
        let told = envoy.process().lines_after(mark).0.into_iter().map(|(_, line)| line);
        let expected = about_the_certificate(told);
        with(embedded.client()).get("/").unwrap();
        let told = std::iter::from_fn(|| lines.recv_timeout(minute).ok());
        let told = about_the_certificate(told.take_while(|line| !line.contains("probe: delete")));
        assert_eq!(expected.len(), PROPERTIES.len());
        assert_eq!(told, expected);
    }
}

/// Starts the gateway with the probe, and receives the probe's lines.
fn embedded(upstream: &Upstream) -> (SetUp, mpsc::Receiver<String>) {
    let (log, lines) = mpsc::channel();
    let settings = Settings {
        log: Arc::new(move |_, line| drop(log.send(line.to_owned()))),
        ..Settings::new(fs::read(probe()).unwrap(), "")
    };
    let plugin = Plugin::load(settings).unwrap();
    let set_up = SetUp::with(upstream.address(), |mut options| {
        options.tls.clients = ClientCertificates::Any;
        Options { plugin, ..options }
    });
    (set_up, lines)
}

/// Starts Envoy with the probe in place of promward. Any client certificate is accepted.
fn on_envoy(certificates: &Path, upstream: &Upstream) -> Envoy {
    let mut options = envoy::Options::new(certificates, &probe(), upstream.address());
    let any = "validation_context: { trust_chain_verification: ACCEPT_UNTRUSTED }";
    let protocols = "alpn_protocols: [h2, http/1.1]";
    options.replace.push((protocols.to_owned(), format!("{protocols}\n            {any}")));
    Envoy::start(&options).unwrap()
}

fn probe() -> std::path::PathBuf {
    promward_module::build_package("promward-probe").unwrap()
}

/// Returns the probe's lines about properties.
fn about_the_certificate(lines: impl Iterator<Item = String>) -> Vec<String> {
    lines.filter_map(|line| line.split_once("probe: connection.").map(|(_, told)| told.to_owned())).collect()
}

/// Returns a certificate with a subject that no crate here can make.
fn several_attributes_in_one_rdn() -> Option<Pem> {
    let openssl = tools::need(Program::Openssl)?;
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let mut command: Command = openssl.command();
    command.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]);
    command.args(["-subj", "/O=Example/CN=reader+OU=team+UID=7/L=town"]);
    command.arg("-keyout").arg(path("key")).arg("-out").arg(path("certificate"));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some((fs::read_to_string(path("certificate")).unwrap(), fs::read_to_string(path("key")).unwrap()))
}
