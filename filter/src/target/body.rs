//! Bodies, as far as a host says where they end.

/// Whether a request has a body, as the end of its headers shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// The request ends with its headers.
    None,
    /// Something follows, if only an empty piece or trailers.
    Follows,
}

/// Whether a piece is the last one of its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Nothing follows it.
    Here,
    /// There may be more.
    Later,
}
