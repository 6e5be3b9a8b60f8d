//! The callers of a configuration, compiled. The headers of a request and the host's facts about it come in; the caller
//! goes out, or the reason why the login is refused.

use super::authorization::{Credential, MalformedCredential, Presented};
use super::certificates::Certificates;
use super::facts::{HostFacts, Untold};
use super::groups::{Group, Groups};
use super::hints::Hints;
use super::identity::{Caller, Identity};
use super::jwt::{self, Accepted, ForeignBearer, Issuer};
use super::logins::{Attempt, Logins, PasswordCheck, StreamId, TooMany};
use super::passwords::Passwords;
use super::scheme::Scheme;
use super::token_error::TokenError;
use super::tokens::Tokens;
use super::who::{Who, WhoKind};
use crate::keyed_hash::Digest;
use crate::target::headers::Headers;
use std::fmt;
use std::rc::Rc;

/// The callers that a configuration knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Callers {
    /// The users with their passwords, if there are any.
    pub passwords: Option<Passwords>,
    /// The callers who are known by a static token.
    pub tokens: Tokens,
    /// The callers who are known by a client certificate.
    pub certificates: Certificates,
    /// The issuers whose JSON web tokens are believed.
    pub issuers: Vec<Issuer>,
    /// The groups of the configuration, each with its members.
    pub groups: Groups,
    /// The path that ends a session that the proxy keeps, if it does.
    pub logout: Option<String>,
}

/// The result of identifying the caller of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identified {
    /// The caller, who may be anonymous.
    Caller(Caller),
    /// The password has to be checked first.
    NotYet,
}

/// A reason why a login is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginError {
    /// The header `Authorization` can't be read.
    Malformed(MalformedCredential),
    /// Nobody can log in by this scheme.
    NotConfigured(&'static str),
    /// There is no such user, or the password is wrong.
    Password,
    /// There is no such token.
    Token,
    /// The JSON web token is not accepted.
    Jwt(TokenError),
    /// There is no such certificate.
    Certificate,
    /// The password is not checked now, since too many checks have begun or wait.
    TooMany(TooMany),
    /// The host doesn't tell the filter something that it needs.
    Unknown,
}

impl LoginError {
    /// Returns the scheme by which the login was tried, if that is known.
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
            Self::Token => f.write_str("this token is not known here, or is no longer valid"),
            Self::Jwt(error) => f.write_str(error.for_the_client()),
            Self::Certificate => f.write_str("this client certificate is not known here"),
            Self::TooMany(_) => f.write_str("too many logins at once: try again later"),
            Self::Unknown => f.write_str("the proxy doesn't say who is calling"),
        }
    }
}

impl From<Untold> for LoginError {
    fn from(_: Untold) -> Self {
        Self::Unknown
    }
}

impl Callers {
    /// Identifies the caller of a request. `Authorization` decides if it is there, else a JSON web token, else a
    /// certificate. A bearer token that nobody here knows may be left alone where the request has a JSON web token too.
    ///
    /// # Errors
    ///
    /// Returns an error if the client's credential is invalid, or can't be checked now.
    pub fn identify(
        &self,
        headers: &Headers,
        facts: &dyn HostFacts,
        stream: StreamId,
        logins: &mut Logins,
        hints: Hints<'_>,
    ) -> Result<Identified, LoginError> {
        if self.passwords.is_some() || self.can_bear() {
            let presented = Presented::of(headers).map_err(LoginError::Malformed)?;
            if let Some(presented) = presented {
                // A token is remembered whatever its source.
                let source = match presented {
                    Presented::Basic(_) if self.passwords.is_some() => facts.source()?,
                    Presented::Basic(_) | Presented::Bearer(_) => None,
                };
                if let Some(identity) = logins.recall(presented, source, hints.configuration) {
                    return Ok(Identified::known(Rc::clone(identity)));
                }
                return self.by_header(presented, facts, stream, logins, hints);
            }
        }
        if let Some(accepted) = self.by_jwt(facts, logins, hints.configuration)? {
            return Ok(Identified::known(Rc::clone(&accepted.identity)));
        }
        let certificate = if self.certificates.is_empty() { None } else { facts.certificate()? };
        match certificate {
            Some(presented) => {
                let name = self.certificates.find(&presented).ok_or(LoginError::Certificate)?;
                Ok(Identified::known(self.groups.identity(Scheme::Certificate, name)))
            }
            None => Ok(Identified::Caller(Caller::Anonymous)),
        }
    }

