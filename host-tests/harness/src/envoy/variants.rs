//! Variants of the shipped file, for what only some users need. Each is a fragment beside `envoy.yaml`, so that a
//! change of that file holds in all variants. Fragments are independent of each other, and can be combined, but for the two
//! that verify tokens.

use super::CONFIGURATION;
use super::fragment;
use anyhow::{Context, Result, ensure};

/// A variant of the shipped file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Variant {
    /// Asks clients for certificates, which an authority must have signed.
    ClientCertificates,
    /// Makes Envoy verify JSON Web Tokens before the filter.
    Jwt,
    /// Lets people log in at an OpenID Connect provider, and verifies its tokens.
    OpenIdConnect,
    /// Asks a rate limit service, which counts the requests of several gateways.
    RateLimit,
    /// Holds messages of remote write, which are longer than forms.
    RemoteWrite,
    /// Moves the filter with its configuration to a file of its own, which is watched.
    Watched,
    /// Lets WebSockets pass, where the filter does.
    WebSockets,
}

impl Variant {
    /// All variants, ordered by name.
    pub const ALL: [Self; 7] = [
        Self::ClientCertificates,
        Self::Jwt,
        Self::OpenIdConnect,
        Self::RateLimit,
        Self::RemoteWrite,
        Self::Watched,
        Self::WebSockets,
    ];

    /// Returns the name of its option and, with `.yaml`, of its file in `envoy/fragments`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ClientCertificates => "client-certificates",
            Self::Jwt => "jwt",
            Self::OpenIdConnect => "openid-connect",
            Self::RateLimit => "rate-limit",
            Self::RemoteWrite => "remote-write",
            Self::Watched => "watched",
            Self::WebSockets => "websockets",
        }
    }

    /// Returns the text of its file.
    #[must_use]
    pub const fn fragment(self) -> &'static str {
        match self {
            Self::ClientCertificates => include_str!("../../../../envoy/fragments/client-certificates.yaml"),
            Self::Jwt => include_str!("../../../../envoy/fragments/jwt.yaml"),
            Self::OpenIdConnect => include_str!("../../../../envoy/fragments/openid-connect.yaml"),
            Self::RateLimit => include_str!("../../../../envoy/fragments/rate-limit.yaml"),
            Self::RemoteWrite => include_str!("../../../../envoy/fragments/remote-write.yaml"),
            Self::Watched => include_str!("../../../../envoy/fragments/watched.yaml"),
            Self::WebSockets => include_str!("../../../../envoy/fragments/websockets.yaml"),
        }
    }
}

/// Returns the shipped file with the fragments of these variants, in any order. Without a variant it is the shipped
/// file itself.
///
/// # Errors
///
/// Returns an error if a fragment names a line that the shipped file doesn't have, or if two fragments verify tokens.
pub fn render(variants: &[Variant]) -> Result<String> {
    ensure!(
        ![Variant::Jwt, Variant::OpenIdConnect].iter().all(|variant| variants.contains(variant)),
        "openid-connect verifies tokens too: leave jwt out"
    );
    let wanted = Variant::ALL.into_iter().filter(|variant| variants.contains(variant));
    wanted.into_iter().try_fold(CONFIGURATION.to_owned(), |file, variant| {
        let context = || format!("envoy/fragments/{}.yaml", variant.name());
        fragment::apply(&file, variant.fragment()).with_context(context)
    })
}
