//! Headers that tell the proxy's rate limit filter who is calling, for rates that several gateways count together. No
//! client may set them, and the proxy's routes remove them again.

use super::RuleNumber;
use crate::api::class::Class;
use crate::caller::facts::{HostFacts, Untold};
use crate::caller::identity::Caller;
use crate::target::header_edits::HeaderValue;
use crate::target::headers::name::Name;

/// A fact about an allowed request by which its rate may be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Descriptor {
    /// The rule that allows the request, as its position in `access`.
    Rule,
    /// The caller as `scheme:name`, or the address of a caller who isn't known.
    Caller,
    /// The class of the request.
    Class,
}

impl Descriptor {
    /// Returns the descriptor of this name in configurations.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "rule" => Some(Self::Rule),
            "caller" => Some(Self::Caller),
            "class" => Some(Self::Class),
            _ => None,
        }
    }

    /// Returns the header that carries it.
    pub(crate) fn header(self) -> Name {
        match self {
            Self::Rule => Name::XPromwardRule,
            Self::Caller => Name::XPromwardCaller,
            Self::Class => Name::XPromwardClass,
        }
    }

    /// Returns its value for a request.
    ///
    /// # Errors
    ///
    /// Returns an error if the caller isn't known, and the host doesn't tell the address either.
    pub(crate) fn value(
        self,
        rule: RuleNumber,
        caller: &Caller,
        class: Class,
        facts: &dyn HostFacts,
    ) -> Result<HeaderValue, Untold> {
        Ok(match (self, caller) {
            (Self::Rule, _) => rule.position.to_string().into(),
            (Self::Class, _) => class.name().into(),
            (Self::Caller, Caller::Known(identity)) => identity.header_value().into(),
            (Self::Caller, Caller::Anonymous) => {
                format!("{}:{}", caller.who(), facts.source()?.ok_or(Untold)?).into()
            }
        })
    }
}
