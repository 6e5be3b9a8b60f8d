//! Reads `callers`, everybody who is known and their credentials.

use super::credentials::{Unique, digest, identity, one_or_many};
use super::error::ConfigError;
use super::field::Field;
use super::list::listed;
use super::object::object;
use super::{certificates, jwt, passwords};
use crate::caller::callers::{Callers, Group};
use crate::caller::hash::Hash;
use crate::caller::jwt::ForeignBearer;
use crate::caller::passwords::{Passwords, User};
use crate::caller::scheme::Scheme;
use crate::caller::tokens::Tokens;
use crate::caller::who::{Who, WhoKind, Whos};
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
    }
}

/// Compiles everybody who is known.
pub(super) fn compile(field: &Field<'_>) -> Result<Callers, ConfigError> {
    let object = CallersObject::read(field)?;
    let (users, tokens, certificates) = (object.users(), object.tokens(), object.certificates());
    let (issuers, groups) = (object.jwt(), object.groups());
    let users = section(&users, Some(':'))?;
    let tokens = section(&tokens, None)?;
    let certificates = section(&certificates, None)?;
    let mut known = Vec::new();
    for (scheme, section) in
        [(Scheme::User, &users), (Scheme::Token, &tokens), (Scheme::Certificate, &certificates)]
    {
        for named in section {
            known.push(Who::named(scheme, named.name()));
        }
    }
    // Without tokens of the configuration's own, no bearer token can be one that somebody here is known by.
    let foreign_bearer = if tokens.is_empty() { ForeignBearer::Ignore } else { ForeignBearer::Refuse };
    let mut callers = Callers {
        issuers: jwt::compile(&section(&issuers, Some('/'))?, foreign_bearer)?,
        known: Whos::new(known).unwrap_or_default(),
        ..Callers::default()
    };
    callers.groups = groups_with_members(&section(&groups, Some('/'))?, &callers)?;
    callers.passwords = passwords(&users, &object.passwords(), &callers.groups)?;
    callers.tokens = tokens_of(&tokens, &callers.groups)?;
    let vouched = object.certificates_validated_by_listener();
    callers.certificates = certificates::compile(&certificates, &vouched, &callers.groups)?;
    Ok(callers)
}

/// Returns the named entries of a part of the configuration, which may be missing. A name has to be one that a rule can
/// write, and that is read there in one way only, so it may not have the character `without` in it.
fn section<'a>(field: &'a Field<'a>, without: Option<char>) -> Result<Vec<Field<'a>>, ConfigError> {
    if !field.is_given() {
        return Ok(Vec::new());
    }
    let section = field.entries()?;
    if section.is_empty() {
        return Err(field.refuse("an empty object names nobody: leave the field out"));
    }
    for named in &section {
        let name = named.name();
        let is_wrong = |character: char| character.is_control() || Some(character) == without;
        if !(1..=MAX_NAME).contains(&name.len()) || name.chars().any(is_wrong) {
            let but = without.map_or_else(String::new, |without| format!(" and without \"{without}\""));
            let message = format!("a name is 1 to {MAX_NAME} bytes without control characters{but}");
            return Err(named.refuse(&message));
        }
    }
    Ok(section)
}

const MAX_NAME: usize = 200;

fn groups_with_members(section: &[Field<'_>], callers: &Callers) -> Result<Vec<Group>, ConfigError> {
    let mut groups = Vec::new();
    for named in section {
        let empty = "an empty group has no members: leave it out, or list its members";
        let members = listed(named, empty, |text| member(text, callers))?;
        groups.push(Group { name: named.name().to_owned(), members });
    }
    Ok(groups)
}

fn member(text: &str, callers: &Callers) -> Result<Who, String> {
    let who: Option<Who> = text.parse().ok();
    let is_defined = match who.as_ref().map(Who::kind) {
        Some(WhoKind::Jwt(issuer, _)) => callers.issuers.iter().any(|known| known.name == issuer),
        Some(WhoKind::User(_) | WhoKind::Token(_) | WhoKind::Certificate(_)) => {
            callers.known.has_any(who.as_slice())
        }
        _ => {
            return Err(format!(
                "\"{text}\" can't be in a group: write user:N, token:N, certificate:N or jwt:ISSUER/SUBJECT"
            ));
        }
    };
    who.filter(|_| is_defined).ok_or_else(|| format!("\"{text}\" is not defined in callers"))
}

fn passwords(
    section: &[Field<'_>],
    limits: &Field<'_>,
    groups: &[Group],
) -> Result<Option<Passwords>, ConfigError> {
    if section.is_empty() {
        let nothing = "this limits nothing: there are no users";
        return if limits.is_given() { Err(limits.refuse(nothing)) } else { Ok(None) };
    }
    let (mut names, mut users) = (Vec::new(), Vec::new());
    for named in section {
        let name = named.name();
        users.push(User::new(identity(Scheme::User, name, groups), hashes(named)?));
        names.push(name.as_bytes().to_vec());
    }
    let mut passwords = Passwords::new(Index::new(names).unwrap_or_default(), users);
    passwords::apply(limits, &mut passwords.limits)?;
    Ok(Some(passwords))
}

fn hashes(named: &Field<'_>) -> Result<Vec<Hash>, ConfigError> {
    let mut hashes = Vec::new();
    for field in one_or_many(named)? {
        let hash = Hash::parse(field.text()?).map_err(|error| field.refuse(&error.to_string()))?;
        if hashes.contains(&hash) {
            return Err(field.refuse("this is listed twice"));
        }
        hashes.push(hash);
    }
    Ok(hashes)
}

fn tokens_of(section: &[Field<'_>], groups: &[Group]) -> Result<Tokens, ConfigError> {
    let mut unique = Unique::default();
    for named in section {
        let identity = identity(Scheme::Token, named.name(), groups);
        for field in one_or_many(named)? {
            let wanted =
                "this must be sha256: and 64 hexadecimal digits, as from: printf %s \"$TOKEN\" | sha256sum";
            let digest = digest(field.text()?).ok_or_else(|| field.refuse(wanted))?;
            if digest == sha256(b"") {
                return Err(field.refuse("this is the SHA-256 of an empty text, which is no token"));
            }
            unique.push(field, digest.to_vec(), &identity);
        }
    }
    let (digests, identities) = unique.finish("token")?;
    Ok(Tokens::new(digests, identities))
}
