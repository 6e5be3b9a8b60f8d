//! The position in a piece of an answer up to which it has been read.

/// A position in a piece of an answer. The bytes before it have been read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    piece: &'a [u8],
    /// The end of the piece, which is still to be read.
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// Creates a cursor before the first byte of a piece.
    pub(super) fn new(piece: &'a [u8]) -> Self {
        Self { piece, rest: piece }
    }

    /// Returns the cursor before `rest`, the bytes at the end of the piece.
    pub(super) fn before(self, rest: &'a [u8]) -> Self {
        Self { rest, ..self }
    }

    /// Returns the cursor that is this many bytes before this one.
    pub(super) fn back(self, bytes: usize) -> Self {
        self.before(self.piece.get(self.at().saturating_sub(bytes)..).unwrap_or_default())
    }

    /// Returns the position, in bytes from the beginning of the piece.
    pub(super) fn at(self) -> usize {
        self.piece.len().wrapping_sub(self.rest.len())
    }

    /// Returns the bytes that are still to be read.
    pub(super) fn rest(self) -> &'a [u8] {
        self.rest
    }

    /// Returns the bytes that have been read from a position on.
    pub(super) fn since(self, start: usize) -> &'a [u8] {
        self.piece.get(start..self.at()).unwrap_or_default()
    }
}
