//! Versions as programs print them, compared by their numbers.

use std::fmt;

/// The first three numbers of a version. What follows them (`+ds-5`) is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u32,
    minor: u32,
    patch: u32,
}

impl Version {
    /// Creates the version `major.minor.patch`.
    #[must_use]
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self { major, minor, patch }
    }

    /// Returns the first version in the output of a program: three numbers with dots between them, wherever they stand.
    #[must_use]
    pub fn within(said: &str) -> Option<Self> {
        said.split(|character: char| !(character.is_ascii_digit() || character == '.')).find_map(|word| {
            let mut numbers = word.split('.').map(str::parse);
            match (numbers.next(), numbers.next(), numbers.next()) {
                (Some(Ok(major)), Some(Ok(minor)), Some(Ok(patch))) => Some(Self::new(major, minor, patch)),
                _ => None,
            }
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn a_version_is_found_in_what_each_program_says() {
        let cases = [
            (
                "envoy  version: 9e5580933739775e8bce696a57a2e1bc99368f23/1.40.0/Clean/RELEASE/BoringSSL",
                (1, 40, 0),
            ),
            ("prometheus, version 2.42.0+ds (branch: debian/sid, revision: 2.42.0+ds-5+deb12u1)", (2, 42, 0)),
            ("nginx version: nginx/1.22.1\n", (1, 22, 1)),
        ];
        for (said, (major, minor, patch)) in cases {
            assert_eq!(Version::within(said), Some(Version::new(major, minor, patch)), "{said}");
        }
        assert_eq!(Version::within("no version, only 12 and 1.5"), None);
    }

    #[test]
    fn versions_compare_by_number() {
        assert!(Version::new(1, 9, 0) < Version::new(1, 40, 0));
    }
}
