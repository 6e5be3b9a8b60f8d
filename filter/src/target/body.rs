//! Bodies, as far as a host says where they end.

/// The presence of a request body, as the end of the headers shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// The request ends with its headers.
    None,
    /// Something follows the headers, even if it is only an empty piece or trailers.
    Follows,
}

/// Whether a piece is the last one of its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Nothing follows this piece.
    Here,
    /// More pieces may follow.
    Later,
}
