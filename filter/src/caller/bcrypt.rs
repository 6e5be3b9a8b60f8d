//! bcrypt in slices. One check takes as long as a thousand requests, so it is cut into rounds of the key schedule, and
//! whoever runs it decides how many at a time. (Provos and Mazières, "A Future-Adaptable Password Scheme", 1999.)

use super::secret::Secret;
use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use blowfish::Blowfish;
use std::fmt;
use std::rc::Rc;
use subtle::ConstantTimeEq;

/// The costs that a hash may have: the least that bcrypt knows, and what takes a second in slices.
pub const COSTS: std::ops::RangeInclusive<u32> = 4..=12;

/// A stored hash: cost, salt, and what a password must lead to.
#[derive(Clone, PartialEq, Eq)]
pub struct Hash {
    cost: u32,
    salt: [u8; SALT],
    digest: [u8; DIGEST],
}

const SALT: usize = 16;
const DIGEST: usize = 23;

/// bcrypt's own alphabet, unpadded. Other programs leave bits beyond the last byte of a salt set.
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

/// Why a text is no hash that can be checked here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HashError {
    /// A hash of another kind, and its name.
    Kind(&'static str),
    /// A bcrypt hash of a cost that isn't one of [`COSTS`].
    Cost(u32),
    /// Nothing that is known.
    Unknown,
}

/// What other hashes begin with.
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
            Self::Unknown => write!(f, "this is no bcrypt hash, like $2y$10$ and 53 characters: {wanted}"),
        }
    }
}

impl Hash {
    /// Reads `$2a$`, `$2b$` or `$2y$`, the cost in two digits, `$`, and 53 characters of salt and hash.
    ///
    /// # Errors
    ///
    /// It is a hash of another kind, or none.
    pub fn parse(text: &str) -> Result<Self, HashError> {
        if let Some(&(_, kind)) = OTHERS.iter().find(|(prefix, _)| text.starts_with(prefix)) {
            return Err(HashError::Kind(kind));
        }
        let rest = ["$2a$", "$2b$", "$2y$"].iter().find_map(|prefix| text.strip_prefix(prefix));
        let (cost, rest) = rest.and_then(|rest| rest.split_once('$')).ok_or(HashError::Unknown)?;
        let is_cost = cost.len() == 2 && cost.bytes().all(|byte| byte.is_ascii_digit());
        let cost = cost.parse().ok().filter(|_| is_cost).ok_or(HashError::Unknown)?;
        if !COSTS.contains(&cost) {
            return Err(HashError::Cost(cost));
        }
        let (salt, digest) = rest.split_at_checked(22).ok_or(HashError::Unknown)?;
        let decoded = |text: &str| BCRYPT.decode(text).map_err(|_| HashError::Unknown);
        let salt = decoded(salt)?.try_into().map_err(|_| HashError::Unknown)?;
        let digest = decoded(digest)?.try_into().map_err(|_| HashError::Unknown)?;
        Ok(Self { cost, salt, digest })
    }

    /// A hash that no password is known to lead to, for users who don't exist.
    pub fn nobodys(cost: u32) -> Self {
        Self { cost, salt: *b"promward: nobody", digest: [0; DIGEST] }
    }

    /// Its cost: the binary logarithm of its rounds.
    pub fn cost(&self) -> u32 {
        self.cost
    }

    /// The rounds that a check of it takes, with one for its beginning and one for its end.
    pub fn rounds(&self) -> u32 {
        self.repetitions().saturating_add(2)
    }

    /// What tells it from any other hash.
    pub fn bytes(&self) -> Vec<u8> {
        [&self.cost.to_le_bytes()[..], &self.salt, &self.digest].concat()
    }

    fn repetitions(&self) -> u32 {
        1_u32.checked_shl(self.cost).unwrap_or(u32::MAX)
    }
}

/// A password on its way through one or more stored hashes. Nobody who looks at the clock learns why a check failed: each
/// that fails takes the same rounds.
pub struct Check {
    /// The password and the zero that ends it, which is part of the key.
    key: Secret,
    hashes: Rc<[Hash]>,
    /// Which hash, and how far in it.
    current: usize,
    step: Step,
    cipher: Option<Box<Blowfish>>,
    /// Rounds to go before it may fail.
    left: u32,
}

#[derive(Clone, Copy)]
enum Step {
    Begin,
    /// So many rounds to go.
    Round(u32),
    End,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The password leads to one of the hashes.
    Right,
    /// It doesn't.
    Wrong,
}

impl Check {
    /// A check of a password against any of these hashes, which takes at least so many rounds to fail.
    pub fn new(password: &Secret, hashes: Rc<[Hash]>, rounds: u32) -> Self {
        let key = Secret::new([password.reveal(), &[0]].concat());
        Self { key, hashes, current: 0, step: Step::Begin, cipher: None, left: rounds }
    }

