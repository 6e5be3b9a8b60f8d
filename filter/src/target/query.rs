//! The raw query string of a target, checked but not yet understood: only endpoints whose row names parameters read it.

use super::escape::is_printable;
use super::path::TargetError;

/// A query string of printable ASCII without `#`; it can stand in a request line or a `Location` as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryString(String);

impl QueryString {
    /// Checks a raw query string; `start` is where it begins in the target.
    ///
    /// # Errors
    ///
    /// The first byte that no query string may have (`threats.md` T1).
    pub fn parse(raw: &[u8], start: usize) -> Result<Self, TargetError> {
        let refused = |&byte: &u8| !is_printable(byte) || byte == b'#';
        match (raw.iter().position(refused), std::str::from_utf8(raw)) {
            (None, Ok(text)) => Ok(Self(text.to_owned())),
            (at, _) => {
                let at = at.unwrap_or_default();
                let byte = raw.get(at).copied().unwrap_or_default();
                Err(TargetError::Byte { byte, at: start.saturating_add(at) })
            }
        }
    }

    /// The text as it came.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
