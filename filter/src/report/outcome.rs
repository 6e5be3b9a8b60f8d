//! The outcomes of requests, in the words of logs and metrics.

/// The outcome of a request, as logs and metrics name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The request went upstream.
    Allowed,
    /// The filter answered it, with a redirect or the reply to a preflight.
    Answered,
    /// The request was for no mount, and was left to the proxy.
    Passed,
    /// The request can be read in two ways (400, 405, 413, 415).
    Invalid,
    /// The caller is anonymous, or has no valid credentials (401).
    Unauthorized,
    /// No rule allows the request (403).
    Forbidden,
    /// Nothing is at this path (404).
    NotFound,
    /// There are too many requests (429, and 503 for writers).
    Throttled,
    /// The server or the proxy failed (5xx).
    Failed,
}

impl Outcome {
    /// Returns the outcome that a status of the filter's own stands for.
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

    /// Returns the name of the outcome in logs and metrics.
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
