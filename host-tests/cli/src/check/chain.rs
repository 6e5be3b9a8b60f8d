//! Whether a listener of Envoy's validates the chains of client certificates. What a certificate says of itself can only be
//! believed there, and the filter can't tell: it has to be told by its configuration, which may be wrong.

use serde_norway::Value;

/// What a file says about the client certificates that a filter gets to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Validation {
    /// An authority has to have signed them.
    Done,
    /// Anybody may have made them: the place in the file, and what is wrong there.
    Missing(String),
    /// This file doesn't tell: what has to be so in the one that does.
    Elsewhere(String),
}

/// What has to be so where a filter stands in no filter chain.
pub(super) const IN_NO_CHAIN: &str = "in the listener's DownstreamTlsContext there has to be a validation_context with a \
     trusted_ca, and without trust_chain_verification: ACCEPT_UNTRUSTED";

/// What is validated with, where it is discovered (SDS).
const SECRET: &str = "validation_context_sds_secret_config";

/// A filter chain, and where it is in its file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain<'a> {
    path: &'a str,
    value: &'a Value,
}

/// A value, and where it is in its file.
struct Place<'a> {
    path: String,
    value: &'a Value,
}

impl<'a> Chain<'a> {
    /// The value at this path, if that is where filter chains are.
    pub(super) fn at(path: &'a str, value: &'a Value) -> Option<Self> {
        let field = path.rsplit('.').next().and_then(|last| last.split('[').next())?;
        let is_item = path.ends_with(']') && ["filter_chains", "filterChains"].contains(&field);
        let is_chain = is_item || ["default_filter_chain", "defaultFilterChain"].contains(&field);
        is_chain.then_some(Self { path, value })
    }

    /// Whether it validates client certificates.
    pub(super) fn validation(&self) -> Validation {
        let chain = Place { path: self.path.to_owned(), value: self.value };
        let tls = chain.field("transport_socket").and_then(|socket| socket.find("common_tls_context"));
        let Some(tls) = tls else {
            return Validation::Missing(format!("{} has no transport_socket with TLS", self.path));
        };
        if let Some(context) = tls.field("validation_context") {
            return context.validation(None);
        }
        if let Some(combined) = tls.field("combined_validation_context") {
            let discovered = combined.field(SECRET);
            return match combined.field("default_validation_context") {
                Some(context) => context.validation(discovered),
                None => discovered.map_or_else(|| combined.without_authority(), |secret| secret.discovered()),
            };
        }
        tls.field(SECRET).map_or_else(
            || Validation::Missing(format!("{} has no validation_context with a trusted_ca", tls.path)),
            |secret| secret.discovered(),
        )
    }
}

impl<'a> Place<'a> {
    /// A field, in either of the spellings that Envoy reads. One that is null isn't there.
    fn field(&self, name: &str) -> Option<Self> {
        self.spellings(name).next()
    }

    /// The same in each spelling: Envoy takes a file that has both.
    fn spellings(&self, name: &str) -> impl Iterator<Item = Self> {
        [name.to_owned(), camel(name)].into_iter().filter_map(|name| {
            let value = self.value.get(&name).filter(|value| !value.is_null())?;
            Some(Place { path: format!("{}.{name}", self.path), value })
        })
    }

    /// A field of that name in here, however deep: transport sockets are wrapped in others.
    fn find(&self, name: &str) -> Option<Self> {
        let inside = || {
            self.value.as_mapping()?.iter().find_map(|(field, value)| {
                Place { path: format!("{}.{}", self.path, field.as_str()?), value }.find(name)
            })
        };
        self.field(name).or_else(inside)
    }

    /// What a `CertificateValidationContext` does. Envoy merges a discovered one into it, which can add to what is here
    /// and can't take anything away.
    fn validation(&self, discovered: Option<Self>) -> Validation {
        if let Some(verification) = self.spellings("trust_chain_verification").find(accepts_anything) {
            let value = verification.value.as_str().unwrap_or("no VERIFY_TRUST_CHAIN");
            return Validation::Missing(format!("{} is {value}", verification.path));
        }
        match (discovered, self.field("custom_validator_config"), self.field("trusted_ca")) {
            (Some(secret), ..) => secret.discovered(),
            (None, Some(validator), _) => Validation::Elsewhere(format!(
                "the validator at {} has to refuse what no authority of yours has signed",
                validator.path
            )),
            (None, None, Some(_)) => Validation::Done,
            (None, None, None) => self.without_authority(),
        }
    }

    fn without_authority(&self) -> Validation {
        Validation::Missing(format!("{} has no trusted_ca", self.path))
    }

    /// What has to be so of a secret that is discovered.
    fn discovered(&self) -> Validation {
        let name = self.field("name").and_then(|name| name.value.as_str().map(str::to_owned));
        Validation::Elsewhere(format!(
            "the secret {:?} at {} has to have a trusted_ca, and no trust_chain_verification: ACCEPT_UNTRUSTED",
            name.unwrap_or_default(),
            self.path
        ))
    }
}

/// Whether this is another value than the one that validates, which is 0 as a number.
fn accepts_anything(verification: &Place<'_>) -> bool {
    verification.value.as_str() != Some("VERIFY_TRUST_CHAIN") && verification.value.as_u64() != Some(0)
}

/// The spelling of JSON: `validationContext`.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |camel, word| {
        let mut letters = word.chars();
        let initial = letters.next().map(|letter| letter.to_ascii_uppercase());
        camel + &initial.into_iter().chain(letters).collect::<String>()
    })
}
