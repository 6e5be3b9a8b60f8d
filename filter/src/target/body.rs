//! The ends of bodies, as the callbacks of a host show them.

/// The presence of a request body, as the end of the headers shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// The request ends with its headers.
    None,
    /// Something follows the headers, even if it is only an empty piece or trailers.
    Follows,
}

/// The position of a piece in its body: the last one or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Nothing follows this piece.
    Here,
    /// More pieces may follow.
    Later,
}