    /// Runs at most so many rounds, and says how it ended if it did.
    pub fn run(&mut self, rounds: u32) -> Option<Verdict> {
        for _ in 0..rounds {
            if self.left == 0 && self.hashes.get(self.current).is_none() {
                return Some(Verdict::Wrong);
            }
            self.left = self.left.saturating_sub(1);
            if self.round() == Some(Verdict::Right) {
                return Some(Verdict::Right);
            }
        }
        (self.left == 0 && self.hashes.get(self.current).is_none()).then_some(Verdict::Wrong)
    }

    fn round(&mut self) -> Option<Verdict> {
        let key = self.key.reveal();
        let cipher = self.cipher.get_or_insert_with(|| Box::new(Blowfish::bc_init_state()));
        let Some(hash) = self.hashes.get(self.current) else {
            // Only to take the time that another user's check takes.
            cipher.bc_expand_key(key);
            cipher.bc_expand_key(key);
            return None;
        };
        match self.step {
            Step::Begin => {
                **cipher = Blowfish::bc_init_state();
                cipher.salted_expand_key(&hash.salt, key);
                self.step = Step::Round(hash.repetitions());
            }
            Step::Round(left) => {
                cipher.bc_expand_key(key);
                cipher.bc_expand_key(&hash.salt);
                self.step = if left > 1 { Step::Round(left.saturating_sub(1)) } else { Step::End };
            }
            Step::End => {
                let digest = digest(cipher);
                self.current = self.current.saturating_add(1);
                self.step = Step::Begin;
                return bool::from(digest.ct_eq(&hash.digest)).then_some(Verdict::Right);
            }
        }
        None
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Check")
    }
}

/// The last step: three blocks encrypted 64 times, without the last byte.
fn digest(cipher: &Blowfish) -> [u8; DIGEST] {
    let mut digest = [0; DIGEST];
    let blocks = b"OrpheanBeholderScryDoubt".chunks_exact(8).flat_map(|block| {
        let (left, right) = block.split_at_checked(4).unwrap_or_default();
        let mut halves = [left, right].map(|half| u32::from_be_bytes(half.try_into().unwrap_or_default()));
        for _ in 0..64 {
            halves = cipher.bc_encrypt(halves);
        }
        halves.into_iter().flat_map(u32::to_be_bytes)
    });
    for (byte, encrypted) in digest.iter_mut().zip(blocks) {
        *byte = encrypted;
    }
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(password: &str, hashes: &[&str], rounds: u32) -> (Verdict, u32) {
        let hashes: Vec<_> = hashes.iter().map(|hash| Hash::parse(hash).unwrap()).collect();
        let mut check = Check::new(&Secret::new(password), hashes.into(), rounds);
        let mut taken = 1;
        loop {
            match check.run(1) {
                Some(verdict) => return (verdict, taken),
                None => taken += 1,
            }
        }
    }

    fn made(password: &str, cost: u32) -> String {
        ::bcrypt::hash(password, cost).unwrap()
    }

    /// From the test vectors of John the Ripper and of Python's bcrypt.
    #[test]
    fn known_hashes_are_checked_as_everywhere() {
        for (password, hash) in [
            ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
            ("U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"),
            ("", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy"),
            (
                "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
                "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
            ),
        ] {
            assert_eq!(check(password, &[hash], 0).0, Verdict::Right, "{password}");
            assert_eq!(check(&format!("x{password}"), &[hash], 0).0, Verdict::Wrong, "{password}");
        }
    }

    #[test]
    fn another_programs_hashes_are_checked_up_to_the_longest_password() {
        for length in [0, 1, 17, 71, 72] {
            let password =
                "ü".repeat(length).chars().take(length / 2).collect::<String>() + &"x".repeat(length % 2);
            let hash = made(&password, 4);
            assert_eq!(check(&password, &[&hash], 0).0, Verdict::Right, "{password}");
        }
    }

    #[test]
    fn any_of_several_hashes_will_do() {
        let (new, old) = (made("new", 4), made("old", 5));
        for (password, verdict) in
            [("new", Verdict::Right), ("old", Verdict::Right), ("other", Verdict::Wrong)]
        {
            assert_eq!(check(password, &[&new, &old], 0).0, verdict, "{password}");
        }
    }

    #[test]
    fn every_check_that_fails_takes_as_long() {
        let (cheap, dear) = (made("a", 4), made("a", 6));
        let rounds = Hash::parse(&cheap).unwrap().rounds() + Hash::parse(&dear).unwrap().rounds();
        let nobody = Check::new(&Secret::new("b"), [Hash::nobodys(4)].into(), rounds).run(rounds);
        assert_eq!(nobody, Some(Verdict::Wrong));
        assert_eq!(check("b", &[&cheap], rounds), (Verdict::Wrong, rounds));
        assert_eq!(check("b", &[&cheap, &dear], rounds), (Verdict::Wrong, rounds));
        assert_eq!(check("a", &[&cheap], rounds), (Verdict::Right, 18));
    }

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
