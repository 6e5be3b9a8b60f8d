//! The names that rules use for callers and groups of callers.

use super::scheme::Scheme;
use crate::index::Index;
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// A name that a rule uses for callers, as a configuration writes it. There is one way to write each, so that texts can
/// be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who(Cow<'static, str>);

/// The kind of callers that a name stands for. Groups of a token and groups of the configuration are never the same
/// (`threats.md` C6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhoKind<'a> {
    /// Everybody, known or not; nobody is asked.
    Anyone,
    /// Everybody who isn't known.
    Anonymous,
    /// Everybody whom the configuration knows.
    Authenticated,
    /// The user of this name.
    User(&'a str),
    /// The token of this name.
    Token(&'a str),
    /// The client certificate of this name.
    Certificate(&'a str),
    /// The caller of a token: the issuer as the configuration calls it, and the caller's name in the token.
    Jwt(&'a str, &'a str),
    /// A group that the configuration defines.
    Group(&'a str),
    /// A group that tokens name: the issuer as the configuration calls it, and the group's name in the token.
    TokenGroup(&'a str, &'a str),
}

impl<'a> WhoKind<'a> {
    fn read(text: &'a str) -> Option<Self> {
        match text {
            "anyone" => return Some(Self::Anyone),
            "anonymous" => return Some(Self::Anonymous),
            "authenticated" => return Some(Self::Authenticated),
            _ => {}
        }
        let (kind, name) = text.split_once(':').filter(|(_, name)| !name.is_empty())?;
        let parts = || name.split_once('/').filter(|(issuer, name)| !issuer.is_empty() && !name.is_empty());
        match kind {
            "user" => Some(Self::User(name)),
            "token" => Some(Self::Token(name)),
            "certificate" => Some(Self::Certificate(name)),
            "jwt" => parts().map(|(issuer, subject)| Self::Jwt(issuer, subject)),
            "group" if name.split_once('/').is_some() => {
                parts().map(|(issuer, name)| Self::TokenGroup(issuer, name))
            }
            "group" => Some(Self::Group(name)),
            _ => None,
        }
    }
}

/// The error of a text that isn't a name for callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nobody;

impl FromStr for Who {
    type Err = Nobody;

    fn from_str(text: &str) -> Result<Self, Nobody> {
        WhoKind::read(text).map(|_| Self(Cow::Owned(text.to_owned()))).ok_or(Nobody)
    }
}

impl Who {
    /// Returns the name for everybody.
    pub const fn anyone() -> Self {
        Self(Cow::Borrowed("anyone"))
    }

    /// Returns the name for everybody who isn't known.
    pub const fn anonymous() -> Self {
        Self(Cow::Borrowed("anonymous"))
    }

    /// Returns the name for everybody who is known.
    pub fn authenticated() -> Self {
        Self(Cow::Borrowed("authenticated"))
    }

    /// Returns the name of a group of the configuration. `name` has no `/` in it.
    pub fn group(name: &str) -> Self {
        Self(Cow::Owned(format!("group:{name}")))
    }

    /// Returns the name of a group that tokens of this issuer name.
    pub fn token_group(issuer: &str, name: &str) -> Self {
        Self(Cow::Owned(format!("group:{issuer}/{name}")))
    }

    /// Returns the name of a caller of this scheme. For a JSON web token `name` is `issuer/subject`.
    pub fn named(scheme: Scheme, name: &str) -> Self {
        Self(Cow::Owned(format!("{scheme}:{name}")))
    }

    /// Returns the kind of callers that the name stands for.
    pub fn kind(&self) -> WhoKind<'_> {
        // Every text in here can be read. If one couldn't, it would name nobody who is known.
        WhoKind::read(&self.0).unwrap_or(WhoKind::Anonymous)
    }

    /// Returns the name as a configuration writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A list of names in order, none of which stands there twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whos {
    listed: Vec<Who>,
    index: Index,
}

impl Whos {
    /// Creates the list, and returns `None` if a name stands there twice.
    pub fn new(listed: Vec<Who>) -> Option<Self> {
        let mut index = Index::default();
        for who in &listed {
            index.insert(who.as_str().as_bytes()).ok()?;
        }
        Some(Self { listed, index })
    }

    /// Returns the names in their order.
    pub fn listed(&self) -> &[Who] {
        &self.listed
    }

    /// Returns `true` if one of these names is in the list.
    pub fn has_any(&self, of: &[Who]) -> bool {
        of.iter().any(|who| self.index.find(who.as_str().as_bytes()).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_a_rule_names_is_read_in_one_way() {
        for (text, kind) in [
            ("anyone", WhoKind::Anyone),
            ("anonymous", WhoKind::Anonymous),
            ("authenticated", WhoKind::Authenticated),
            ("user:a", WhoKind::User("a")),
            ("user:a@b/c:d", WhoKind::User("a@b/c:d")),
            ("token:a", WhoKind::Token("a")),
            ("certificate:a", WhoKind::Certificate("a")),
            ("jwt:corp/a/b", WhoKind::Jwt("corp", "a/b")),
            ("group:sre", WhoKind::Group("sre")),
            ("group:corp/team-a", WhoKind::TokenGroup("corp", "team-a")),
        ] {
            let who: Who = text.parse().unwrap();
            assert_eq!((who.kind(), who.to_string().as_str()), (kind, text));
        }
        for text in
            ["", "all", "user", "user:", "role:a", "jwt:corp", "jwt:corp/", "jwt:/a", "group:/a", "Anyone"]
        {
            assert_eq!(text.parse::<Who>(), Err(Nobody), "{text}");
        }
    }
}
