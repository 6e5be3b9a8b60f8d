//! The raw query string of a target, checked but not parsed: only endpoints that list parameters read it.

use super::escape::is_printable;
use super::path::TargetError;

/// A query string of printable ASCII without `#`. It can be written unchanged into a request line or a `Location`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryString(String);

impl QueryString {
    /// Checks a raw query string. `start` is the position in the target at which it begins.
    ///
    /// # Errors
    ///
    /// Returns an error for the first byte that no query string may have (`threats.md` T1).
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

    /// Returns the text as it was received.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
