//! The configurations under which modules are compared.

use super::exchange;
use crate::attacks::format::Case;
use crate::attacks::{honest, setting};
use promward_embedded::host::{Connection, PeerCertificate};
use promward_harness::certificates::Authority;
use promward_harness::jwt;
use serde_json::{Value, json};

/// A configuration, and what the host knows beside it.
#[derive(Clone, Debug)]
pub(super) struct Situation {
    pub(super) name: String,
    pub(super) configuration: String,
    /// The property `metadata` of every request.
    pub(super) metadata: Vec<u8>,
    /// True if the host runs with Envoy's `allow_on_headers_stop_iteration`.
    pub(super) stops_at_headers: bool,
    /// The share of the generated requests.
    pub(super) share: u64,
}

impl Situation {
    /// Returns the same situation with a module that is told of clients by a header, and doesn't ask the host.
    pub(super) fn told_of_clients(&self) -> Self {
        let mut configuration: Value =
            serde_json::from_str(&self.configuration).expect("a configuration is JSON");
        configuration["listener_writes_client"] = true.into();
        Self { configuration: configuration.to_string(), ..self.clone() }
    }
}

/// The configuration of the attack suite, and the certificates of its callers.
pub(super) struct Suite {
    pub(super) configuration: String,
    scraper: String,
}

impl Suite {
    pub(super) fn new() -> Self {
        let authority = Authority::new("Everybody's").unwrap();
        let certificates = setting::certificates(&authority);
        let scraper = &certificates["scraper"];
        Self::of(setting::configuration(scraper).to_string(), scraper.sha256())
    }

    /// Returns the suite under a configuration that knows a certificate by this digest.
    pub(super) fn of(configuration: String, scraper: String) -> Self {
        Self { configuration, scraper }
    }

    /// Returns the connection of a case's caller.
    pub(super) fn connection(&self, case: &Case) -> Connection {
        let mut connection = exchange::connection();
        if case.plain {
            connection.tls_version = None;
        }
        let named = case.caller.strip_prefix("certificate ");
        connection.certificate = named.map(|name| certificate(name, &self.scraper));
        connection
    }
}

/// Returns a certificate as the host describes it. Those that the filter doesn't know have another digest.
fn certificate(name: &str, scraper: &str) -> PeerCertificate {
    let digest =
        if name == "scraper" { scraper.to_owned() } else { promward_module::sha256(name.as_bytes()) };
    let text = |text: &str| Some(text.to_owned());
    let mut certificate =
        PeerCertificate { sha256: digest, subject: text("CN=x"), ..PeerCertificate::default() };
    match name {
        "reader" | "expired" | "self-signed" | "other-authority" => {
            certificate.uri_san = text("spiffe://example.com/reader");
        }
        "second-uri" => certificate.uri_san = text("spiffe://x"),
        "host" => certificate.dns_san = text("host.example.com"),
        "named" => certificate.subject = text("CN=named,O=Example"),
        "other-subject" => certificate.subject = text("CN=named\\,O=Example"),
        "common-name" => certificate.subject = text("CN=spiffe://example.com/reader"),
        "crlf" => certificate.subject = text("CN=named\r\nx-forwarded-user: user:alice"),
        _ => {}
    }
    certificate
}

/// Returns the configurations under which requests are generated.
pub(super) fn generated() -> Vec<Situation> {
    let situation = |name: &str, configuration: String, share| Situation {
        name: name.to_owned(),
        configuration,
        metadata: Vec::new(),
        stops_at_headers: false,
        share,
    };
    let suite = Suite::new().configuration;
    vec![
        situation("the suite's configuration", suite.clone(), 5),
        Situation { stops_at_headers: true, ..situation("the same, stopping at headers", suite, 2) },
        situation("the honest clients' configuration", honest::configuration(&Case::default()), 1),
        situation("one mount for everybody", open(), 1),
        Situation {
            metadata: jwt::metadata(
                &jwt::claims("alice", &json!({ "groups": ["team-a"], "tenants": ["a", "c"] })).unwrap(),
            ),
            ..situation("a token's claims, at the root", claims(), 1)
        },
    ]
}

/// Returns a configuration that opens all to all.
pub(super) fn open() -> String {
    json!({
        "mounts": [{ "prefix": "/prometheus", "cluster": "prometheus" }],
        "access": [{ "who": ["anyone"], "may": ["everything"] }],
    })
    .to_string()
}

/// Returns a configuration whose restriction is a claim, with a rate.
fn claims() -> String {
    json!({
        "mounts": [{ "prefix": "/" }],
        "callers": {
            "jwt": { "corp": {
                "payload": "jwt", "issuer": jwt::ISSUER, "audience": jwt::AUDIENCE, "groups": ["groups"],
            } },
        },
        "access": [
            { "who": ["anyone"], "may": ["health"], "limits": { "rate": "20/m", "burst": 5 } },
            {
                "who": ["group:corp/team-a"], "may": ["read", "ui", "federate"],
                "only": { "tenant": { "claim": ["tenants"] }, "job": { "values": ["api", "web"], "or_absent": true } },
                "limits": { "rate": "110/m", "burst": 10, "range": "31d" },
            },
        ],
    })
    .to_string()
}