    /// Returns the caller of a credential that isn't remembered.
    fn by_header(
        &self,
        presented: Presented<'_>,
        facts: &dyn HostFacts,
        stream: StreamId,
        logins: &mut Logins,
        hints: Hints<'_>,
    ) -> Result<Identified, LoginError> {
        match presented.decode().map_err(LoginError::Malformed)? {
            Credential::Basic { user, password } => {
                let passwords = self.passwords.as_ref().ok_or(LoginError::NotConfigured("Basic"))?;
                let (source, now) = (facts.source()?.ok_or(LoginError::Unknown)?, facts.now()?);
                let attempt = Attempt { presented, user: &user, password: &password, source, stream };
                match logins
                    .ask(passwords, &self.groups, &attempt, hints, now)
                    .map_err(LoginError::TooMany)?
                {
                    PasswordCheck::Wrong => Err(LoginError::Password),
                    PasswordCheck::NotYet => Ok(Identified::NotYet),
                }
            }
            Credential::Bearer(token) if self.can_bear() => match self.tokens.find(&token) {
                Some(name) => {
                    let identity = self.groups.identity(Scheme::Token, name);
                    logins.remember_token(presented, &identity, hints.configuration);
                    Ok(Identified::known(identity))
                }
                None => self.beside_a_foreign_bearer(facts, logins, hints.configuration),
            },
            Credential::Bearer(_) => Err(LoginError::NotConfigured("Bearer")),
        }
    }

    /// Returns the caller of a JSON web token that counts beside a bearer token that nobody here knows.
    fn beside_a_foreign_bearer(
        &self,
        facts: &dyn HostFacts,
        logins: &mut Logins,
        configuration: &Digest,
    ) -> Result<Identified, LoginError> {
        let is_ignored = |bearer| bearer == ForeignBearer::Ignore;
        if !self.issuers.iter().any(|issuer| is_ignored(issuer.foreign_bearer)) {
            return Err(LoginError::Token);
        }
        match self.by_jwt(facts, logins, configuration)? {
            Some(accepted) if is_ignored(accepted.foreign_bearer) => {
                Ok(Identified::known(Rc::clone(&accepted.identity)))
            }
            _ => Err(LoginError::Token),
        }
    }

    fn by_jwt(
        &self,
        facts: &dyn HostFacts,
        logins: &mut Logins,
        configuration: &Digest,
    ) -> Result<Option<Rc<Accepted>>, LoginError> {
        if self.issuers.is_empty() {
            return Ok(None);
        }
        let metadata = facts.metadata()?;
        let Some(verified) = jwt::verified(&metadata).map_err(LoginError::Jwt)? else {
            return Ok(None);
        };
        let now = facts.now()?;
        if let Some(accepted) = logins.recall_accepted(verified, configuration) {
            accepted.times.check(now).map_err(LoginError::Jwt)?;
            return Ok(Some(accepted));
        }
        let accepted = jwt::caller(&self.issuers, &self.groups, verified, now).map_err(LoginError::Jwt)?;
        let accepted = accepted.map(Rc::new);
        if let Some(accepted) = &accepted {
            logins.remember_accepted(verified, accepted, configuration);
        }
        Ok(accepted)
    }

    /// Returns `true` if the `Authorization` of a request is for the filter: it is one of the configuration's tokens, or
    /// has the name of one of its users, with any password, or it can't be read. It is no business of a server with callers
    /// of its own.
    /// `caller` is the caller of the request, as far as the rules had to know.
    pub fn own(&self, headers: &Headers, caller: &Caller) -> bool {
        if caller.identity().is_some_and(|known| matches!(known.scheme(), Scheme::User | Scheme::Token)) {
            return true;
        }
        let presented = match Presented::of(headers) {
            Ok(Some(presented)) => presented,
            Ok(None) => return false,
            Err(_) => return self.can_be_here() && !Presented::is_of_another_scheme(headers),
        };
        match presented.decode() {
            Ok(Credential::Basic { user, .. }) => self.has_user(&user),
            Ok(Credential::Bearer(token)) => self.tokens.find(&token).is_some(),
            Err(_) => self.can_be_here() && presented.user().is_none_or(|user| self.has_user(&user)),
        }
    }

