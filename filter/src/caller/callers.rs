//! Everybody whom a configuration knows, compiled, and how a request is found to be one of theirs.

use super::authorization::{Credential, MalformedCredential};
use super::certificates::Certificates;
use super::facts::Facts;
use super::identity::{Caller, Identity};
use super::jwt::{self, Issuer, TokenError};
use super::logins::{Attempt, Logins, PasswordCheck, StreamId, TooMany};
use super::passwords::Passwords;
use super::scheme::Scheme;
use super::secret::Secret;
use super::tokens::Tokens;
use super::who::{Who, WhoKind};
use crate::caller::who::Whos;
use crate::target::headers::Headers;
use std::fmt;
use std::rc::Rc;

/// The callers of a configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Callers {
    /// By name and password.
    pub passwords: Option<Passwords>,
    /// By static token.
    pub tokens: Tokens,
    /// By client certificate.
    pub certificates: Certificates,
    /// By a JSON web token of one of these.
    pub issuers: Vec<Issuer>,
    /// The configuration's own groups, and who is in each.
    pub groups: Vec<Group>,
    /// Everybody who is known by name; callers by JSON web token are not among them.
    pub known: Whos,
}

/// A group of the configuration's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Who is in it.
    pub members: Vec<Who>,
}

/// Who is calling, if that is known already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identified {
    /// It is.
    Caller(Caller),
    /// The password has to be checked first.
    NotYet,
}

/// Why nobody is calling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginError {
    /// `Authorization` can't be read.
    Malformed(MalformedCredential),
    /// Nobody can log in by this scheme.
    NotConfigured(&'static str),
    /// There is no such user, or the password is another one.
    Password,
    /// There is no such token.
    Token,
    /// The JSON web token doesn't count.
    Jwt(TokenError),
    /// There is no such certificate.
    Certificate,
    /// Passwords aren't looked at just now.
    TooMany(TooMany),
    /// The host doesn't say what has to be known.
    Unknown,
}

impl LoginError {
    /// By which scheme it was tried, if one can tell.
    pub fn scheme(&self) -> Option<Scheme> {
        match self {
            Self::Password | Self::TooMany(_) => Some(Scheme::User),
            Self::Token => Some(Scheme::Token),
            Self::Jwt(_) => Some(Scheme::Jwt),
            Self::Certificate => Some(Scheme::Certificate),
            Self::Malformed(_) | Self::NotConfigured(_) | Self::Unknown => None,
        }
    }
}

impl fmt::Display for LoginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(malformed) => malformed.fmt(f),
            Self::NotConfigured(scheme) => write!(f, "nobody can log in by \"{scheme}\" here"),
            Self::Password => f.write_str("wrong user or password"),
            Self::Token => f.write_str("this token is not known here, or is valid no longer"),
            Self::Jwt(error) => error.fmt(f),
            Self::Certificate => f.write_str("this client certificate is not known here"),
            Self::TooMany(_) => f.write_str("too many logins at once: try again later"),
            Self::Unknown => f.write_str("the proxy doesn't say who is calling"),
        }
    }
}

impl Callers {
    /// Finds out who is calling. `Authorization` decides if it is there, else a JSON web token, else a certificate.
    ///
    /// # Errors
    ///
    /// What the client presents is invalid, or can't be looked at now.
    pub fn identify(
        &self,
        headers: &Headers,
        facts: &Facts,
        stream: StreamId,
        logins: &mut Logins,
    ) -> Result<Identified, LoginError> {
        let known = |identity: &Rc<Identity>| Identified::Caller(Caller::Known(Rc::clone(identity)));
        let credential = match self.challenges().is_empty() {
            true => None,
            false => Credential::of(headers).map_err(LoginError::Malformed)?,
        };
        match credential {
            Some(Credential::Basic { user, password }) => {
                return self.by_password(&user, &password, facts, stream, logins);
            }
            Some(Credential::Bearer(token)) if self.can_bear() => {
                return self.tokens.find(&token).map(known).ok_or(LoginError::Token);
            }
            Some(Credential::Bearer(_)) => return Err(LoginError::NotConfigured("Bearer")),
            None => {}
        }
        if let Some(caller) = self.by_jwt(facts)? {
            return Ok(Identified::Caller(caller));
        }
        match &facts.certificate {
            Some(presented) if !self.certificates.is_empty() => {
                self.certificates.find(presented).map(known).ok_or(LoginError::Certificate)
            }
            _ => Ok(Identified::Caller(Caller::Anonymous)),
        }
    }

