//! The raw query string of a target, checked but not yet understood: only endpoints whose row names parameters read it.

use super::escape::is_printable;
use super::path::TargetError;

/// A query string of printable ASCII without `#`; it can stand in a request line or a `Location` as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query(String);

impl Query {
    /// Checks a raw query string; `start` is where it begins in the target.
    ///
    /// # Errors
    ///
    /// The first byte that no query string may have (`threats.md` T1).
    pub fn parse(raw: &[u8], start: usize) -> Result<Self, TargetError> {
        let refused = raw.iter().position(|&byte| !is_printable(byte) || byte == b'#');
        if let Some((at, &byte)) = refused.and_then(|at| Some((at, raw.get(at)?))) {
            return Err(TargetError::Byte { byte, at: start.saturating_add(at) });
        }
        Ok(Self(raw.iter().copied().map(char::from).collect()))
    }

    /// The text as it came.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
