//! Whom a rule names.

use super::scheme::Scheme;
use crate::index::Index;
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// Whom a rule names, as a configuration writes it. There is one way to write each, so that texts can be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who(Cow<'static, str>);

/// What kind of people that is. Groups of a token and groups of the configuration are never the same (`threats.md` C6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhoKind<'a> {
    /// Everybody, known or not; nobody is asked.
    Anyone,
    /// Who is not known.
    Anonymous,
    /// Whoever the configuration knows.
    Authenticated,
    /// The user of this name.
    User(&'a str),
    /// The token of this name.
    Token(&'a str),
    /// The client certificate of this name.
    Certificate(&'a str),
    /// One of an issuer's tokens: the issuer, as the configuration calls it, and the caller's name in the token.
    Jwt(&'a str, &'a str),
    /// A group of the configuration's.
    Group(&'a str),
    /// A group that tokens name: the issuer, as the configuration calls it, and the group's name in the token.
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

/// That a text names nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nobody;

impl FromStr for Who {
    type Err = Nobody;

    fn from_str(text: &str) -> Result<Self, Nobody> {
        WhoKind::read(text).map(|_| Self(Cow::Owned(text.to_owned()))).ok_or(Nobody)
    }
}

impl Who {
    /// Everybody.
    pub const fn anyone() -> Self {
        Self(Cow::Borrowed("anyone"))
    }

    /// Whoever isn't known.
    pub const fn anonymous() -> Self {
        Self(Cow::Borrowed("anonymous"))
    }

    /// Whoever is known.
    pub fn authenticated() -> Self {
        Self(Cow::Borrowed("authenticated"))
    }

    /// A group of the configuration's; the name has no `/`.
    pub fn group(name: &str) -> Self {
        Self(Cow::Owned(format!("group:{name}")))
    }

    /// A group that tokens of this issuer name.
    pub fn token_group(issuer: &str, name: &str) -> Self {
        Self(Cow::Owned(format!("group:{issuer}/{name}")))
    }

    /// Somebody of this scheme and name; `issuer/subject`, where it is a JSON web token.
    pub fn named(scheme: Scheme, name: &str) -> Self {
        Self(Cow::Owned(format!("{scheme}:{name}")))
    }

    /// What kind of people that is.
    pub fn kind(&self) -> WhoKind<'_> {
        // Every text in here is one that can be read; were it not, it would name nobody who is known.
        WhoKind::read(&self.0).unwrap_or(WhoKind::Anonymous)
    }

    /// As a configuration writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// People, in the order of a list, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whos {
    listed: Vec<Who>,
    index: Index,
}

impl Whos {
    /// These, each of which stands once.
    pub fn new(listed: Vec<Who>) -> Option<Self> {
        let keys = listed.iter().map(|who| who.as_str().as_bytes().to_vec()).collect();
        let index = Index::new(keys).ok()?;
        Some(Self { listed, index })
    }

    /// The list.
    pub fn listed(&self) -> &[Who] {
        &self.listed
    }

    /// Whether one of these is in it.
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
