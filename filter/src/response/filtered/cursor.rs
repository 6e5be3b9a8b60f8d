//! A place in a piece of an answer.

/// A place in the piece of an answer that is being read: behind the last byte that was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    piece: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// Makes a cursor before the first byte of a piece.
    pub(super) fn new(piece: &'a [u8]) -> Self {
        Self { piece, at: 0 }
    }

    /// Returns the place so many bytes before this one.
    pub(super) fn back(self, bytes: usize) -> Self {
        Self { at: self.at.saturating_sub(bytes), ..self }
    }

    /// Returns the place in the piece, in bytes from its beginning.
    pub(super) fn at(self) -> usize {
        self.at
    }

    /// Returns the bytes that are still to be read.
    pub(super) fn rest(self) -> &'a [u8] {
        self.piece.get(self.at..).unwrap_or_default()
    }

    /// Returns the bytes that have been read from a place on.
    pub(super) fn since(self, start: usize) -> &'a [u8] {
        self.piece.get(start..self.at).unwrap_or_default()
    }

    /// Moves to where only this is still to be read.
    pub(super) fn move_before(&mut self, rest: &[u8]) {
        self.at = self.piece.len().saturating_sub(rest.len());
    }
}
