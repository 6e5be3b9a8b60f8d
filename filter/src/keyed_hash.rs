//! Hashes under a secret key, by which caches and tables find the entries of a caller: HMAC-SHA-256 where others see a
//! hash or may have the key, and SipHash, which takes a tenth of the time, where a worker keeps both to itself. Where a
//! field ends always counts, so that `a:b` and `c` differ from `a` and `b:c` (`threats.md` C3).

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};
use siphasher::sip128::{Hash128, SipHasher24};
use std::fmt;
use std::hash::Hasher;

/// A hash of 32 bytes.
pub(crate) type Digest = [u8; 32];

/// A secret key. Its `Debug` form doesn't show it.
#[derive(Clone)]
pub(crate) struct Key(Hmac<Sha256>);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

impl Key {
    /// Creates a key from random bytes.
    pub(crate) fn new(random: Digest) -> Self {
        // HMAC pads a short key with zeros, and computes from it the state with which every hash under it begins.
        let mut key = hmac::digest::Key::<Hmac<Sha256>>::default();
        key.iter_mut().zip(random).for_each(|(byte, random)| *byte = random);
        Self(Hmac::new(&key))
    }

    /// Returns the hash of these fields in this order (HMAC-SHA-256).
    pub(crate) fn hash(&self, fields: &[&[u8]]) -> Digest {
        let mut hash = self.0.clone();
        for field in fields {
            let length = u64::try_from(field.len()).unwrap_or(u64::MAX);
            hash.update(&length.to_le_bytes());
            hash.update(field);
        }
        hash.finalize().into_bytes().into()
    }
}

/// The number of bytes of the key of a [`Tagger`].
const TAGGER_KEY: usize = 16;

/// A secret key by which one worker tags what it keeps. Neither key nor tag may leave the worker. Its `Debug` form
/// doesn't show it.
#[derive(Clone, Copy)]
pub(crate) struct Tagger(SipHasher24);

/// A tag of 128 bits (SipHash-2-4).
#[derive(Clone, Copy)]
pub(crate) struct Tag(Hash128);

impl PartialEq for Tag {
    /// Compares all bits, whichever of them differ, so that the time says nothing of a tag.
    fn eq(&self, other: &Self) -> bool {
        (self.0.h1 ^ other.0.h1) | (self.0.h2 ^ other.0.h2) == 0
    }
}

impl Eq for Tag {}

impl fmt::Debug for Tagger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tagger")
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tag")
    }
}

impl Tagger {
    /// Creates a tagger from random bytes.
    pub(crate) fn new(random: [u8; TAGGER_KEY]) -> Self {
        Self(SipHasher24::new_with_key(&random))
    }

    /// Returns the tag of some numbers and a text. How many numbers there are has to be the same each time.
    pub(crate) fn tag<const N: usize>(&self, numbers: [u64; N], text: &[u8]) -> Tag {
        let mut hash = self.0;
        numbers.into_iter().for_each(|number| hash.write_u64(number));
        Tag(hash.hash(text))
    }
}

impl Tag {
    /// Returns a part of the tag, to choose a place in a table.
    pub(crate) fn start(self) -> u64 {
        self.0.h1
    }
}

/// Returns the SHA-256 of bytes, without a key.
pub(crate) fn sha256(bytes: &[u8]) -> Digest {
    Sha256::digest(bytes).into()
}

/// Returns a digest as configurations write it: `sha256:` and 64 hexadecimal digits, in lower case.
pub(crate) fn written(digest: &Digest) -> String {
    digest.iter().fold("sha256:".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_written_with_every_zero() {
        let digest = sha256(b"");
        let expected = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(written(&digest), expected);
        assert_eq!(written(&[1; 32]), format!("sha256:{}", "01".repeat(32)));
    }

    #[test]
    fn where_a_field_ends_counts() {
        let key = Key::new([7; 32]);
        assert_ne!(key.hash(&[b"a:b", b"c"]), key.hash(&[b"a", b"b:c"]));
        assert_ne!(key.hash(&[b"ab", b""]), key.hash(&[b"", b"ab"]));
        assert_eq!(key.hash(&[b"a", b"b"]), key.hash(&[b"a", b"b"]));
    }

    /// `HMAC_SHA256(7 × 32, fields with their lengths)`, computed by Python's `hmac`.
    #[test]
    fn a_hash_is_the_hmac_of_its_fields() {
        let hash = Key::new([7; 32]).hash(&[b"a", b"bc"]);
        let hexadecimal: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hexadecimal, "174ca60cad6664cd64f2d5870341b83b971b4e44770c80ec371d381ec27ea7f6");
    }

    /// From the vectors of SipHash's authors for 128 bits: the key is 0 to 15, and the text 0 to 14.
    #[test]
    fn a_tag_is_the_siphash_of_its_numbers_and_its_text() {
        let tagger = Tagger::new(std::array::from_fn(|byte| u8::try_from(byte).unwrap()));
        let text: Vec<u8> = (0..15).collect();
        let expected =
            u128::from_le_bytes(*b"\x54\x93\xe9\x99\x33\xb0\xa8\x11\x7e\x08\xec\x0f\x97\xcf\xc3\xd9");
        assert_eq!(u128::from(tagger.tag([], &text).0), expected);
        let first = u64::from_le_bytes([0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(u128::from(tagger.tag([first], &text[8..]).0), expected);
        assert_ne!(Tagger::new([1; 16]).tag([], b"a"), Tagger::new([2; 16]).tag([], b"a"));
    }

    #[test]
    fn another_key_gives_another_hash() {
        assert_ne!(Key::new([7; 32]).hash(&[b"a"]), Key::new([8; 32]).hash(&[b"a"]));
    }
}
