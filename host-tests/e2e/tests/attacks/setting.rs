//! The settings that the cases run against: one deployment with callers of every kind, on six kinds of host, and on two
//! of them with other rules on trial.

mod configuration;

use anyhow::{Context, Result};
pub(crate) use configuration::configuration;
use configuration::{trial, without_certificates};
use promward_e2e::deployment::{ClientCertificates, Deployment, Host, Options};
use promward_harness::certificates::{Authority, ClientNames, Identity};
use promward_harness::client::Client;
use promward_harness::process::Mark;
use promward_harness::tools::{self, Version};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Envoys before this version, which cases call `oldest-`, change some requests before the filter sees them.
const OLDEST: Version = Version::new(1, 37, 0);

/// The longest time that anything may take before it is an error.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// The host of a deployment, and its options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setting {
    /// Envoy with the shipped file.
    Shipped,
    /// Envoy with a listener that normalises and limits as little as possible.
    Bare,
    /// Envoy with the shipped file, and other rules on trial.
    ShippedWithTrial,
    /// Envoy with the shipped file and `allow_on_headers_stop_iteration`. In this one alone the filter asks Envoy for the
    /// client.
    Stopping,
    Embedded,
    /// The embedded host, and other rules on trial.
    EmbeddedWithTrial,
    /// The embedded host as it plays nginx.
    Nginx,
    /// The embedded host as it plays Traffic Server.
    TrafficServer,
}

impl Setting {
    /// Checks that cases mean this setting by a name: its own, or `normalising` for the two with the shipped listener.
    /// With `oldest-` before it, a name means an old Envoy only.
    pub(crate) fn is_called(self, name: &str) -> bool {
        if let Some(name) = name.strip_prefix("oldest-") {
            return tools::envoy().is_ok_and(|envoy| envoy.version < OLDEST) && self.is_called(name);
        }
        match self {
            Self::Shipped | Self::ShippedWithTrial => matches!(name, "shipped" | "normalising"),
            Self::Bare => name == "bare",
            Self::Stopping => matches!(name, "stopping" | "normalising"),
            Self::Embedded | Self::EmbeddedWithTrial => name == "embedded",
            // The same front stands before it.
            Self::Nginx => matches!(name, "nginx" | "embedded"),
            Self::TrafficServer => matches!(name, "traffic-server" | "embedded"),
        }
    }

    pub(crate) fn host(self) -> Host {
        match self {
            Self::Embedded | Self::EmbeddedWithTrial => Host::Embedded,
            Self::Nginx => Host::Nginx,
            Self::TrafficServer => Host::TrafficServer,
            Self::Shipped | Self::ShippedWithTrial | Self::Bare | Self::Stopping => Host::Envoy,
        }
    }

    pub(crate) fn has_trial(self) -> bool {
        matches!(self, Self::ShippedWithTrial | Self::EmbeddedWithTrial)
    }
}

/// The texts of the shipped file and their replacements for the bare listener. `use_remote_address` stays: without it
/// Envoy takes the client's word for its address, which no filter could repair.
const BARE: &[(&str, &str)] = &[
    ("normalize_path: true", "normalize_path: false"),
    ("merge_slashes: true", "merge_slashes: false"),
    ("path_with_escaped_slashes_action: REJECT_REQUEST", "path_with_escaped_slashes_action: KEEP_UNCHANGED"),
    ("headers_with_underscores_action: REJECT_REQUEST", "headers_with_underscores_action: ALLOW"),
    ("max_headers_count: 100\n", "max_headers_count: 10000\n"),
    ("domains: [\"*\"]", "domains: [other.invalid]"),
    ("domains: [example.com]", "domains: [\"*\"]"),
    ("            ignore_http_11_upgrade: [{ safe_regex: { regex: \".*\" } }]\n", ""),
    (
        "            accept_http_10: true\n",
        "            accept_http_10: true
            allow_chunked_length: true
            enable_trailers: true
",
    ),
    (
        "          http2_protocol_options:\n",
        "          max_request_headers_kb: 8192
          http2_protocol_options:
            override_stream_error_on_invalid_http_message: true
",
    ),
    ("              - remove: x-promward-cluster\n", "              - remove: x-nothing\n"),
    // This must be the last one, because the other listener has it too.
    ("          strip_trailing_host_dot: true\n", ""),
];

/// The callers with tokens, which are "NAME-token".
const TOKENS: [&str; 11] = [
    "admin",
    "viewer",
    "team-a",
    "team-ab",
    "sharing",
    "alternating",
    "limited",
    "reloader",
    "tied",
    "greedy",
    "modest",
];

/// The users and their passwords. The hashes have the lowest cost.
const PASSWORDS: [(&str, &str); 2] = [("alice", "correct horse"), ("bob", "battery staple")];

/// A running deployment with all these callers.
pub(crate) struct Running {
    pub(crate) setting: Setting,
    pub(crate) deployment: Deployment,
    /// The filter's configuration, as the host was given it.
    pub(crate) configuration: String,
    certificates: BTreeMap<&'static str, Identity>,
    log: Arc<Mutex<Vec<String>>>,
}

