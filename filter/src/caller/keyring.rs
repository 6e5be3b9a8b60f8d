//! Credentials of which each belongs to one caller, who may have several: tokens by their digests, and certificates by
//! what they are known by.

use crate::index::{Index, Twice};

/// The callers of one scheme by name, and their credentials by key. A key takes no more than its bytes and some numbers,
/// and no identity is kept for a caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keyring {
    names: Index,
    keys: Index,
    /// The position of the caller that each key belongs to.
    owners: Vec<u32>,
}

impl Keyring {
    /// Creates a keyring with room for this many callers with one key each.
    pub fn with_room(callers: usize) -> Self {
        let (names, keys) = (Index::with_room(callers), Index::with_room(callers));
        Self { names, keys, owners: Vec::with_capacity(callers) }
    }

    /// Adds a key, which belongs to the next caller that is added.
    ///
    /// # Errors
    ///
    /// Returns an error if the key is there already.
    pub fn add_key(&mut self, key: &[u8]) -> Result<(), Twice> {
        self.keys.insert(key)?;
        self.owners.push(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
        Ok(())
    }

    /// Adds a caller, to whom the keys since the last one belong.
    ///
    /// # Errors
    ///
    /// Returns an error if there is a caller of this name already.
    pub fn add_caller(&mut self, name: &str) -> Result<(), Twice> {
        self.names.insert(name.as_bytes())
    }

    /// Returns the names of the callers.
    pub fn names(&self) -> &Index {
        &self.names
    }

    /// Returns the index in which a key is looked up.
    pub fn keys(&self) -> &Index {
        &self.keys
    }

    /// Returns the name of the caller that the key at this position belongs to.
    pub fn owner(&self, key: usize) -> Option<&str> {
        self.names.text(usize::try_from(*self.owners.get(key)?).ok()?)
    }
}
