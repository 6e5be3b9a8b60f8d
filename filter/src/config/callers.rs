//! Reads `callers`, everybody who is known and their credentials.

use super::credentials::{Keys, digest, each_named, one_or_many, section};
use super::error::ConfigError;
use super::field::Field;
use super::object::object;
use super::{certificates, jwt, passwords};
use crate::caller::callers::Callers;
use crate::caller::groups::{Group, Groups};
use crate::caller::hash::Hash;
use crate::caller::jwt::ForeignBearer;
use crate::caller::passwords::{Passwords, Users};
use crate::caller::tokens::Tokens;
use crate::caller::who::{Who, WhoKind};
use crate::index::Index;
use crate::keyed_hash::sha256;

#[cfg(feature = "schema")]
use super::certificates::Certificate;
#[cfg(feature = "schema")]
use super::schema::{ByName, OneOrMany};

object! {
    /// The callers who are known, and their credentials.
    pub(super) CallersConfig, read as CallersObject {
        /// Users by name, each with a bcrypt hash (`$2a$`, `$2b$` or `$2y$`, cost 4 to 12), or a list of them.
        users: Option<ByName<OneOrMany<String>>>,
        /// Tokens by name, each with `sha256:` and the SHA-256 of the token in hexadecimal digits, or a list of them.
        tokens: Option<ByName<OneOrMany<String>>>,
        /// Client certificates by name, each with `sha256:` and the SHA-256 of its DER form, or one of `uri_san`,
        /// `dns_san` and `subject`, or a list of them.
        certificates: Option<ByName<OneOrMany<Certificate>>>,
        /// If `true`, the listener validates the chain of client certificates, so that what they say of themselves can
        /// be believed.
        #[schemars(default)]
        certificates_validated_by_listener: bool,
        /// Issuers of JSON web tokens, which the proxy verifies, by the name that rules use for them.
        jwt: Option<ByName<jwt::JwtConfig>>,
        /// Groups by name, each with a list of `user:N`, `token:N`, `certificate:N` and `jwt:ISSUER/SUBJECT`.
        groups: Option<ByName<Vec<String>>>,
        /// Limits on the checks of passwords that begin and wait, in each worker.
        passwords: Option<passwords::PasswordsConfig>,
        /// The path that ends a session that Envoy's filter `oauth2` keeps for people who have logged in at an identity provider.
        /// The page that people see when they are refused leads to it, and the cookies of the session go to no server.
        logout: Option<String>,
    }
}

/// Compiles everybody who is known.
pub(super) fn compile(field: &Field<'_>) -> Result<Callers, ConfigError> {
    let object = CallersObject::read(field)?;
    let (tokens, issuers, groups) = (object.tokens(), object.jwt(), object.groups());
    // Without tokens of the configuration's own, no bearer token can be one that somebody here is known by.
    let foreign_bearer = if tokens.is_given() { ForeignBearer::Refuse } else { ForeignBearer::Ignore };
    let vouched = object.certificates_validated_by_listener();
    let mut callers = Callers {
        issuers: jwt::compile(&section(&issuers, Some('/'))?, foreign_bearer)?,
        passwords: passwords(&object.users(), &object.passwords())?,
        tokens: tokens_of(&tokens)?,
        certificates: certificates::compile(&object.certificates(), &vouched)?,
        groups: Groups::default(),
        logout: logout(&object.logout())?,
    };
    callers.groups = groups_with_members(&section(&groups, Some('/'))?, &callers)?;
    Ok(callers)
}

fn groups_with_members(section: &[Field<'_>], callers: &Callers) -> Result<Groups, ConfigError> {
    let mut groups = Vec::new();
    for named in section {
        let mut members = Index::default();
        for field in named.items()? {
            let text = field.text()?;
            check_member(text, callers).map_err(|message| field.refuse(&message))?;
            members
                .insert(text.as_bytes())
                .map_err(|_| field.refuse(&format!("\"{text}\" is listed twice")))?;
        }
        if members.is_empty() {
            return Err(named.refuse("an empty group has no members: leave it out, or list its members"));
        }
        groups.push(Group { name: named.name().to_owned(), members });
    }
    Ok(Groups(groups))
}

/// Reads a path of this site.
fn logout(field: &Field<'_>) -> Result<Option<String>, ConfigError> {
    let path = field.optional_text()?;
    match path.is_some_and(|path| !path.starts_with('/') || path.starts_with("//")) {
        true => Err(field.refuse("this must be a path on this site, such as \"/oauth2/logout\"")),
        false => Ok(path.map(str::to_owned)),
    }
}

fn check_member(text: &str, callers: &Callers) -> Result<(), String> {
    let who: Option<Who> = text.parse().ok();
    let is_defined = match who.as_ref().map(Who::kind) {
        Some(WhoKind::Jwt(issuer, _)) => callers.issuers.iter().any(|known| known.name == issuer),
        Some(WhoKind::User(_) | WhoKind::Token(_) | WhoKind::Certificate(_)) => {
            who.is_some_and(|who| callers.knows(&who))
        }
        _ => {
            return Err(format!(
                "\"{text}\" can't be in a group: write user:N, token:N, certificate:N or jwt:ISSUER/SUBJECT"
            ));
        }
    };
    if is_defined { Ok(()) } else { Err(format!("\"{text}\" is not defined in callers")) }
}

fn passwords(section: &Field<'_>, limits: &Field<'_>) -> Result<Option<Passwords>, ConfigError> {
    if !section.is_given() {
        let nothing = "this limits nothing: there are no users";
        return if limits.is_given() { Err(limits.refuse(nothing)) } else { Ok(None) };
    }
    let mut users = Users::with_room(section.size());
    each_named(section, Some(':'), &mut |named| {
        for field in one_or_many(named)? {
            let hash = Hash::parse(field.text()?).map_err(|error| field.refuse(&error.to_string()))?;
            if users.next_hashes().contains(&hash) {
                return Err(field.refuse("this is listed twice"));
            }
            users.add_hash(hash);
        }
        users.add_user(named.name()).map_err(|_| named.twice())
    })?;
    let mut passwords = Passwords::new(users);
    passwords::apply(limits, &mut passwords.limits)?;
    Ok(Some(passwords))
}

fn tokens_of(section: &Field<'_>) -> Result<Tokens, ConfigError> {
    let mut keys = Keys::new(section, "token");
    let empty = sha256(b"");
    keys.read(None, &mut |keys, field| {
        let wanted =
            "this must be sha256: and 64 hexadecimal digits, as from: printf %s \"$TOKEN\" | sha256sum";
        let digest = digest(field.text()?).ok_or_else(|| field.refuse(wanted))?;
        if digest == empty {
            return Err(field.refuse("this is the SHA-256 of an empty text, which is no token"));
        }
        keys.add(field, &digest)
    })?;
    Ok(Tokens::new(keys.keyring))
}