impl Running {
    pub(crate) fn start(setting: Setting, upstream: SocketAddr) -> Self {
        let authority = Arc::new(Authority::new("Everybody's").unwrap());
        let certificates = certificates(&authority);
        let mut configuration = configuration(&certificates["scraper"]);
        if setting.has_trial() {
            configuration["trial"] = trial();
        }
        if setting.host().is_like_envoy() {
            if setting != Setting::Stopping {
                configuration["listener_writes_client"] = true.into();
            }
        } else {
            without_certificates(&mut configuration);
        }
        let mut options = Options::configured(upstream, &configuration.to_string());
        options.authority = Some(authority);
        options.client_certificates = ClientCertificates::SignedByTheDeployment;
        options.allow_on_headers_stop_iteration = setting == Setting::Stopping;
        if setting == Setting::Bare {
            options.replace = BARE.iter().map(|(old, new)| ((*old).to_owned(), (*new).to_owned())).collect();
        }
        if setting.host() != Host::Envoy {
            // No test can find out which of its workers has answered.
            options.workers = 1;
        }
        Self::deploy(setting, options, certificates)
    }

    /// Starts a deployment with these options.
    pub(crate) fn deploy(
        setting: Setting,
        mut options: Options,
        certificates: BTreeMap<&'static str, Identity>,
    ) -> Self {
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let said = Arc::clone(&log);
        options.log = Arc::new(move |_, line| said.lock().unwrap().push(line.to_owned()));
        let deployment = Deployment::start(setting.host(), &options).unwrap();
        let configuration = options.configuration.unwrap_or_default();
        Self { setting, deployment, configuration, certificates, log }
    }

    /// Returns the digest of the certificate that the configuration knows by it.
    pub(crate) fn known_digest(&self) -> String {
        self.certificates.get("scraper").map(Identity::sha256).unwrap_or_default()
    }

    /// Returns the log so far. Envoy's is on both of its output streams.
    pub(crate) fn log(&self) -> Vec<String> {
        match self.deployment.envoy() {
            Some(envoy) => {
                let (lines, _) = envoy.process().lines_after(Mark::default());
                lines.into_iter().map(|(_, line)| line).collect()
            }
            None => self.log.lock().unwrap().clone(),
        }
    }

    /// Returns a client of the plain port.
    pub(crate) fn plain(&self) -> Result<Client> {
        let address = self.deployment.http().context("no plain port")?;
        Ok(Client::plain(address).deadline(DEADLINE))
    }

    /// Returns a client that is this caller.
    pub(crate) fn client(&self, caller: &str) -> Client {
        let client = self.deployment.client().deadline(DEADLINE);
        match caller.split_once(' ') {
            None if caller == "anonymous" => client,
            None => client.header("authorization", format!("Bearer {caller}-token")),
            Some((kind, name)) => {
                assert_eq!(kind, "certificate", "nobody is called {caller}");
                let identity = &self.certificates[name];
                client.certificate(identity.certificate_pem(), identity.key_pem())
            }
        }
    }
}

/// Checks that a caller has this name.
pub(crate) fn is_caller(name: &str) -> bool {
    let certificate = name.strip_prefix("certificate ");
    name == "anonymous"
        || TOKENS.contains(&name)
        || certificate.is_some_and(|name| CERTIFICATES.contains(&name))
}

/// The certificates that cases present. The filter knows the first four.
const CERTIFICATES: [&str; 12] = [
    "scraper",
    "reader",
    "host",
    "named",
    "second-uri",
    "common-name",
    "other-subject",
    "unknown",
    "expired",
    "self-signed",
    "other-authority",
    "crlf",
];

pub(crate) fn certificates(authority: &Authority) -> BTreeMap<&'static str, Identity> {
    const READER: &str = "spiffe://example.com/reader";
    let other = Authority::new("Everybody's").unwrap();
    let subject = |subject, uris, dns| ClientNames { subject, uris, dns };
    let common: &[(&str, &str)] = &[("CN", "x")];
    let make = |name: &str| -> Result<Identity> {
        Ok(match name {
            "scraper" => authority.client("scraper", None)?,
            "reader" => authority.client_for(&subject(common, &[READER], &[]))?,
            "host" => authority.client_for(&subject(common, &[], &["host.example.com"]))?,
            "named" => authority.client_for(&subject(&[("O", "Example"), ("CN", "named")], &[], &[]))?,
            "second-uri" => authority.client_for(&subject(common, &["spiffe://x", READER], &[]))?,
            "common-name" => authority.client_for(&subject(&[("CN", READER)], &[], &["spiffe"]))?,
            "other-subject" => authority.client_for(&subject(&[("CN", "named,O=Example")], &[], &[]))?,
            "unknown" => authority.client("scraper", None)?,
            "expired" => authority.expired_client(&subject(common, &[READER], &[]))?,
            "self-signed" => Identity::self_signed_client("x", Some(READER))?,
            "other-authority" => other.client_for(&subject(common, &[READER], &[]))?,
            _ => authority.client_for(&subject(
                &[("CN", "named\r\nx-forwarded-user: user:alice")],
                &[],
                &[],
            ))?,
        })
    };
    let identity = |name: &&'static str| Ok((*name, make(name)?));
    CERTIFICATES.iter().map(identity).collect::<Result<_>>().unwrap()
}