    fn by_password(
        &self,
        user: &[u8],
        password: &Secret,
        facts: &Facts,
        stream: StreamId,
        logins: &mut Logins,
    ) -> Result<Identified, LoginError> {
        let passwords = self.passwords.as_ref().ok_or(LoginError::NotConfigured("Basic"))?;
        let (source, now) = facts.source.zip(facts.now).ok_or(LoginError::Unknown)?;
        let attempt = Attempt { user, password, source, stream };
        match logins.ask(passwords, &attempt, now).map_err(LoginError::TooMany)? {
            PasswordCheck::Right(identity) => Ok(Identified::Caller(Caller::Known(identity))),
            PasswordCheck::Wrong => Err(LoginError::Password),
            PasswordCheck::NotYet => Ok(Identified::NotYet),
        }
    }

    fn by_jwt(&self, facts: &Facts) -> Result<Option<Caller>, LoginError> {
        if self.issuers.is_empty() {
            return Ok(None);
        }
        let now = facts.now.ok_or(LoginError::Unknown)?;
        let identity = jwt::caller(&self.issuers, &facts.metadata, now).map_err(LoginError::Jwt)?;
        Ok(identity.map(|identity| {
            let ours = self.groups_of(&Who::named(identity.scheme(), identity.name()));
            Caller::Known(Rc::new(identity.in_groups(ours)))
        }))
    }

    fn can_bear(&self) -> bool {
        !self.tokens.is_empty() || !self.issuers.is_empty()
    }

    /// What a 401 asks for: one challenge for each scheme that a header can carry (RFC 9110 §11.6.1).
    pub fn challenges(&self) -> Vec<&'static str> {
        let basic = self.passwords.is_some().then_some("Basic realm=\"Prometheus\", charset=\"UTF-8\"");
        let bearer = self.can_bear().then_some("Bearer realm=\"Prometheus\"");
        basic.into_iter().chain(bearer).collect()
    }

    /// Whether nobody is known.
    pub fn is_empty(&self) -> bool {
        self.challenges().is_empty() && self.certificates.is_empty()
    }

    /// The configuration's groups that somebody is in.
    pub fn groups_of(&self, who: &Who) -> Vec<Who> {
        groups_of(&self.groups, who)
    }

    /// Everything that somebody is called who is called this.
    pub fn also(&self, who: &Who) -> Vec<Who> {
        let mut also = self.groups_of(who);
        also.push(who.clone());
        let implied = match who.kind() {
            WhoKind::Anyone => &[][..],
            WhoKind::Anonymous | WhoKind::Authenticated => &[Who::anyone()],
            _ => &[Who::authenticated(), Who::anyone()],
        };
        also.extend_from_slice(implied);
        also
    }

    /// The smallest parts of whom this names: all that are called so are one of these.
    pub fn parts(&self, who: &Who) -> Vec<Who> {
        let authenticated = || match self.issuers.is_empty() {
            true => self.known.listed().to_vec(),
            // Who comes with a token has any name.
            false => vec![Who::authenticated()],
        };
        match who.kind() {
            WhoKind::Anyone => {
                let mut parts = if self.is_empty() { Vec::new() } else { authenticated() };
                parts.push(Who::anonymous());
                parts
            }
            WhoKind::Authenticated => authenticated(),
            WhoKind::Group(name) => {
                let group = self.groups.iter().find(|group| group.name == name);
                group.map(|group| group.members.clone()).unwrap_or_default()
            }
            _ => vec![who.clone()],
        }
    }
}

/// Which of these groups somebody is in.
pub(crate) fn groups_of(groups: &[Group], who: &Who) -> Vec<Who> {
    groups.iter().filter(|group| group.members.contains(who)).map(|group| Who::group(&group.name)).collect()
}
