//! Data that the host keeps for all workers of a proxy. It is never emptied, and every module in the same VM can write to
//! it, so what is kept there has a fixed size and grants access to nobody (`threats.md` C9).

/// A number that no entry has. A write that is based on it succeeds only where there is no entry.
pub(crate) const NO_ENTRY: u32 = u32::MAX;

/// Data that the host keeps for all workers.
pub trait SharedData {
    /// Returns an entry and the number of its last write.
    ///
    /// # Errors
    ///
    /// Returns an error if the host fails.
    fn get(&self, key: &str) -> Result<Option<(Vec<u8>, u32)>, Unreachable>;

    /// Writes an entry if `based_on` is still the number of its last write, or if there is no entry.
    ///
    /// # Errors
    ///
    /// Returns an error if the host fails.
    fn set(&self, key: &str, value: &[u8], based_on: u32) -> Result<Written, Unreachable>;
}

/// The error of a host whose shared data can't be read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreachable;

/// The outcome of a write that the host accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// The entry has been written.
    Done,
    /// Another worker was faster, and the write was dropped because it was based on an old value.
    Outrun,
}

/// Shared data of a host that has none, for tests.
#[cfg(test)]
pub(crate) struct Nothing;

#[cfg(test)]
impl SharedData for Nothing {
    fn get(&self, _: &str) -> Result<Option<(Vec<u8>, u32)>, Unreachable> {
        Err(Unreachable)
    }

    fn set(&self, _: &str, _: &[u8], _: u32) -> Result<Written, Unreachable> {
        Err(Unreachable)
    }
}
