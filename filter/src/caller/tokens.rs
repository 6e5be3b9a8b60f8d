//! Static tokens, known by their SHA-256. One look-up finds a token, however many there are.

use super::keyring::Keyring;
use super::secret::Secret;
use crate::keyed_hash::sha256;
use subtle::ConstantTimeEq;

/// The tokens of a configuration, compiled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// The digests of the tokens, and the names of the callers.
    keyring: Keyring,
}

impl Tokens {
    /// Creates the collection from the digests of each caller.
    pub fn new(keyring: Keyring) -> Self {
        Self { keyring }
    }

    /// Returns `true` if there are no tokens.
    pub fn is_empty(&self) -> bool {
        self.keyring.names().is_empty()
    }

    /// Returns `true` if there is a caller of this name.
    pub fn has(&self, name: &str) -> bool {
        self.keyring.names().find(name.as_bytes()).is_some()
    }

    /// Returns the names of the callers.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.keyring.names().texts()
    }

    /// Returns the name of the caller whom a token belongs to. A digest whose slot another one has is compared in
    /// constant time.
    pub fn find(&self, token: &Secret) -> Option<&str> {
        let digest = sha256(token.reveal());
        let key = self.keyring.keys().find_by(&digest, |known| known.ct_eq(&digest).into())?;
        self.keyring.owner(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(digests: &[[u8; 32]]) -> Tokens {
        let mut keyring = Keyring::default();
        for (number, digest) in digests.iter().enumerate() {
            keyring.add_key(digest).unwrap();
            keyring.add_caller(&number.to_string()).unwrap();
        }
        Tokens::new(keyring)
    }

    fn found<'a>(tokens: &'a Tokens, token: &str) -> Option<&'a str> {
        tokens.find(&Secret::new(token))
    }

    #[test]
    fn a_token_is_found_among_ten_thousand() {
        let digests: Vec<_> = (0..10_000).map(|number| sha256(number.to_string().as_bytes())).collect();
        let tokens = tokens(&digests);
        assert_eq!(found(&tokens, "4711"), Some("4711"));
        assert_eq!(found(&tokens, "10000"), None);
        assert_eq!(found(&tokens, ""), None);
    }

    #[test]
    fn a_digest_of_which_any_bit_differs_is_another_token() {
        for bit in 0..256 {
            let mut digest = sha256(b"a");
            digest[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(found(&tokens(&[digest]), "a"), None, "{bit}");
        }
        assert_eq!(found(&tokens(&[sha256(b"b")]), "a"), None);
        assert_eq!(found(&tokens(&[sha256(b"a")]), "a"), Some("0"));
    }
}
