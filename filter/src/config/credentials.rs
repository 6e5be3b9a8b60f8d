//! Reads credentials of every kind: one value or a list of values, none of which stands twice in the configuration.

use super::error::ConfigError;
use super::field::Field;
use super::tree::Tree;
use crate::caller::callers::{Group, groups_of};
use crate::caller::identity::Identity;
use crate::caller::scheme::Scheme;
use crate::caller::who::Who;
use crate::index::{Index, Twice};
use crate::keyed_hash::Digest;
use std::rc::Rc;

/// Creates the identity of a caller, with the groups that it is in.
pub(super) fn identity(scheme: Scheme, name: &str, groups: &[Group]) -> Rc<Identity> {
    Rc::new(Identity::new(scheme, name, groups_of(groups, &Who::named(scheme, name))))
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

/// Keys by which callers are found, no two of which may be the same.
#[derive(Default)]
pub(super) struct Unique<'a> {
    fields: Vec<Field<'a>>,
    keys: Vec<Vec<u8>>,
    identities: Vec<Rc<Identity>>,
}

impl<'a> Unique<'a> {
    pub(super) fn push(&mut self, field: Field<'a>, key: Vec<u8>, identity: &Rc<Identity>) {
        self.fields.push(field);
        self.keys.push(key);
        self.identities.push(Rc::clone(identity));
    }

    /// Returns the index of the keys, and the identity of each. `what` is the word for a key in the error about two
    /// that are the same.
    pub(super) fn finish(self, what: &str) -> Result<(Index, Vec<Rc<Identity>>), ConfigError> {
        match Index::new(self.keys) {
            Ok(index) => Ok((index, self.identities)),
            Err(Twice { first, second }) => {
                let path = |place| self.fields.get(place).map(Field::path).unwrap_or_default();
                Err(ConfigError::new(&path(second), &format!("this is the same {what} as {}", path(first))))
            }
        }
    }
}
