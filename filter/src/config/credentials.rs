//! Reads callers with their names, and credentials of every kind: one value or a list of values, none of which stands
//! twice in the configuration. Callers are read one after the other, since there may be very many of them.

use super::error::ConfigError;
use super::field::Field;
use crate::caller::keyring::Keyring;
use crate::index::Twice;
use crate::json::Tree;
use crate::keyed_hash::Digest;

/// The length of the longest name, in bytes.
const MAX_NAME: usize = 200;

/// Returns the named entries of a part of the configuration, which may be missing.
pub(super) fn section<'a>(
    field: &'a Field<'a>,
    without: Option<char>,
) -> Result<Vec<Field<'a>>, ConfigError> {
    each_named(field, without, &mut |_| Ok(()))?;
    if field.is_given() { field.entries() } else { Ok(Vec::new()) }
}

/// Reads each entry of a part of the configuration, which may be missing.
pub(super) fn each_named(
    field: &Field<'_>,
    without: Option<char>,
    read: &mut dyn FnMut(&Field<'_>) -> Result<(), ConfigError>,
) -> Result<(), ConfigError> {
    if !field.is_given() {
        return Ok(());
    }
    let mut is_empty = true;
    for named in field.each()? {
        check_name(&named, without)?;
        read(&named)?;
        is_empty = false;
    }
    if is_empty {
        return Err(field.refuse("an empty object names nobody: leave the field out"));
    }
    Ok(())
}

/// Checks a name. It has to be one that a rule can write, and that is read there in one way only, so it may not have the
/// character `without` in it.
fn check_name(named: &Field<'_>, without: Option<char>) -> Result<(), ConfigError> {
    let name = named.name();
    let is_wrong = |character: char| character.is_control() || Some(character) == without;
    if (1..=MAX_NAME).contains(&name.len()) && !name.chars().any(is_wrong) {
        return Ok(());
    }
    let but = without.map_or_else(String::new, |without| format!(" and without \"{without}\""));
    Err(named.refuse(&format!("a name is 1 to {MAX_NAME} bytes without control characters{but}")))
}

/// Parses `sha256:` and 64 hexadecimal digits.
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

/// Parses `sha256:` and 64 hexadecimal digits, or 32 pairs of them with colons in between, as OpenSSL prints them.
/// Returns what stands after `sha256:`.
pub(super) fn fingerprint(text: &str) -> Option<&str> {
    let digits = text.strip_prefix("sha256:")?;
    let is_pair = |pair: &str| pair.len() == 2 && pair.bytes().all(|digit| digit.is_ascii_hexdigit());
    let has_colons = digits.split(':').count() == Digest::default().len() && digits.split(':').all(is_pair);
    (has_colons || digest(text).is_some()).then_some(digits)
}

/// Returns the values of a field that holds one value or a list of them.
pub(super) fn one_or_many<'a>(field: &'a Field<'a>) -> Result<Vec<Field<'a>>, ConfigError> {
    match field.tree()? {
        Tree::List(trees) if trees.is_empty() => {
            Err(field.refuse("an empty list lets nobody in: leave the name out, or list one"))
        }
        Tree::List(_) => field.items(),
        _ => Ok(vec![*field]),
    }
}

/// The keys of the callers of one scheme, while they are read.
pub(super) struct Keys<'a> {
    section: &'a Field<'a>,
    /// The word for a key in the error about two that are the same.
    what: &'static str,
    pub(super) keyring: Keyring,
}

impl<'a> Keys<'a> {
    pub(super) fn new(section: &'a Field<'a>, what: &'static str) -> Self {
        Self { section, what, keyring: Keyring::with_room(section.size()) }
    }

    /// Reads each credential of each caller by `read`, which adds its key.
    pub(super) fn read(
        &mut self,
        without: Option<char>,
        read: &mut dyn FnMut(&mut Self, &Field<'_>) -> Result<(), ConfigError>,
    ) -> Result<(), ConfigError> {
        each_named(self.section, without, &mut |named| {
            for field in one_or_many(named)? {
                read(self, &field)?;
            }
            self.keyring.add_caller(named.name()).map_err(|_| named.twice())
        })
    }

    /// Adds the key of the credential in a field.
    pub(super) fn add(&mut self, field: &Field<'_>, key: &[u8]) -> Result<(), ConfigError> {
        self.keyring.add_key(key).map_err(|Twice(first)| {
            field.refuse(&format!("this is the same {} as {}", self.what, self.path(first)))
        })
    }

    /// Returns the path to the credential whose key has this position. All credentials before it could be read.
    #[cold]
    fn path(&self, key: usize) -> String {
        let mut paths = Vec::new();
        for named in self.section.each().into_iter().flatten() {
            paths.extend(one_or_many(&named).into_iter().flatten().map(|field| field.path()));
            if paths.len() > key {
                break;
            }
        }
        paths.into_iter().nth(key).unwrap_or_default()
    }
}
