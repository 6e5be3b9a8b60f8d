//! A message as it is written anew. Nothing is copied until something has to differ.

use super::error::WriteError;
use super::version::MAX_MESSAGE;

/// The message as it is written anew, up to a place of the original.
#[derive(Debug, Default)]
pub(super) struct Output {
    written: Option<Vec<u8>>,
    /// The bytes of the original that have been copied or replaced.
    copied: usize,
}

impl Output {
    /// Takes the part of the original between two places out, and returns where something else can be written in its
    /// place.
    #[inline(never)]
    pub(super) fn replace(
        &mut self,
        original: &[u8],
        start: usize,
        end: usize,
    ) -> Result<&mut Vec<u8>, WriteError> {
        let written = self.written.get_or_insert_with(|| Vec::with_capacity(original.len()));
        if written.len() > MAX_MESSAGE {
            return Err(WriteError::TooLong);
        }
        written.extend_from_slice(original.get(self.copied..start).unwrap_or_default());
        self.copied = end;
        Ok(written)
    }

    /// Returns the whole message, if it differs from the original.
    pub(super) fn finish(&mut self, original: &[u8]) -> Option<Vec<u8>> {
        let mut written = self.written.take()?;
        written.extend_from_slice(original.get(self.copied..).unwrap_or_default());
        Some(written)
    }
}
