//! Static tokens, known by their SHA-256. One look-up finds a token, however many there are.

use super::identity::Identity;
use super::secret::Secret;
use crate::index::Index;
use crate::keyed_hash::sha256;
use std::rc::Rc;
use subtle::ConstantTimeEq;

/// The number of bytes of a digest by which it is looked up. The time that this takes says nothing about the rest.
const START: usize = 8;

/// The tokens of a configuration, compiled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    digests: Index,
    identities: Vec<Rc<Identity>>,
}

impl Tokens {
    /// Creates the collection from digests and the identity of each, in the same order.
    pub fn new(digests: Index, identities: Vec<Rc<Identity>>) -> Self {
        Self { digests, identities }
    }

    /// Returns `true` if there are no tokens.
    pub fn is_empty(&self) -> bool {
        self.digests.is_empty()
    }

    /// Returns the identity that a token belongs to.
    pub fn find(&self, token: &Secret) -> Option<&Rc<Identity>> {
        let digest = sha256(token.reveal());
        let (known, place) = self.digests.first_from(digest.get(..START)?)?;
        let is_it = known.ct_eq(&digest);
        self.identities.get(place).filter(|_| is_it.into())
    }
}

#[cfg(test)]
mod tests {
    use super::super::scheme::Scheme;
    use super::*;

    fn tokens(digests: &[[u8; 32]]) -> Tokens {
        let identity = |number| Rc::new(Identity::new(Scheme::Token, &format!("{number}"), []));
        let index = Index::new(digests.iter().map(|digest| digest.to_vec()).collect()).unwrap();
        Tokens::new(index, (0..digests.len()).map(identity).collect())
    }

    fn found(tokens: &Tokens, token: &str) -> Option<String> {
        tokens.find(&Secret::new(token)).map(ToString::to_string)
    }

    #[test]
    fn a_token_is_found_among_ten_thousand() {
        let digests: Vec<_> = (0..10_000).map(|number| sha256(number.to_string().as_bytes())).collect();
        let tokens = tokens(&digests);
        assert_eq!(found(&tokens, "4711").as_deref(), Some("token:4711"));
        assert_eq!(found(&tokens, "10000"), None);
        assert_eq!(found(&tokens, ""), None);
    }

    #[test]
    fn a_digest_whose_start_alone_is_the_same_is_another_token() {
        let mut digest = sha256(b"a");
        digest[31] ^= 1;
        assert_eq!(found(&tokens(&[digest]), "a"), None);
        assert_eq!(found(&tokens(&[sha256(b"b")]), "a"), None);
    }
}
