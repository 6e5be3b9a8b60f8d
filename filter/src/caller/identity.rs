//! The identity of a caller: one scheme, one name, and the groups that it is in.

use super::claim::{Claim, ClaimPath};
use super::scheme::Scheme;
use super::who::Who;
use crate::target::escape::{is_unreserved, push_escape};
use std::fmt;
use std::rc::Rc;

/// A caller whom the configuration knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    scheme: Scheme,
    name: String,
    is: Vec<Who>,
    claims: Vec<(ClaimPath, Claim)>,
}

impl Identity {
    /// Creates an identity of this name, in these groups. The name of a caller with a JSON web token is
    /// `issuer/subject`.
    pub fn new(scheme: Scheme, name: &str, groups: impl IntoIterator<Item = Who>) -> Self {
        let mut is = vec![Who::named(scheme, name), Who::authenticated(), Who::anyone()];
        is.extend(groups);
        Self { scheme, name: name.to_owned(), is, claims: Vec::new() }
    }

    /// Sets the claims of the caller's token that rules read.
    #[must_use]
    pub fn with_claims(self, claims: Vec<(ClaimPath, Claim)>) -> Self {
        Self { claims, ..self }
    }

    /// Returns this claim of the caller's token, or `None` if the token has none or there is no token.
    pub fn claim(&self, path: &ClaimPath) -> Option<&Claim> {
        self.claims.iter().find(|(known, _)| known == path).map(|(_, claim)| claim)
    }

    /// Returns the scheme by which the caller is known.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Returns the name of the caller.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns `scheme:name`, as a configuration writes it.
    pub fn who(&self) -> &str {
        // The caller's own name is the first that a rule may use.
        self.is.first().map_or("", Who::as_str)
    }

    /// Returns all names that a rule may use for the caller.
    pub fn is(&self) -> &[Who] {
        &self.is
    }

    /// Returns `scheme:name` with the name percent-encoded, so that it can stand in a header (`threats.md` H4).
    pub fn header_value(&self) -> String {
        let mut value = format!("{}:", self.scheme);
        for byte in self.name.bytes() {
            if is_unreserved(byte) { value.push(char::from(byte)) } else { push_escape(&mut value, byte) }
        }
        value
    }
}

impl fmt::Display for Identity {
    /// Writes `scheme:name`, as a configuration does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.who())
    }
}

/// The names that a rule may use for callers who aren't known.
static ANONYMOUS: [Who; 2] = [Who::anonymous(), Who::anyone()];

/// The caller of a request, as far as the rules had to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A caller who showed no credential, or whose credential didn't matter.
    Anonymous,
    /// A caller with one identity.
    Known(Rc<Identity>),
}

impl Caller {
    /// Returns the identity, if there is one.
    pub fn identity(&self) -> Option<&Identity> {
        match self {
            Self::Anonymous => None,
            Self::Known(identity) => Some(identity),
        }
    }

    /// Returns the name of a caller as a configuration writes it: `anonymous`, or `scheme:name`.
    pub fn who(&self) -> &str {
        self.is().first().map_or("", Who::as_str)
    }

    /// Returns all names that a rule may use for the caller. The first is the caller's own.
    pub fn is(&self) -> &[Who] {
        match self {
            Self::Anonymous => &ANONYMOUS,
            Self::Known(identity) => identity.is(),
        }
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("anonymous callers"),
            Self::Known(identity) => identity.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_not_end_a_header() {
        let name = "a:b c\r\nx-scope-orgid: evil/ü";
        let identity = Identity::new(Scheme::User, name, []);
        assert_eq!(identity.header_value(), "user:a%3Ab%20c%0D%0Ax-scope-orgid%3A%20evil%2F%C3%BC");
    }

    #[test]
    fn an_identity_is_itself_its_groups_and_authenticated() {
        let identity = Identity::new(Scheme::User, "a", [Who::group("g")]);
        let is: Vec<_> = identity.is().iter().map(Who::as_str).collect();
        assert_eq!(is, ["user:a", "authenticated", "anyone", "group:g"]);
        assert_eq!(identity.who(), "user:a");
    }
}
