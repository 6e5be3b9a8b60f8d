//! Callers whose credentials were found right, as a worker remembers them. A credential is found by a tag of what the
//! request holds, before anything in it is decoded (`threats.md` C3): the text of `Authorization`, or the claims that the
//! proxy has verified.

use super::authorization::Presented;
use super::identity::Identity;
use super::jwt::Accepted;
use super::metadata::Struct;
use super::remembered::{Remembered, Room};
use super::source::Source;
use crate::keyed_hash::{Digest, Tag, Tagger};
use std::rc::Rc;

/// The largest numbers of credentials that are remembered. Each kind is kept apart, so that none of them pushes out
/// others, and least of all passwords.
const MOST_PASSWORDS: usize = 4_096;
const MOST_TOKENS: usize = 1_024;
const MOST_VERIFIED: usize = 512;

/// The largest number of bytes of claims that are remembered.
const LONGEST_VERIFIED: usize = 4_096;

/// The callers that a worker remembers.
#[derive(Debug)]
pub(super) struct Recall {
    tagger: Tagger,
    /// The callers of right passwords, by the tag of the credential with its source.
    passwords: Remembered<Rc<Identity>>,
    /// The callers of tokens of the configuration, by the tag of the credential.
    tokens: Remembered<Rc<Identity>>,
    /// The callers of JSON web tokens that were accepted, by the tag of all that the proxy has verified.
    verified: Remembered<Rc<Accepted>>,
}

impl Recall {
    /// Creates an empty memory. `random` are random bytes that no other worker has.
    pub(super) fn new(random: Digest) -> Self {
        Self {
            tagger: Tagger::new(random.first_chunk().copied().unwrap_or_default()),
            passwords: Remembered::new(MOST_PASSWORDS),
            tokens: Remembered::new(MOST_TOKENS),
            verified: Remembered::new(MOST_VERIFIED),
        }
    }

    /// Returns the tag of a credential, and of its source if that counts.
    pub(super) fn tag(
        &self,
        presented: Presented<'_>,
        source: Option<Source>,
        configuration: &Digest,
    ) -> Tag {
        let (Presented::Basic(text) | Presented::Bearer(text)) = presented;
        self.tag_of(text, source, configuration)
    }

    /// Returns the tag of a text. What is remembered for one configuration is not found for another one, which may have
    /// other hashes, groups and issuers.
    fn tag_of(&self, text: &[u8], source: Option<Source>, configuration: &Digest) -> Tag {
        let [family, address] = source.map_or([0, 0], Source::numbers);
        let (words, _) = configuration.as_chunks();
        let word = |number| words.get::<usize>(number).copied().map_or(0, u64::from_le_bytes);
        self.tagger.tag([family, address, word(0), word(1)], text)
    }

    /// Returns the caller of a credential that was found right before: a password that came from the same source, or a
    /// token.
    ///
    /// A password is remembered with its source. If it were accepted from any source, others could guess it without a
    /// check once their budget is used up: a wrong password would be refused, and the right one would pass.
    pub(super) fn caller(
        &self,
        presented: Presented<'_>,
        source: Option<Source>,
        configuration: &Digest,
    ) -> Option<&Rc<Identity>> {
        match presented {
            Presented::Basic(_) => self.passwords.get(self.tag(presented, Some(source?), configuration)),
            Presented::Bearer(_) => self.tokens.get(self.tag(presented, None, configuration)),
        }
    }

    /// Returns `true` if the password with this tag, which is also of its source, is remembered.
    pub(super) fn has_password(&self, from: Tag) -> bool {
        self.passwords.get(from).is_some()
    }

    /// Remembers the caller of a password with this tag, which is also of its source.
    pub(super) fn remember_password(&mut self, from: Tag, identity: &Rc<Identity>) -> Room {
        self.passwords.insert(from, Rc::clone(identity))
    }

    /// Remembers the caller of a token that isn't remembered yet.
    pub(super) fn remember_token(
        &mut self,
        presented: Presented<'_>,
        identity: &Rc<Identity>,
        configuration: &Digest,
    ) -> Room {
        self.tokens.insert(self.tag(presented, None, configuration), Rc::clone(identity))
    }

    /// Returns the token that was accepted before for the same claims. Its times have to be checked each time.
    pub(super) fn accepted(&self, verified: Struct<'_>, configuration: &Digest) -> Option<Rc<Accepted>> {
        let bytes = Some(verified.bytes()).filter(|bytes| bytes.len() <= LONGEST_VERIFIED)?;
        self.verified.get(self.tag_of(bytes, None, configuration)).cloned()
    }

    /// Remembers a token that isn't remembered yet, unless its claims are too long.
    pub(super) fn remember_accepted(
        &mut self,
        verified: Struct<'_>,
        accepted: &Rc<Accepted>,
        configuration: &Digest,
    ) -> Room {
        let bytes = verified.bytes();
        if bytes.len() > LONGEST_VERIFIED {
            return Room::Free;
        }
        self.verified.insert(self.tag_of(bytes, None, configuration), Rc::clone(accepted))
    }
}
