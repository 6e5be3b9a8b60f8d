//! What goes on of an answer, as far as it is known, followed by what is held back. A piece is copied into it as late as
//! can be, so that of what is cut out little ever is.

use std::borrow::Cow;
use std::mem;

/// What becomes of the bytes that come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bytes {
    Copied,
    Dropped,
}

/// The text between two pieces, and within one. A position in it counts what is still to be copied as if it had been.
#[derive(Clone, Debug)]
pub(super) struct Output {
    text: Vec<u8>,
    /// What becomes of the bytes from `done` on.
    bytes: Bytes,
    /// How much of the piece has been copied or dropped.
    done: usize,
}

impl Default for Output {
    fn default() -> Self {
        Self { text: Vec::new(), bytes: Bytes::Copied, done: 0 }
    }
}

impl Output {
    /// Copies, or drops, the piece from `at` on.
    pub(super) fn turn(&mut self, piece: &[u8], at: usize, bytes: Bytes) {
        if self.bytes != bytes {
            self.catch_up(piece, at);
            self.bytes = bytes;
        }
    }

    /// Copies, or drops, what has come of the piece up to `at`.
    fn catch_up(&mut self, piece: &[u8], at: usize) {
        self.text.extend_from_slice(self.pending(piece, at));
        self.done = at;
    }

    /// What is still to be copied of the piece up to `at`.
    fn pending<'a>(&self, piece: &'a [u8], at: usize) -> &'a [u8] {
        let pending = Some(self.done..at).filter(|_| self.bytes == Bytes::Copied);
        pending.and_then(|range| piece.get(range)).unwrap_or_default()
    }

    /// The position of the piece's byte `at`, or of what comes after it if that is dropped.
    pub(super) fn position(&self, at: usize) -> usize {
        let pending = if self.bytes == Bytes::Copied { at.saturating_sub(self.done) } else { 0 };
        self.text.len().saturating_add(pending)
    }

    /// What stands from a position on, up to the piece's byte `at`.
    pub(super) fn since<'a>(&'a self, start: usize, piece: &'a [u8], at: usize) -> Cow<'a, [u8]> {
        let pending = self.pending(piece, at);
        match start.checked_sub(self.text.len()) {
            Some(ahead) => Cow::Borrowed(pending.get(ahead..).unwrap_or_default()),
            None => Cow::Owned([self.text.get(start..).unwrap_or_default(), pending].concat()),
        }
    }

    /// Writes this after what has been copied, which is all up to here.
    pub(super) fn write(&mut self, text: &[u8]) {
        self.text.extend_from_slice(text);
    }

    /// Cuts out all from a position on, up to the piece's byte `at`. It has been written to there.
    pub(super) fn cut(&mut self, start: usize, at: usize) {
        self.text.truncate(start);
        self.done = at;
    }

    /// Cuts a field of so many bytes out of the end of an object, with one of the commas around it.
    pub(super) fn cut_field(&mut self, start: usize, length: usize, piece: &[u8], at: usize) {
        self.catch_up(piece, at);
        let after = self.text.split_off(start.saturating_add(length).min(self.text.len()));
        let is_first = self.text.get(start) != Some(&b',');
        self.text.truncate(start);
        self.text.extend(after.strip_prefix(b",").filter(|_| is_first).unwrap_or(&after));
    }

    /// Takes up all that is to be copied of the piece, whose end this is.
    pub(super) fn piece_ends(&mut self, piece: &[u8]) {
        self.catch_up(piece, piece.len());
        self.done = 0;
    }

    /// Gives out what stands before a position. A piece has ended here.
    pub(super) fn release(&mut self, length: usize) -> Vec<u8> {
        if length == 0 {
            return Vec::new();
        }
        let held = self.text.split_off(length.min(self.text.len()));
        mem::replace(&mut self.text, held)
    }
}
