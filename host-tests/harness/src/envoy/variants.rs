//! Variants of the shipped file: the same file with some lines more, for what not everybody wants. Users copy whole files,
//! so each variant is one; but it is made of `envoy.yaml` by the changes that stand here, so that what is decided there
//! holds in all of them. A test compares the committed files with what is made here.

use super::CONFIGURATION;
use super::shipped::Shipped;
use anyhow::{Context, Result};

/// A variant of the shipped file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Variant {
    /// Clients may present certificates, which an authority has to have signed.
    ClientCertificates,
    /// Envoy verifies JSON Web Tokens before the filter.
    Jwt,
    /// The filter's configuration is a file of its own, which is watched.
    Watched,
}

/// One change: what is replaced, and by what.
type Change = (&'static str, &'static str);

/// Where the filter begins in the file, and what comes after it.
const FILTER: &str = "          - name: promward\n            typed_config:\n";
const AFTER_THE_FILTER: &str = "          - name: envoy.filters.http.buffer\n";

/// The last words of the comment that the file begins with.
const TITLE: &str = "README.md says what to change and why it is so.\n";

const CLIENT_CERTIFICATES: [Change; 2] = [
    (
        TITLE,
        "README.md says what to change and why it is so.
# This is envoy.yaml for callers with client certificates.
",
    ),
    (
        "          common_tls_context:\n            # Two items",
        "          # Who has none goes on without; what they may do is for the filter's rules to say.
          require_client_certificate: false
          common_tls_context:
            # A certificate that none of these authorities signed ends the handshake. They should be your own: every
            # certificate of theirs is one that the filter believes, where its configuration says of this listener
            # \"certificates_validated_by_listener\": true.
            validation_context:
              trusted_ca: { filename: /etc/promward/certificates/clients-ca.crt }
              trust_chain_verification: VERIFY_TRUST_CHAIN
            # Two items",
    ),
];

const JWT: [Change; 2] = [
    (
        TITLE,
        "README.md says what to change and why it is so.
# This is envoy.yaml for callers with JSON Web Tokens.
",
    ),
    (
        "          http_filters:\n          - name: promward\n",
        "          http_filters:
          # Verifies tokens, and leaves what they say in the metadata, where the filter alone looks for it. It refuses
          # nobody: who has no such token may have a password or a token that the filter knows.
          - name: envoy.filters.http.jwt_authn
            typed_config:
              \"@type\": type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication
              providers:
                corp:
                  issuer: https://id.example.com
                  # A token that the issuer made for another service is none for this one.
                  audiences: [promward]
                  # A token without an end would be good for ever.
                  require_expiration: true
                  local_jwks: { filename: /etc/promward/jwks.json }
                  # This header alone: by default tokens are taken from the query string too, which ends up in logs.
                  from_headers: [{ name: Authorization, value_prefix: \"Bearer \" }]
                  # A verified token goes no further, and no header says what was in it: a client could send that too.
                  forward: false
                  payload_in_metadata: jwt
              rules:
              # One whole token alone: it would be found beside another credential too, and the header removed before the
              # filter could refuse the two.
              - match:
                  prefix: /
                  headers:
                  - name: authorization
                    string_match: { safe_regex: { regex: '(?i:bearer) +[A-Za-z0-9._~+/=-]+' } }
                requires:
                  requires_any:
                    requirements:
                    - provider_name: corp
                    - allow_missing_or_failed: {}
          - name: promward
",
    ),
];

const WATCHED: [Change; 1] = [(
    TITLE,
    "README.md says what to change and why it is so.
# This is envoy.yaml with the filter's configuration in a file of its own, ecds/promward.yaml, which is watched.
",
)];

/// What stands in the place of the filter where it is watched.
const DISCOVERY: &str = "          # There is no default_config: without the file Envoy doesn't start, and while none was good enough every request
          # is refused. A file that is refused later leaves the last one in place.
          - name: promward
            config_discovery:
              config_source:
                path_config_source:
                  path: /etc/promward/ecds/promward.yaml
                  watched_directory: { path: /etc/promward/ecds }
              type_urls: [type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm]
";

/// What the watched file begins with.
const POLICY_HEAD: &str = "\
# The filter and its configuration. Envoy reads this file anew when one is renamed into its directory: requests that have
# begun end under the old configuration. README.md says how to change it.
resources:
- \"@type\": type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig
  name: promward
  typed_config:
";

/// How much further left the filter's fields stand in the watched file.
const MARGIN: &str = "          ";

impl Variant {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::ClientCertificates, Self::Jwt, Self::Watched];

    /// The file of the repository that it is.
    #[must_use]
    pub const fn file(self) -> &'static str {
        match self {
            Self::ClientCertificates => "envoy/client-certificates.yaml",
            Self::Jwt => "envoy/jwt.yaml",
            Self::Watched => "envoy/watched.yaml",
        }
    }

    const fn changes(self) -> &'static [Change] {
        match self {
            Self::ClientCertificates => &CLIENT_CERTIFICATES,
            Self::Jwt => &JWT,
            Self::Watched => &WATCHED,
        }
    }
}

/// The file of the repository that [`policy`] is.
pub const POLICY_FILE: &str = "envoy/ecds/promward.yaml";

/// The shipped file with all the changes of these variants.
///
/// # Errors
///
/// When it lacks a text that is to be changed.
pub fn render(variants: &[Variant]) -> Result<String> {
    let mut file = Shipped::new("envoy.yaml", CONFIGURATION);
    for variant in Variant::ALL.into_iter().filter(|variant| variants.contains(variant)) {
        for (old, new) in variant.changes() {
            file.replace_once(old, new)?;
        }
    }
    let text = file.finish(&[])?;
    if !variants.contains(&Variant::Watched) {
        return Ok(text);
    }
    let (before, _, after) = around_the_filter(&text)?;
    Ok([before, DISCOVERY, AFTER_THE_FILTER, after].concat())
}

/// The watched file: the filter as it stands in the shipped one.
///
/// # Errors
///
/// As [`render`].
pub fn policy() -> Result<String> {
    let (_, filter, _) = around_the_filter(CONFIGURATION)?;
    let lines = filter.lines().map(|line| format!("{}\n", line.strip_prefix(MARGIN).unwrap_or(line)));
    Ok(format!("{POLICY_HEAD}{}", lines.collect::<String>()))
}

/// What stands before the filter, in it, and after it.
fn around_the_filter(text: &str) -> Result<(&str, &str, &str)> {
    let parts = || {
        let (before, rest) = text.split_once(FILTER)?;
        let (filter, after) = rest.split_once(AFTER_THE_FILTER)?;
        Some((before, filter, after))
    };
    parts().context("the shipped envoy.yaml doesn't have the filter where it was")
}
