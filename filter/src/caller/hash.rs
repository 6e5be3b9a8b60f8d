//! Stored password hashes, as `htpasswd -B` and Prometheus' `basic_auth_users` write them.

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use std::fmt;

/// The costs that a hash may have: from the lowest that bcrypt knows to the one that takes a second in slices.
pub const COSTS: std::ops::RangeInclusive<u32> = 4..=12;

/// A stored hash: its cost, its salt, and the digest that a password must lead to.
#[derive(Clone, PartialEq, Eq)]
pub struct Hash {
    cost: u8,
    pub(super) salt: [u8; SALT],
    pub(super) digest: [u8; DIGEST],
}

const SALT: usize = 16;
pub(super) const DIGEST: usize = 23;

/// bcrypt's own alphabet for base64, without padding. Other programs leave bits set after the last byte of a salt.
const BCRYPT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::BCRYPT,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash of cost {}", self.cost)
    }
}

/// A reason why a text is not a hash that can be checked here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HashError {
    /// A hash of another kind, with the name of that kind.
    Kind(&'static str),
    /// A bcrypt hash of a cost that isn't one of [`COSTS`].
    Cost(u32),
    /// A text that isn't a hash of any known kind.
    Unknown,
}

/// The beginnings of other hashes, with the name of each kind.
const OTHERS: [(&str, &str); 10] = [
    ("$2x$", "a bcrypt hash of a faulty old program ($2x$)"),
    ("$apr1$", "Apache's MD5"),
    ("{SHA}", "unsalted SHA-1"),
    ("{SSHA", "salted SHA"),
    ("{PLAIN}", "a password that isn't hashed"),
    ("$1$", "MD5-crypt"),
    ("$5$", "SHA-256-crypt"),
    ("$6$", "SHA-512-crypt"),
    ("$y$", "yescrypt"),
    ("$argon2", "Argon2"),
];

impl fmt::Display for HashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wanted = "make a bcrypt hash, as htpasswd -nB -C 10 USER does";
        match self {
            Self::Kind(kind) => write!(f, "this is {kind}: {wanted}"),
            Self::Cost(cost) => {
                let (least, most) = (COSTS.start(), COSTS.end());
                write!(f, "this has the cost {cost}, which must be {least} to {most}: {wanted}")
            }
            Self::Unknown => write!(f, "this is not a bcrypt hash, like $2y$10$ and 53 characters: {wanted}"),
        }
    }
}

impl HashError {
    /// Returns the error of a text that isn't a bcrypt hash.
    #[cold]
    fn of_another_kind(text: &str) -> Self {
        let kind = OTHERS.iter().find(|(prefix, _)| text.starts_with(prefix));
        kind.map_or(Self::Unknown, |&(_, kind)| Self::Kind(kind))
    }
}

impl Hash {
    /// Parses `$2a$`, `$2b$` or `$2y$`, the cost in two digits, `$`, and 53 characters of salt and hash.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is a hash of another kind or cost, or no hash.
    pub fn parse(text: &str) -> Result<Self, HashError> {
        let rest = ["$2a$", "$2b$", "$2y$"].iter().find_map(|prefix| text.strip_prefix(prefix));
        let Some(rest) = rest else { return Err(HashError::of_another_kind(text)) };
        let (cost, rest) = rest.split_once('$').ok_or(HashError::Unknown)?;
        let is_cost = cost.len() == 2 && cost.bytes().all(|byte| byte.is_ascii_digit());
        let cost: u8 = cost.parse().ok().filter(|_| is_cost).ok_or(HashError::Unknown)?;
        if !COSTS.contains(&cost.into()) {
            return Err(HashError::Cost(cost.into()));
        }
        let (salt, digest) = rest.split_at_checked(22).ok_or(HashError::Unknown)?;
        let (salt, digest) = decoded(salt).zip(decoded(digest)).ok_or(HashError::Unknown)?;
        Ok(Self { cost, salt, digest })
    }

    /// Returns a hash that no password is known to lead to, for users who don't exist.
    pub fn nobodys(cost: u32) -> Self {
        Self { cost: u8::try_from(cost).unwrap_or(u8::MAX), salt: *b"promward: nobody", digest: [0; DIGEST] }
    }

    /// Returns the cost, the binary logarithm of the number of rounds.
    pub fn cost(&self) -> u32 {
        self.cost.into()
    }

    /// Returns the number of rounds that a check takes, including one for its beginning and one for its end.
    pub fn rounds(&self) -> u32 {
        self.repetitions().saturating_add(2)
    }

    /// Returns bytes that differ from those of any other hash.
    pub fn bytes(&self) -> Vec<u8> {
        [&[self.cost], &self.salt[..], &self.digest].concat()
    }

    /// Returns how often the key schedule runs.
    pub(super) fn repetitions(&self) -> u32 {
        1_u32.checked_shl(self.cost()).unwrap_or(u32::MAX)
    }
}

/// Decodes bcrypt's base64 of exactly `N` bytes.
fn decoded<const N: usize>(text: &str) -> Option<[u8; N]> {
    // The decoder wants room for a whole last block.
    let mut bytes = [0; 24];
    let length = BCRYPT.decode_slice(text, &mut bytes).ok()?;
    bytes.first_chunk().filter(|_| length == N).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_other_kinds_are_refused_by_name() {
        for (text, error) in [
            ("$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/", HashError::Kind("Apache's MD5")),
            ("{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=", HashError::Kind("unsalted SHA-1")),
            ("$6$salt$hash", HashError::Kind("SHA-512-crypt")),
            ("$2y$13$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", HashError::Cost(13)),
            ("$2y$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", HashError::Cost(3)),
            ("$2y$5$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", HashError::Unknown),
            ("$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe", HashError::Unknown),
            ("$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeWW", HashError::Unknown),
            ("$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe=", HashError::Unknown),
            ("plain", HashError::Unknown),
            ("", HashError::Unknown),
        ] {
            assert_eq!(Hash::parse(text), Err(error), "{text}");
        }
    }
}
