//! Checks that an Envoy listener validates the chains of client certificates. Only then can the names in a certificate
//! be believed. The filter can't see that: its configuration has to say it, and may be wrong.

use serde_norway::Value;

/// The validation of the client certificates that reach a filter, as far as a file shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Validation {
    /// A trusted authority must have signed them.
    Done,
    /// Nobody validates them. Holds the place in the file, and what is wrong there.
    Missing(String),
    /// Another file decides. Holds the requirement on that file.
    Elsewhere(String),
}

/// The requirement where a filter stands in no filter chain.
pub(super) const IN_NO_CHAIN: &str = "in the listener's DownstreamTlsContext there has to be a validation_context with a \
     trusted_ca, and without trust_chain_verification: ACCEPT_UNTRUSTED";

/// The field for a validation context that is discovered (SDS).
const SECRET: &str = "validation_context_sds_secret_config";

/// A filter chain, and its path in the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain<'a> {
    path: &'a str,
    value: &'a Value,
}

/// A value, and its path in the file.
struct Place<'a> {
    path: String,
    value: &'a Value,
}

impl<'a> Chain<'a> {
    /// Returns the filter chain at this path, or `None` if the path isn't one of a filter chain.
    pub(super) fn at(path: &'a str, value: &'a Value) -> Option<Self> {
        let field = path.rsplit('.').next().and_then(|last| last.split('[').next())?;
        let is_item = path.ends_with(']') && ["filter_chains", "filterChains"].contains(&field);
        let is_chain = is_item || ["default_filter_chain", "defaultFilterChain"].contains(&field);
        is_chain.then_some(Self { path, value })
    }

    /// Returns how this chain validates client certificates.
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
    /// Returns a field by either of the spellings that Envoy reads. A field that is null counts as missing.
    fn field(&self, name: &str) -> Option<Self> {
        self.spellings(name).next()
    }

    /// Returns the field in each spelling: Envoy accepts a file that has both.
    fn spellings(&self, name: &str) -> impl Iterator<Item = Self> {
        [name.to_owned(), camel(name)].into_iter().filter_map(|name| {
            let value = self.value.get(&name).filter(|value| !value.is_null())?;
            Some(Place { path: format!("{}.{name}", self.path), value })
        })
    }

    /// Finds a field of this name at any depth, because transport sockets are wrapped in others.
    fn find(&self, name: &str) -> Option<Self> {
        let inside = || {
            self.value.as_mapping()?.iter().find_map(|(field, value)| {
                Place { path: format!("{}.{}", self.path, field.as_str()?), value }.find(name)
            })
        };
        self.field(name).or_else(inside)
    }

    /// Returns how a `CertificateValidationContext` validates. Envoy merges a discovered one into it, which can add to
    /// the fields here and can't remove any.
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

    /// Returns the requirement on a secret that is discovered.
    fn discovered(&self) -> Validation {
        let name = self.field("name").and_then(|name| name.value.as_str().map(str::to_owned));
        Validation::Elsewhere(format!(
            "the secret {:?} at {} has to have a trusted_ca, and no trust_chain_verification: ACCEPT_UNTRUSTED",
            name.unwrap_or_default(),
            self.path
        ))
    }
}

/// Returns `true` if this is another value than the one that validates, which is 0 as a number.
fn accepts_anything(verification: &Place<'_>) -> bool {
    verification.value.as_str() != Some("VERIFY_TRUST_CHAIN") && verification.value.as_u64() != Some(0)
}

/// Converts a name to the spelling of JSON: `validationContext`.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |camel, word| {
        let mut letters = word.chars();
        let initial = letters.next().map(|letter| letter.to_ascii_uppercase());
        camel + &initial.into_iter().chain(letters).collect::<String>()
    })
}
