//! bcrypt in slices (Provos and Mazières, "A Future-Adaptable Password Scheme", 1999). One check takes as long as a
//! thousand requests, so it is cut into rounds of the key schedule, and the code that runs it decides how many at a
//! time.

use super::hash::{DIGEST, Hash};
use super::secret::Secret;
use blowfish::Blowfish;
use std::fmt;
use std::rc::Rc;
use subtle::ConstantTimeEq;

/// The number of rounds in a slice, which take about a millisecond.
pub(crate) const SLICE: u32 = 16;

/// A check of one password against one or more stored hashes. The time that it takes doesn't show why it failed: every
/// check that fails takes the same number of rounds.
pub(crate) struct Check {
    /// The password with the zero byte that ends it, which is part of the key.
    key: Secret,
    hashes: Rc<[Hash]>,
    /// The index of the hash that is checked now; `step` says how far that check is.
    current: usize,
    step: Step,
    cipher: Option<Box<Blowfish>>,
    /// The number of rounds to run before the check may fail.
    left: u32,
}

#[derive(Clone, Copy)]
enum Step {
    Begin,
    /// The key schedule, with this many rounds left.
    Round(u32),
    End,
}

/// The result of a password check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The password leads to one of the hashes.
    Right,
    /// The password leads to none of the hashes.
    Wrong,
}

impl Check {
    /// Creates a check of a password against any of these hashes, which runs at least `rounds` rounds before it fails.
    pub(crate) fn new(password: &Secret, hashes: Rc<[Hash]>, rounds: u32) -> Self {
        let key = Secret::new([password.reveal(), &[0]].concat());
        Self { key, hashes, current: 0, step: Step::Begin, cipher: None, left: rounds }
    }

    /// Runs at most `rounds` rounds, and returns the verdict if the check has ended.
    pub(crate) fn run(&mut self, rounds: u32) -> Option<Verdict> {
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
            // This computes nothing: it takes the time that another user's check takes.
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

/// Computes the digest, bcrypt's last step: three blocks encrypted 64 times, without the last byte.
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

    /// Uses test vectors of John the Ripper and of Python's bcrypt.
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
}
