//! `callers`: who is known.

use super::ConfigError;
use super::certificates;
use super::jwt;
use super::list::listed;
use super::passwords::PasswordsConfig;
use super::tree::Tree;
use crate::access::Whos;
use crate::access::who::{Kind, Who};
use crate::caller::callers::{Callers, Group, groups_of};
use crate::caller::hash::Hash;
use crate::caller::identity::{Identity, Scheme};
use crate::caller::passwords::{Passwords, User};
use crate::caller::tokens::Tokens;
use crate::index::{Index, Twice};
use crate::keyed::Digest;
use serde::Deserialize;
use std::rc::Rc;

/// Who is known, and by what.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct CallersConfig {
    /// Users by name, each with a bcrypt hash (`$2a$`, `$2b$` or `$2y$`, cost 4 to 12), or a list of them.
    #[cfg_attr(feature = "schema", schemars(with = "Option<super::schema::Named<String>>"))]
    users: Option<Tree>,
    /// Tokens by name, each with `sha256:` and the SHA-256 of the token in hexadecimal digits, or a list of them.
    #[cfg_attr(feature = "schema", schemars(with = "Option<super::schema::Named<String>>"))]
    tokens: Option<Tree>,
    /// Client certificates by name, each with `sha256:` and the SHA-256 of its DER form, or one of `uri_san`, `dns_san`
    /// and `subject`, or a list of them.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Option<super::schema::Named<super::schema::Certificate>>")
    )]
    certificates: Option<Tree>,
    /// That the listener validates the chain of client certificates, so that what they say of themselves can be believed.
    #[serde(default)]
    certificates_validated_by_listener: bool,
    /// Issuers of JSON web tokens, which the proxy verifies, by the name that rules call them.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Option<std::collections::BTreeMap<String, jwt::JwtConfig>>")
    )]
    jwt: Option<Tree>,
    /// Groups by name, each with a list of `user:N`, `token:N`, `certificate:N` and `jwt:ISSUER/SUBJECT`.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Option<std::collections::BTreeMap<String, Vec<String>>>")
    )]
    groups: Option<Tree>,
    /// How many checks of passwords may begin and wait, in each worker.
    passwords: Option<PasswordsConfig>,
}

impl CallersConfig {
    /// Compiles everybody who is known.
    pub(super) fn compile(self) -> Result<Callers, ConfigError> {
        let users = section(self.users, "users", ":")?;
        let tokens = section(self.tokens, "tokens", "")?;
        let certificates = section(self.certificates, "certificates", "")?;
        let issuers = jwt::compile(section(self.jwt, "jwt", "/")?)?;
        let mut known = Vec::new();
        for (scheme, section) in
            [(Scheme::User, &users), (Scheme::Token, &tokens), (Scheme::Certificate, &certificates)]
        {
            known.extend(section.iter().map(|(name, _)| Who::named(scheme, name)));
        }
        let known = Whos::new(known).unwrap_or_default();
        let mut callers = Callers { issuers, known, ..Callers::default() };
        callers.groups = groups(section(self.groups, "groups", "/")?, &callers)?;
        let groups = callers.groups.as_slice();
        callers.passwords = passwords(users, groups, self.passwords)?;
        callers.tokens = tokens_of(tokens, groups)?;
        let vouched = self.certificates_validated_by_listener;
        callers.certificates = certificates::compile(certificates, vouched, groups)?;
        Ok(callers)
    }
}

/// The names of a part of the configuration, and what stands under each. A name can be written in a rule, and read there
/// in one way only; `without` is what it may not have in it.
#[inline(never)]
fn section(tree: Option<Tree>, field: &str, without: &str) -> Result<Vec<(String, Tree)>, ConfigError> {
    let path = format!("callers.{field}");
    let Some(tree) = tree else { return Ok(Vec::new()) };
    let section = tree.into_fields().map_err(|error| error.in_field(&path))?;
    if section.is_empty() {
        return Err(ConfigError::new(&path, "an empty object names nobody: leave the field out"));
    }
    for (name, _) in &section {
        let is_name = (1..=MAX_NAME).contains(&name.len())
            && !name.chars().any(char::is_control)
            && (without.is_empty() || !name.contains(without));
        if !is_name {
            let but = if without.is_empty() { String::new() } else { format!(" and without \"{without}\"") };
            let message = format!("a name is 1 to {MAX_NAME} bytes without control characters{but}");
            return Err(ConfigError::new(&format!("{path}.{name}"), &message));
        }
    }
    Ok(section)
}

const MAX_NAME: usize = 200;

fn groups(section: Vec<(String, Tree)>, callers: &Callers) -> Result<Vec<Group>, ConfigError> {
    let mut groups = Vec::new();
    for (name, tree) in section {
        let path = format!("callers.groups.{name}");
        let members = Vec::deserialize(tree).map_err(|error| error.in_field(&path))?;
        let empty = "an empty group is nobody: leave it out, or list its members";
        let members = listed(members, empty, &path, |text| member(text, callers))?;
        groups.push(Group { name, members });
    }
    Ok(groups)
}

