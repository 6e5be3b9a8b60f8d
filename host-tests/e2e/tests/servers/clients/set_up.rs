//! The Prometheus that these tests share, with series of three tenants, a deployment in front of it, and its callers.

use promward_e2e::deployment::{self, ClientCertificates, Deployment, Host};
use promward_harness::certificates::{Authority, Files};
use promward_harness::prometheus::{Options, Prometheus, Samples};
use promward_harness::tools::{self, Program};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// The user who reads everything.
pub(crate) const READER: &str = "reader";
/// The user who reads the series of `b`.
pub(crate) const OF_B: &str = "of-b";
/// The password of both users.
pub(crate) const PASSWORD: &str = "correct horse";

/// The token of a program that writes, and reads nothing.
pub(crate) const WRITER: &str = "writers-token";
/// The token of a caller who may do everything that is possible for the series of `a`.
pub(crate) const OF_A: &str = "as-token";

/// The number of series of each tenant. The `number`th series of a tenant has that value.
pub(crate) const TENANTS: [(&str, usize); 3] = [("a", 3), ("b", 2), ("c", 1)];

/// The number of all series.
pub(crate) const ALL: usize = 6;

/// Returns the seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Starts the Prometheus behind promward: it has the tenants' series and no others, and accepts remote writes. Prints a
/// message and returns `None` if there is no Prometheus on this machine.
#[track_caller]
pub(crate) fn prometheus(rules: Option<&str>) -> Option<Prometheus> {
    tools::need(Program::Prometheus)?;
    tools::need(Program::Promtool)?;
    let mut text = "# TYPE stock gauge\n".to_owned();
    for (tenant, count) in TENANTS {
        for number in 1..=count {
            for age in [120, 60] {
                text += &format!("stock{{tenant=\"{tenant}\",item=\"{number}\"}} {number} {}\n", now() - age);
            }
        }
    }
    let options = Options {
        samples: Samples::OpenMetrics(text + "# EOF\n"),
        // A slow machine may query them long after.
        lookback_delta: Some("1h".to_owned()),
        remote_write_receiver: true,
        rules: rules.map(str::to_owned),
        ..Options::guide()
    };
    Some(Prometheus::start(options).unwrap())
}

/// Starts a deployment in front of a server, which asks for client certificates.
pub(crate) fn deployment(host: Host, upstream: SocketAddr) -> Deployment {
    let mut options = deployment::Options::configured(upstream, &configuration());
    options.workers = 1;
    options.client_certificates = ClientCertificates::SignedByTheDeployment;
    Deployment::start(host, &options).unwrap()
}

fn configuration() -> String {
    let digest = |token: &str| format!("sha256:{}", promward_module::sha256(token.as_bytes()));
    let hash = bcrypt::hash(PASSWORD, 4).unwrap();
    json!({
        "mounts": [{ "prefix": "/prometheus", "cluster": "prometheus" }],
        "callers": {
            "users": { READER: hash, OF_B: hash },
            "tokens": { "writer": digest(WRITER), "a": digest(OF_A) },
            "certificates": { "scraper": { "uri_san": "spiffe://example.com/scraper" } },
            "certificates_validated_by_listener": true,
        },
        "access": [
            { "who": ["anyone"], "may": ["health"] },
            { "who": ["certificate:scraper"], "may": ["metrics", "federate"] },
            { "who": ["token:writer"], "may": ["write"] },
            { "who": ["user:reader"], "may": ["read", "ui", "remote_read"] },
            { "who": ["token:a"], "may": ["everything"], "only": { "tenant": ["a"] } },
            { "who": ["user:of-b"], "may": ["everything"], "only": { "tenant": ["b"] } },
        ],
    })
    .to_string()
}

/// The files that clients of a deployment need.
pub(crate) struct Given {
    /// The authority that signed the deployment's certificate.
    pub(crate) authority: PathBuf,
    /// An authority that signed nothing here but the forged certificate.
    pub(crate) other_authority: PathBuf,
    /// The certificate that the deployment knows.
    pub(crate) scraper: Files,
    /// A certificate of the deployment's authority for an unknown caller.
    pub(crate) unknown: Files,
    /// A certificate with the known name, signed by the other authority.
    pub(crate) forged: Files,
}

impl Given {
    pub(crate) fn by(deployment: &Deployment) -> Self {
        let directory = deployment.directory();
        let other = Authority::new("another authority").unwrap();
        let write = |authority: &Authority, file: &str, caller: &str| {
            let uri = format!("spiffe://example.com/{caller}");
            authority.client(caller, Some(&uri)).unwrap().write(directory, file).unwrap()
        };
        let [authority, other_authority] = ["authority.crt", "other.crt"].map(|file| directory.join(file));
        deployment.authority().write(&authority).unwrap();
        other.write(&other_authority).unwrap();
        Self {
            authority,
            other_authority,
            scraper: write(deployment.authority(), "scraper", "scraper"),
            unknown: write(deployment.authority(), "unknown", "unknown"),
            forged: write(&other, "forged", "scraper"),
        }
    }

    /// Returns the `tls_config` of Prometheus and promtool, with this authority and a certificate.
    pub(crate) fn tls(authority: &Path, certificate: Option<&Files>) -> Value {
        let mut tls = json!({ "ca_file": authority, "server_name": "example.com" });
        if let Some(files) = certificate {
            tls["cert_file"] = json!(files.certificate);
            tls["key_file"] = json!(files.key);
        }
        tls
    }
}

/// Returns the `basic_auth` of Prometheus and promtool.
pub(crate) fn password(user: &str, password: &str) -> Value {
    json!({ "basic_auth": { "username": user, "password": password } })
}

/// Returns the `authorization` of Prometheus and promtool, which is a `Bearer` token.
pub(crate) fn token(token: &str) -> Value {
    json!({ "authorization": { "credentials": token } })
}
