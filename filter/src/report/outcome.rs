//! What becomes of requests, in the words of logs and metrics.

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It went upstream.
    Allowed,
    /// The filter answered it: a redirect, a preflight.
    Answered,
    /// It was for no mount, and left to the proxy.
    Passed,
    /// It can be read in two ways (400, 405, 413, 415).
    Invalid,
    /// Nobody is calling, or somebody who isn't known (401).
    Unauthorized,
    /// No rule allows it (403).
    Forbidden,
    /// Nothing is there (404).
    NotFound,
    /// Too many of them (429).
    Throttled,
    /// The server or the proxy failed (5xx).
    Failed,
}

impl Outcome {
    /// What a status of the filter's own means.
    pub fn of(status: u16) -> Self {
        match status {
            ..=399 => Self::Answered,
            401 => Self::Unauthorized,
            403 => Self::Forbidden,
            404 => Self::NotFound,
            429 => Self::Throttled,
            400..=499 => Self::Invalid,
            500.. => Self::Failed,
        }
    }

    /// What logs and metrics call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Answered => "answered",
            Self::Passed => "passed",
            Self::Invalid => "invalid",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Throttled => "throttled",
            Self::Failed => "failed",
        }
    }
}
