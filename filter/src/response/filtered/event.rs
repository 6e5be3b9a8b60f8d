//! The events that the scanner reports of an answer.

/// The kind of a JSON value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// An object, as in `{…}`.
    Object,
    /// A list, as in `[…]`.
    List,
    /// The value `null`, which Go writes for a value that was never set.
    Null,
    /// A text, a number, `true` or `false`.
    Scalar,
}

/// The part of the answer that has just been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event<'a> {
    /// The first byte of a value.
    Begins(Shape),
    /// The end of a value. A number ends before the first byte that is not part of it, which is read later.
    Ends,
    /// A whole key without escapes, as the bytes between its quotes.
    Key(&'a [u8]),
    /// The quote before any other key.
    KeyBegins,
    /// The quote after such a key.
    KeyEnds,
}
