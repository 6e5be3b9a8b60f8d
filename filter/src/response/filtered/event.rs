//! What the scanner tells of an answer.

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// `{…}`
    Object,
    /// `[…]`
    List,
    /// `null`
    Null,
    /// A text, a number, `true` or `false`.
    Scalar,
}

/// What has just been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event<'a> {
    /// The first byte of a value.
    Begins(Shape),
    /// A whole value; of a number, all but what follows it.
    Ends,
    /// A whole key without escapes: what stands between its quotes.
    Key(&'a [u8]),
    /// The quote before another key.
    KeyBegins,
    /// The quote after it.
    KeyEnds,
}