    fn has_user(&self, user: &[u8]) -> bool {
        self.passwords.as_ref().is_some_and(|passwords| passwords.user(user).is_some())
    }

    /// Returns `true` if there is a password or a token here, which a header that can't be read may hold.
    fn can_be_here(&self) -> bool {
        self.passwords.is_some() || !self.tokens.is_empty()
    }

    fn can_bear(&self) -> bool {
        !self.tokens.is_empty() || !self.issuers.is_empty()
    }

    /// Returns the challenges of a 401: one for each scheme that a header can carry (RFC 9110 §11.6.1).
    pub fn challenges(&self) -> Vec<&'static str> {
        let basic = self.passwords.is_some().then_some("Basic realm=\"Prometheus\", charset=\"UTF-8\"");
        let bearer = self.can_bear().then_some("Bearer realm=\"Prometheus\"");
        basic.into_iter().chain(bearer).collect()
    }

    /// Returns `true` if the configuration knows nobody.
    pub fn is_empty(&self) -> bool {
        self.challenges().is_empty() && self.certificates.is_empty()
    }

    /// Returns `true` if the configuration knows a caller of this name, who isn't known by a JSON web token.
    pub fn knows(&self, who: &Who) -> bool {
        match who.kind() {
            WhoKind::User(name) => {
                self.passwords.as_ref().is_some_and(|passwords| passwords.user(name.as_bytes()).is_some())
            }
            WhoKind::Token(name) => self.tokens.has(name),
            WhoKind::Certificate(name) => self.certificates.has(name),
            _ => false,
        }
    }

    /// Returns everybody who is known by name. Callers with a JSON web token are not among them.
    pub fn known(&self) -> impl Iterator<Item = Who> {
        let users = self.passwords.iter().flat_map(Passwords::users).map(|user| user.name);
        let users = users.map(|name| Who::named(Scheme::User, name));
        let tokens = self.tokens.names().map(|name| Who::named(Scheme::Token, name));
        users.chain(tokens).chain(self.certificates.names().map(|name| Who::named(Scheme::Certificate, name)))
    }

    /// Returns `who`, and the other names of every caller whom it names: groups, `authenticated`, `anyone`.
    pub fn also(&self, who: &Who) -> Vec<Who> {
        let mut also = self.groups.of(who);
        also.push(who.clone());
        let implied = match who.kind() {
            WhoKind::Anyone => &[][..],
            WhoKind::Anonymous | WhoKind::Authenticated => &[Who::anyone()],
            _ => &[Who::authenticated(), Who::anyone()],
        };
        also.extend_from_slice(implied);
        also
    }

    /// Returns `true` if something is true of one of the smallest parts that have names, into which the callers whom `who`
    /// names can be split: everybody whom it names is in one of them.
    pub fn has_part(&self, who: &Who, is_it: &mut dyn FnMut(Who) -> bool) -> bool {
        match who.kind() {
            WhoKind::Anyone if self.is_empty() => is_it(Who::anonymous()),
            WhoKind::Anyone => self.has_authenticated(is_it) || is_it(Who::anonymous()),
            WhoKind::Authenticated => self.has_authenticated(is_it),
            WhoKind::Group(name) => self.groups.named(name).into_iter().flat_map(Group::members).any(is_it),
            _ => is_it(who.clone()),
        }
    }

    fn has_authenticated(&self, is_it: &mut dyn FnMut(Who) -> bool) -> bool {
        match self.issuers.is_empty() {
            true => self.known().any(is_it),
            // The caller of a token may have any name, so they can't be listed.
            false => is_it(Who::authenticated()),
        }
    }
}

impl Identified {
    fn known(identity: Rc<Identity>) -> Self {
        Self::Caller(Caller::Known(identity))
    }
}

#[cfg(test)]
mod tests;