fn member(text: &str, callers: &Callers) -> Result<Who, String> {
    let who: Option<Who> = text.parse().ok();
    let is_defined = match who.as_ref().map(Who::kind) {
        Some(Kind::Jwt(issuer, _)) => callers.issuers.iter().any(|known| known.name == issuer),
        Some(Kind::User(_) | Kind::Token(_) | Kind::Certificate(_)) => callers.known.has_any(who.as_slice()),
        _ => {
            return Err(format!(
                "\"{text}\" can't be in a group: write user:N, token:N, certificate:N or jwt:ISSUER/SUBJECT"
            ));
        }
    };
    who.filter(|_| is_defined).ok_or_else(|| format!("\"{text}\" is not defined in callers"))
}

/// Somebody in their groups.
pub(super) fn identity(scheme: Scheme, name: &str, groups: &[Group]) -> Rc<Identity> {
    Rc::new(Identity::new(scheme, name, groups_of(groups, &Who::named(scheme, name))))
}

fn passwords(
    section: Vec<(String, Tree)>,
    groups: &[Group],
    limits: Option<PasswordsConfig>,
) -> Result<Option<Passwords>, ConfigError> {
    if section.is_empty() {
        let nothing = ConfigError::new("callers.passwords", "this limits nothing: there are no users");
        return if limits.is_some() { Err(nothing) } else { Ok(None) };
    }
    let (mut names, mut users) = (Vec::new(), Vec::new());
    for (name, tree) in section {
        let path = format!("callers.users.{name}");
        let mut hashes: Vec<Hash> = Vec::new();
        for (path, tree) in one_or_many(tree, &path)? {
            let text = String::deserialize(tree).map_err(|error| error.in_field(&path))?;
            let hash = Hash::parse(&text).map_err(|error| ConfigError::new(&path, &error.to_string()))?;
            if hashes.contains(&hash) {
                return Err(ConfigError::new(&path, "this is listed twice"));
            }
            hashes.push(hash);
        }
        users.push(User::new(identity(Scheme::User, &name, groups), hashes));
        names.push(name.into_bytes());
    }
    let mut passwords = Passwords::new(Index::new(names).unwrap_or_default(), users);
    limits.map_or(Ok(()), |limits| limits.apply(&mut passwords.limits))?;
    Ok(Some(passwords))
}

fn tokens_of(section: Vec<(String, Tree)>, groups: &[Group]) -> Result<Tokens, ConfigError> {
    let mut unique = Unique::default();
    for (name, tree) in section {
        let path = format!("callers.tokens.{name}");
        let identity = identity(Scheme::Token, &name, groups);
        for (path, tree) in one_or_many(tree, &path)? {
            let text = String::deserialize(tree).map_err(|error| error.in_field(&path))?;
            let wanted =
                "this must be sha256: and 64 hexadecimal digits, as from: printf %s \"$TOKEN\" | sha256sum";
            let digest = digest(&text).ok_or_else(|| ConfigError::new(&path, wanted))?;
            unique.push(path, digest.to_vec(), &identity);
        }
    }
    let (digests, identities) = unique.finish("token")?;
    Ok(Tokens::new(digests, identities))
}

/// `sha256:` and 64 hexadecimal digits.
pub(super) fn digest(text: &str) -> Option<Digest> {
    let digits = text.strip_prefix("sha256:")?;
    let mut digest = Digest::default();
    let is_digest =
        digits.len() == digest.len().checked_mul(2)? && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    for (byte, pair) in digest.iter_mut().zip(digits.as_bytes().chunks(2)).filter(|_| is_digest) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    is_digest.then_some(digest)
}

/// One value or a list of them, each with its path.
#[inline(never)]
pub(super) fn one_or_many(tree: Tree, path: &str) -> Result<Vec<(String, Tree)>, ConfigError> {
    match tree {
        Tree::List(trees) if trees.is_empty() => {
            Err(ConfigError::new(path, "an empty list lets nobody in: leave the name out, or list one"))
        }
        Tree::List(trees) => {
            let with_path = |(index, tree)| (format!("{path}[{index}]"), tree);
            Ok(trees.into_iter().enumerate().map(with_path).collect())
        }
        one => Ok(vec![(path.to_owned(), one)]),
    }
}

/// Keys by which callers are found, of which no two may be the same.
#[derive(Default)]
pub(super) struct Unique {
    paths: Vec<String>,
    keys: Vec<Vec<u8>>,
    identities: Vec<Rc<Identity>>,
}

impl Unique {
    pub(super) fn push(&mut self, path: String, key: Vec<u8>, identity: &Rc<Identity>) {
        self.paths.push(path);
        self.keys.push(key);
        self.identities.push(Rc::clone(identity));
    }

    /// The index, and whose each key is. `what` the keys are is said where two are the same.
    pub(super) fn finish(self, what: &str) -> Result<(Index, Vec<Rc<Identity>>), ConfigError> {
        let index = Index::new(self.keys).map_err(|Twice { first, second }| {
            let path = |place: usize| self.paths.get(place).map_or("", String::as_str);
            ConfigError::new(path(second), &format!("this is the same {what} as {}", path(first)))
        })?;
        Ok((index, self.identities))
    }
}
