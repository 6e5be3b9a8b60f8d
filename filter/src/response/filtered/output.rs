//! The output of the filter: the bytes that may go on, followed by the bytes that are held back. A piece is copied into
//! it as late as possible, so that bytes that are cut out are rarely copied at all.

use super::cursor::Cursor;
use std::borrow::Cow;
use std::mem;

/// The treatment of the bytes that come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bytes {
    Copied,
    Dropped,
}

/// The output that has not been released yet. A position in it counts bytes that are still to be copied as if they had
/// been copied.
#[derive(Clone, Debug)]
pub(super) struct Output {
    text: Vec<u8>,
    /// The treatment of the bytes from `done` on.
    bytes: Bytes,
    /// The number of bytes of the piece that have been copied or dropped.
    done: usize,
}

impl Default for Output {
    fn default() -> Self {
        Self { text: Vec::new(), bytes: Bytes::Copied, done: 0 }
    }
}

impl Output {
    /// Starts to copy, or to drop, the piece from `here` on.
    pub(super) fn turn(&mut self, here: Cursor<'_>, bytes: Bytes) {
        if self.bytes != bytes {
            self.catch_up(here);
            self.bytes = bytes;
        }
    }

    /// Copies, or drops, the piece up to `here`.
    fn catch_up(&mut self, here: Cursor<'_>) {
        self.text.extend_from_slice(self.pending(here));
        self.done = here.at();
    }

    /// Returns the bytes before `here` that are still to be copied.
    fn pending<'a>(&self, here: Cursor<'a>) -> &'a [u8] {
        if self.bytes == Bytes::Copied { here.since(self.done) } else { &[] }
    }

    /// Returns the position of the piece's byte at `here`, or of the next byte that is copied if this one is dropped.
    pub(super) fn position(&self, here: Cursor<'_>) -> usize {
        let pending = if self.bytes == Bytes::Copied { here.at().saturating_sub(self.done) } else { 0 };
        self.text.len().saturating_add(pending)
    }

    /// Returns the bytes from a position on, up to `here`.
    pub(super) fn since<'a>(&'a self, start: usize, here: Cursor<'a>) -> Cow<'a, [u8]> {
        let pending = self.pending(here);
        match start.checked_sub(self.text.len()) {
            Some(ahead) => Cow::Borrowed(pending.get(ahead..).unwrap_or_default()),
            None => Cow::Owned([self.text.get(start..).unwrap_or_default(), pending].concat()),
        }
    }

    /// Appends text. No bytes before it may be left to copy.
    pub(super) fn write(&mut self, text: &[u8]) {
        self.text.extend_from_slice(text);
    }

    /// Removes everything from `start` on, up to `here`. The bytes before `start` have been copied already.
    pub(super) fn cut(&mut self, start: usize, here: Cursor<'_>) {
        self.text.truncate(start);
        self.done = here.at();
    }

    /// Removes a field of `length` bytes from the object that ends the output, together with one of the commas around
    /// it.
    pub(super) fn cut_field(&mut self, start: usize, length: usize, here: Cursor<'_>) {
        self.catch_up(here);
        let after = self.text.split_off(start.saturating_add(length).min(self.text.len()));
        let is_first = self.text.get(start) != Some(&b',');
        self.text.truncate(start);
        self.text.extend(after.strip_prefix(b",").filter(|_| is_first).unwrap_or(&after));
    }

    /// Copies all bytes that are left to copy at the end of a piece.
    pub(super) fn piece_ends(&mut self, here: Cursor<'_>) {
        self.catch_up(here);
        self.done = 0;
    }

    /// Returns the number of bytes in the output. A piece has ended here.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// Returns the bytes before a position and removes them from the output. A piece has ended here.
    pub(super) fn release(&mut self, length: usize) -> Vec<u8> {
        if length == 0 {
            return Vec::new();
        }
        let held = self.text.split_off(length.min(self.text.len()));
        mem::replace(&mut self.text, held)
    }
}
