//! A quick way to tell that a name is none of a few, by its length alone.

/// A set of the lengths of names, modulo 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lengths(u64);

impl Lengths {
    /// The set that no length is in.
    pub(crate) const NONE: Self = Self(0);

    /// The set that every length is in.
    pub(crate) const ALL: Self = Self(u64::MAX);

    /// Returns the set with the length of one more name.
    pub(crate) const fn with(self, name: &[u8]) -> Self {
        Self(self.0 | 1 << (name.len() % 64))
    }

    /// Returns `true` if a name of the set may have the length of this one.
    #[inline]
    pub(crate) const fn may_have(self, name: &[u8]) -> bool {
        self.0 >> (name.len() % 64) & 1 == 1
    }
}
