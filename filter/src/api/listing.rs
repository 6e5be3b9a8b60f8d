//! The answers that list things with labels. They are filtered for restricted callers.

/// A kind of answer that lists things with labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    /// The rules of `/api/v1/rules`.
    Rules,
    /// The alerts of `/api/v1/alerts`.
    Alerts,
    /// The targets of `/api/v1/targets`.
    Targets,
}

impl Listing {
    /// Returns the name of the field of `data` that an answer of this kind must have.
    pub fn field(self) -> &'static str {
        match self {
            Self::Rules => "groups",
            Self::Alerts => "alerts",
            Self::Targets => "activeTargets",
        }
    }
}
